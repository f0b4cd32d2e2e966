"""Runs as they travel: what is asked, what is answered."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr

from tapehead.api.wire.results import RunHeader
from tapehead.errors import ParameterError
from tapehead.model.given import MOST_ROWS
from tapehead.model.space import JOIN, STRATEGY

Name = Annotated[str, Field(min_length=1, max_length=200)]
Whole = Annotated[int, Field(ge=0, le=2**31 - 1)]


Value = StrictInt | StrictFloat | StrictStr
"""Strict, so that true is refused instead of read as 1."""
_SWEEP = ("grid", "where", "search", "budget", "objective", "seed")


class FactRow(BaseModel):
    """A split or a dividend of an instrument."""

    model_config = ConfigDict(extra="forbid")

    time: Name = Field(description="ISO 8601, UTC without a zone.")
    symbol: Name = Field(description="`SYMBOL` or `venue:SYMBOL`; others than those of the run count for nothing.")
    kind: Literal["split", "dividend"]
    value: StrictFloat | StrictInt = Field(description="Units that one becomes, or money a unit in quote currency.")


class PortfolioRequest(BaseModel):
    """How all instruments share one account; `{}` is: in the order of names, without a bound on positions."""

    model_config = ConfigDict(extra="forbid")

    rank: Annotated[str, Field(max_length=2_000)] | None = Field(
        None, description="An indicator: of those to be bought the greatest go first: `roc(63)`, `-atr(14)`."
    )
    max_positions: Annotated[StrictInt, Field(ge=1, le=2**31 - 1)] | None = Field(
        None, description="Most positions at a time; where no `size` is given an entry is one such part of equity."
    )
    weights: (
        Literal["equal"]
        | Annotated[
            dict[Name, Annotated[dict[Name, StrictFloat | StrictInt], Field(max_length=20_000)]],
            Field(min_length=1, max_length=20_000),
        ]
        | None
    ) = Field(
        None,
        description="`equal`: one share each, which needs `rebalance`. Or shares of equity by symbol by time: what "
        "stands at one time is a whole, and who is not named at it has 0 from then on. It counts at the first bar at "
        "or after.",
        examples=["equal", {"2024-01-31": {"BTCUSDT": 0.5, "ETHUSDT": 0.3}}],
    )
    rebalance: Name | Annotated[list[Name], Field(min_length=1, max_length=20_000)] | None = Field(
        None, description="`bar day week month quarter`, or dates such as `2024-01-31`."
    )
    settle: Literal["T+0", "T+1"] | None = Field(None, description="When the money of a sale buys again; `T+0`.")
    currency: Name | None = Field(None, description="Of the account, such as `USD`.")
    facts: Annotated[list[FactRow], Field(min_length=1, max_length=MOST_ROWS)] | None = Field(
        None, description="An instrument that has some here has none of the store's."
    )


class RunRequest(BaseModel):
    """A backtest: one strategy on the instruments of a universe, or on those named; with `grid` a sweep.

    With `portfolio` all instruments trade from one account.

    A sweep runs one strategy or several with every set of parameters that `grid` spans and `where` keeps.

    Absent means the engine's default. Costs and sizes take their unit in the text (`10bps`, `100%`, `1000usd`,
    `risk:1%`); a number is a fraction where the setting has no unit of its own. Times are ISO 8601, UTC without a zone.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"strategy": "RsiReversion", "parameters": {"period": 14}, "universe": "demo", "fee": "10bps"},
                {
                    "strategy": "SmaCross",
                    "grid": {"fast": "5:20:5", "slow": [30, 40, 50]},
                    "where": "fast < slow",
                    "universe": "demo",
                    "fee": "10bps",
                },
                {"strategy": "SmaCross", "universe": "demo", "portfolio": {"rank": "roc(63)", "max_positions": 5}},
            ]
        },
    )

    strategy: Name | Annotated[list[Name], Field(min_length=1, max_length=64)] = Field(
        description="Name of an installed strategy, as `GET /api/v1/strategies` lists them; of a sweep also several."
    )
    parameters: dict[str, Value] = Field(default_factory=dict, max_length=100)
    grid: dict[str, Value | Annotated[list[Value], Field(max_length=1_000_000)]] | None = Field(
        None,
        max_length=100,
        description="Of a sweep: values by parameter, as a range with its end (`5:30:5`) or a list; `SmaCross.fast` "
        "is that of one of several strategies.",
    )
    where: Annotated[str, Field(max_length=2_000)] | None = Field(None, description="What sets meet: `fast < slow`.")
    search: Literal["grid", "random", "bayes", "halving"] | None = Field(None, description="All sets, or which.")
    budget: int | None = Field(None, description="At most so many sets; needed where the search is not `grid`.")
    objective: Name | None = Field(None, description="Its median over instruments orders the sets; `sharpe`.")
    seed: int | None = Field(None, description="Of what is drawn; 7.")
    universe: Name | None = Field(None, description="Named set of instruments; or give `symbols`.")
    symbols: list[Name] | None = Field(None, max_length=20_000, description="`SYMBOL` or `venue:SYMBOL`.")
    interval: Name | None = Field(None, description="Bar spacing, such as `1h`; needed where there are several.")
    start: Name | None = Field(None, description="First bar, included.")
    end: Name | None = Field(None, description="End, not included.")
    fee: Name | float | None = Field(None, description="A side: `10bps`, `0.1%`, `1.5usd`, or a schedule.")
    slippage: Name | float | None = Field(None, description="`2bps`, `spread:3bps` or `volume:10%`.")
    slippage_kind: Literal["fraction", "spread", "volume"] | None = Field(None, description="Of a plain `slippage`.")
    fill: Literal["next_open", "close"] | None = None
    size: Name | float | None = Field(None, description="`100%`, `1000usd`, `5units` or `risk:1%`.")
    sizing: Literal["fraction", "cash", "units", "risk"] | None = Field(None, description="Of a plain `size`.")
    cash: float | None = Field(None, gt=0, description="At the start, in quote currency.")
    lot: float | None = Field(None, ge=0, description="Units are whole multiples of it; 0 is none.")
    tick: float | None = Field(None, ge=0, description="Prices of limits and stops are whole multiples of it.")
    min_notional: float | None = Field(None, ge=0, description="Least money of an order, in quote currency.")
    side: Literal["long", "short", "both"] | None = None
    flip: bool | None = None
    stop_loss: Name | float | None = Field(None, description="Below the entry, such as `5%`.")
    take_profit: Name | float | None = Field(None, description="Above the entry, such as `10%`.")
    trail: Name | float | None = Field(None, description="Below the best price since the entry.")
    time_stop: Whole | None = Field(None, description="Bars.")
    path: Literal["pessimistic", "optimistic", "ohlc", "both"] | None = Field(
        None, description="What happened first inside a bar; `both` gives a band."
    )
    limit_through: Whole | None = Field(None, description="Ticks beyond a limit until it fills.")
    valid_bars: Whole | None = Field(None, description="Bars in which a resting entry may fill.")
    day: bool | None = Field(None, description="Resting entries end with their session day.")
    band: Name | float | None = Field(None, description="Drift from a target weight that is left alone.")
    leverage: float | None = Field(None, gt=0)
    maintenance: Name | float | None = Field(None, description="Margin that must remain, a share of notional.")
    borrow: Name | float | None = Field(None, description="Yearly rate on short value.")
    cash_rate: Name | float | None = Field(None, description="Yearly rate on idle cash.")
    pyramid: Whole | None = Field(None, description="Entries one position may have.")
    entry_window: Name | None = Field(None, description="`09:30-15:00`, in the zone of the instrument's calendar.")
    square_off: Name | None = Field(None, description="`15:45`, in the zone of the instrument's calendar.")
    overnight: bool | None = Field(None, description="False sells at the end of each session.")
    close_at_end: bool | None = None
    max_wait: Whole | None = Field(None, description="Calendar steps an entry waits for a traded bar.")
    on_conflict: Literal["nothing", "enter", "ignore"] | None = Field(
        None, description="What enter and leave on one bar mean while flat."
    )
    delist_haircut: Name | float | None = Field(None, description="Part of the last close lost on delisting.")
    adjust: Literal["none", "split", "all"] | None = None
    snapshot: int | None = Field(None, ge=0, description="State of the store to read; the newest by default.")
    portfolio: PortfolioRequest | None = Field(None, description="Trade all instruments from one account.")
    fresh: bool = Field(default=False, description="Compute even where an equal run is kept.")
    on_disconnect: Literal["continue", "cancel"] = Field(
        "continue", description="What becomes of the run when the stream of this call is left."
    )

    @property
    def strategies(self) -> list[str]:
        """Names of the strategies; the spec that a sweep over several tells has them in its grid.

        Raises
        ------
        ParameterError
            The grid names others than `strategy` does.
        """
        named = list(self.strategy) if isinstance(self.strategy, list) else [self.strategy]
        given = (self.grid or {}).get(STRATEGY)
        if given is None:
            return named
        held = sorted({str(name) for name in (given if isinstance(given, list) else [given])})
        if sorted(set(named)) not in (held, [JOIN.join(held)]):
            bound = f"those of the grid, {', '.join(held) or 'none'}, or the grid without its `{STRATEGY}`"
            raise ParameterError(name="strategy", value=", ".join(named), bound=bound)
        return held

    def asked(self) -> dict[str, Any]:
        """Return what the library takes, without what is left out; with a `grid` where a sweep is asked for.

        Raises
        ------
        ParameterError
            A sweep of portfolios is asked for.
        """
        found = self.model_dump(exclude={"strategy", "fresh", "on_disconnect"}, exclude_none=True)
        if isinstance(self.strategy, list) or any(name in found for name in _SWEEP):
            found["grid"] = {name: value for name, value in found.get("grid", {}).items() if name != STRATEGY}
        if "grid" in found and "portfolio" in found:
            raise ParameterError(name="portfolio", value=str(found["portfolio"]), bound="left out of a sweep")
        return found


class RunAccepted(BaseModel):
    """A run that was begun, or the equal one that is kept and answers instead."""

    id: str = Field(description="ULID of the run.")
    key: str = Field(description="Hex digest of its key: spec, strategy, engine, data.")
    events: str = Field(description="Path of its event stream.")
    total: int = Field(description="Results it is to have: one an instrument, of a sweep one a set and instrument.")
    reused: bool


class RunBegun(RunAccepted):
    """A run that was begun, as it was planned."""

    spec: dict[str, Any] = Field(description="What was asked, in canonical form.")
    header: RunHeader


class RunEnded(RunBegun):
    """A run that was waited for, with its last event."""

    completed: dict[str, Any]


class Cancelled(BaseModel):
    """What became of a wish to end a run."""

    id: str
    cancelled: bool = Field(description="False where the run had ended already.")
