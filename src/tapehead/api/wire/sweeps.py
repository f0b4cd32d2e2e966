"""What a sweep found, as it travels."""

from typing import Literal

from pydantic import Field

from tapehead.api.wire.told import Next, Number, Told

Statistic = Literal[
    "median",
    "quartile_low",
    "quartile_high",
    "above_zero",
    "above_holding",
    "neighbourhood",
    "instruments",
    "scored",
    "all",
]
Value = float | int | str


class SurfaceAxis(Told):
    """A parameter and the values it takes, rising."""

    name: str
    values: list[Value]


class SurfacePart(Told):
    """The axes of one strategy: its points follow each other from `first` on, the last axis fastest."""

    strategy: str
    axes: list[SurfaceAxis]
    fixed: dict[str, Value] = Field(description="Parameters that do not vary.")
    first: int
    size: int


class SurfaceSet(Told):
    """A set that stands out; what luck leaves of it only once the sweep is done, and by its objective."""

    point: int
    parameters: dict[str, Value]
    median: Number
    lower: Number
    upper: Number
    above_zero: Number
    above_holding: Number = Field(None, description="Share of instruments on which it gained more than holding would.")
    neighbourhood: Number
    instruments: int
    sharpe_deflated: Number = Field(None, description="How probable it is that its Sharpe ratio is more than luck.")
    trials: Number = Field(None, description="That the ledger counts on its instruments, at the median.")
    trials_effective: Number = None
    why: str = Field("", description="Why the deflated Sharpe ratio is null.")


class OverfittingFacts(Told):
    """How often choosing the best set of one half of the time fails in the other."""

    pbo: Number
    median_logit: Number
    loss: Number
    splits: int
    why: str = ""


class Surface(Told):
    """What the sets of a sweep are worth over its instruments, of what is kept so far."""

    schema_: Literal["tapehead.surface/1"] = Field(alias="schema")
    run: str
    state: Literal["running", "completed", "failed", "cancelled"]
    count: int = Field(description="Cells that are kept so far.")
    metric: str
    statistic: Statistic
    sets: int
    instruments: int
    size: int = Field(description="Points of the product of all axes.")
    parts: list[SurfacePart]
    cells: list[Number] = Field(description="In product order, null where no set is or none has a value; see `points`.")
    columns: dict[str, list[Number]] | None = Field(
        None,
        description="Every statistic, placed as `cells`; of `statistic=all`, which tells `names` of instruments too.",
    )
    names: list[str] | None = None
    points: list[int] | None = Field(description="Where the cells stand, of a product too large to list; else null.")
    best: SurfaceSet | None = Field(description="Greatest median; null of a metric of which less is better.")
    best_robust: SurfaceSet | None = Field(description="Greatest median of a set and its neighbours.")
    plateau: list[int] = Field(description="Points around the best robust one that are nearly as good.")
    deflated: Number = Field(description="Deflated Sharpe ratio of the best robust set; null before the end.")
    trials: Number
    pbo: Number = Field(description="Probability of backtest overfitting; null before the end.")
    overfitting: OverfittingFacts | None


class SetOnInstrument(Told):
    """One set on one instrument."""

    instrument: str
    value: Number
    total_return: Number


class SurfaceDetail(Told):
    """One set over all instruments."""

    schema_: Literal["tapehead.set/1"] = Field(alias="schema")
    run: str
    metric: str
    point: int
    parameters: dict[str, Value]
    median: Number
    lower: Number
    upper: Number
    above_zero: Number
    instruments: list[SetOnInstrument] = Field(description="The greatest value first, undefined last.")
    cursor: Next
