"""What the ledger of trials looks like in an answer."""

from typing import Any, Literal

from pydantic import Field

from tapehead.api.wire.told import Next, Number, Told


class StrategyTrials(Told):
    """Trials of one strategy."""

    strategy: str
    sources: int = Field(description="Versions of its source.")
    instruments: int
    trials: int
    runs: list[str] = Field(description="Runs that scored them first, oldest first.")


class BestTrial(Told):
    """The trial of the greatest Sharpe ratio, and what is left of it."""

    strategy: str
    parameters: dict[str, float | int | str]
    settings: dict[str, Any] = Field(description="Range as asked, costs and rules, where not the default.")
    run: str
    sharpe: Number = Field(description="Of a year; null where the store no longer knows the instrument.")
    sharpe_bar: float
    sharpe_deflated: Number = Field(description="How probable it is that the true one is above what luck finds.")
    why: dict[str, str]


class SeriesTrials(Told):
    """Trials on one instrument and interval."""

    instrument: str
    interval: str
    trials: int = Field(description="Of the strategy asked for.")
    runs: list[str]
    trials_of_all: int = Field(description="Of every strategy: those that luck counts.")
    trials_effective: float = Field(description="Independent trials they are worth.")
    sharpe_variance_bar: Number = Field(description="Of the Sharpe ratios of one bar; null below two.")
    sharpe_by_luck: Number = Field(description="Of a year: that of the best of so many trials without any skill.")
    periods: Number = Field(description="Bars a year.")
    best: BestTrial | None


class Ledger(Told):
    """What was tried over all runs, each trial once."""

    schema_: Literal["tapehead.ledger/1"] = Field(alias="schema")
    trials: int
    runs: list[str]
    strategies: list[StrategyTrials]
    instruments: list[SeriesTrials]
    cursor: Next
