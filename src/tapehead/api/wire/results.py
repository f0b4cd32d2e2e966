"""Kept runs, their results and what is made of them, as they travel."""

from typing import Any, Literal

from pydantic import Field

from tapehead.api.wire.told import Next, Number, Told

State = Literal["running", "completed", "failed", "cancelled"]


class KeyDigests(Told):
    """The four digests that name a run, hex."""

    spec: str
    strategy: str
    engine: str
    data: str


class RunFacts(Told):
    """A kept run without its results."""

    run: str = Field(description="ULID.")
    state: State
    spec: dict[str, Any] = Field(
        description="What was asked; absent means the default. In a list and in events `weights` and `facts` of a "
        "portfolio that were given as rows are told as `rows`, `first`, `last` and `sha256`."
    )
    snapshot: int
    created_at: str
    finished_at: str | None
    count: int = Field(description="Results that are kept.")
    failed: int
    receipt: str = Field(description="First 8 hex digits of the key's digest.")
    digest: str | None = Field(description="Of all decisions; null until completed.")
    key: KeyDigests
    elsewhere: bool = Field(
        description="Another program made its trades, so nothing is known of its fills, fees and slippage but what the "
        "trades say; of the spec only strategy (that program), instruments, interval and cash hold."
    )


class RunListed(RunFacts):
    """A kept run as a list shows it: how far it is, and how its instruments came out once it has ended."""

    total: int = Field(description="Results it is to have: one an instrument, of a sweep one a set and instrument.")
    active: bool = Field(description="It waits or goes on here.")
    median_return: Number = Field(
        description="Median total return of its results, of a portfolio that of its account; null before the end "
        "and of sweeps."
    )
    profitable: int | None = Field(description="Instruments with a total return above 0; null as `median_return` is.")


class RunsPage(Told):
    """Kept runs, newest first."""

    schema_: Literal["tapehead.runs/1"] = Field(alias="schema")
    runs: list[RunListed]
    cursor: Next


class RunHeader(Told):
    """What stands above the table of a run."""

    strategy: str
    instruments: int
    interval: str
    first: str | None
    last: str | None
    bars: int
    snapshot: int
    adjust: str
    stamps: list[str]
    periods_a_year: Number = Field(description="What metrics are reckoned by; null where calendars differ.")
    days_a_year: Number


class RunDetail(RunFacts):
    """A kept run with its head line and how it ended."""

    schema_: Literal["tapehead.run/1"] = Field(alias="schema")
    header: RunHeader
    ended: dict[str, Any] | None = Field(description="Its last event: completed, failed or cancelled; null before.")
    active: bool = Field(description="It waits or goes on here.")


class ResultFacts(Told):
    """One result."""

    instrument: str
    interval: str
    parameters: dict[str, int | float | str]
    metrics: dict[str, Number]
    why: dict[str, str] = Field(description="Why a metric is null.")
    flags: list[str]
    equity: list[float] = Field(description="At up to 64 bar closes.")
    final_equity: float
    bars: int
    first: str | None
    last: str | None
    decisions: str = Field(description="Hex digest of its trades' decisions.")


class ResultsPage(Told):
    """Results by a metric, best first, undefined last, then by name."""

    schema_: Literal["tapehead.results/1"] = Field(alias="schema")
    run: str
    results: list[ResultFacts] | None = Field(None, description="Rows; in `form=rows`.")
    columns: dict[str, list[Any]] | None = Field(None, description="A column a metric; in `form=columns`.")
    cursor: Next


class EquityLine(Told):
    """Equity at bar closes; with `points` the extremes of the line stay."""

    ts: list[str] = Field(description="Opens of the bars.")
    equity: list[float]
    drawdown: list[float] = Field(description="Equity over its highest close so far, less 1.")
    total: int = Field(description="Bars there are in the range.")
    cash: list[float] | None = Field(None, description="Of the account of a portfolio.")
    invested: list[float] | None = Field(
        None, description="Worth of all its positions, a short's as a positive number."
    )
    positions: list[int] | None = Field(None, description="How many it holds.")


class YearOfMonths(Told):
    """Returns of one calendar year, UTC, at bar closes; null where there is no bar."""

    year: int
    returns: list[Number] = Field(description="Of its twelve months.")
    total: Number


class Convention(Told):
    """By how many periods a year metrics are reckoned: a constant of calendar and interval."""

    periods_a_year: float
    days_a_year: float


class StillHeld(Told):
    """A position that is open at the end; `last` is the last close."""

    side: int
    entry_price: float
    stop: Number
    last: float


class CostBasis(Told):
    """What trades are replayed from at another fee: the same fills, with sizes from the equity that it leaves."""

    cash: float
    sizing: Literal["fraction", "cash", "units", "risk"]
    size: float
    slippage: float = Field(description="Of the price, where it takes part in sizes; else 0.")
    lot: float
    multiplier: float
    held: StillHeld | None


class CostPoint(Told):
    """Total return at another fee, from the same fills."""

    fee: float
    total_return: float


class ShareOfProfit(Told):
    """What one instrument of a portfolio brought and cost, in money of the account."""

    instrument: str
    profit: float = Field(description="Net, that of what is still held too.")
    share: Number = Field(description="Of the profit of all; null where that is 0.")
    trades: int
    fees: float
    slippage: float
    borrow: float
    dividends: float
    no_cash: int = Field(description="Orders that ended so.")
    no_place: int


class ResultDetail(Told):
    """One result with what `include` asks for."""

    schema_: Literal["tapehead.result/1"] = Field(alias="schema")
    run: str
    result: ResultFacts
    multiplier: float = Field(description="Money a point of price and unit, as it stood when the run was made.")
    multipliers: dict[str, float] | None = Field(None, description="Of the account of a portfolio: by instrument.")
    trades: list[dict[str, Any]] | None = Field(
        None,
        description="Closed trades, in order of entry; of a shared account in order of exit, with `instrument`.",
    )
    metrics: dict[str, Number] | None = Field(None, description="Every metric, those of the whole curve included.")
    why: dict[str, str] | None = None
    compat: dict[str, float | int | str | None] | None = Field(None, description="Metrics by another tool's names.")
    equity: EquityLine | None = None
    orders: list[dict[str, Any]] | None = Field(None, description="Every order and what became of it.")
    months: list[YearOfMonths] | None = Field(None, description="Returns by month, a row a year.")
    convention: Convention | None = Field(None, description="Beside `metrics`.")
    costs: list[CostPoint] | None = Field(None, description="Empty where a fee would change more than sizes.")
    cost_basis: CostBasis | None = Field(None, description="Beside `costs`; null where those are empty.")
    shares: list[ShareOfProfit] | None = Field(None, description="Of a portfolio, a row an instrument.")
    times: list[str] | None = Field(
        None, description="Opens of the bars that trades and orders count from 0; whole on every page."
    )
    trouble: str | None = Field(None, description="Why what has to be made again could not be.")
    cursor: Next


class Explanation(Told):
    """One trade taken apart."""

    schema_: Literal["tapehead.explain/1"] = Field(alias="schema")
    run: str
    instrument: str
    interval: str
    strategy: str
    number: int
    trades: int
    trade: dict[str, Any]
    decision: dict[str, Any]
    entry: dict[str, Any]
    exit: dict[str, Any]
    orders: list[dict[str, Any]]
    paths: dict[str, Any] = Field(description="Empty of a portfolio.")
    account: dict[str, Any] | None = Field(
        None, description="Of a portfolio: the account at its fills, and the queue that its entry stood in."
    )


class ReceiptFacts(Told):
    """What a run can be made again from."""

    schema_: Literal["tapehead.receipt/1"] = Field(alias="schema")
    receipt: str
    key: KeyDigests
    digest: str
    snapshot: int
    segments: dict[str, list[str]]
    platform: dict[str, str]
    versions: dict[str, str]
    adjustments: dict[str, str]
    memberships: dict[str, str]
    references: dict[str, list[str]]
    where: str
    stamps: list[str]


class VerificationFacts(Told):
    """What making a run again has shown."""

    schema_: Literal["tapehead.verify/1"] = Field(alias="schema")
    run: str
    verdict: Literal["identical", "same decisions, metrics within 4 ulp (other CPU or libm)", "differs"]
    compared: int
    digest: str
    first_difference: str
    changed: list[str]


class SpecDifference(Told):
    """A setting that two runs have different values of; null is the default."""

    name: str
    a: Any
    b: Any


class ComparedResult(Told):
    """Metrics of one instrument in both runs; null where a run has no result of it."""

    instrument: str
    a: dict[str, Number] | None
    b: dict[str, Number] | None
    why_a: dict[str, str] = Field(description="Why a metric of A is null, by its name.")
    why_b: dict[str, str]
    same_trades: bool | None = Field(description="Decisions are equal bit for bit; null where a run has none.")


class DifferingTrade(Told):
    """A trade that only one run has, or that both have with other numbers."""

    side: int
    entry_time: str
    only: Literal["a", "b"] | None
    differing: list[str] = Field(description="Fields that differ.")
    a: dict[str, Any] | None
    b: dict[str, Any] | None


class DifferingTrades(Told):
    """Trades of one instrument that differ, and why they may."""

    instrument: str
    reasons: list[Literal["data", "costs", "spec", "code", "engine", "unknown"]]
    trades: list[DifferingTrade]
    more: int = Field(description="Differing trades that are not listed.")


class ComparedTrades(DifferingTrades):
    """Trades of one instrument that differ between two runs."""

    schema_: Literal["tapehead.compared_trades/1"] = Field(alias="schema")
    a: str
    b: str
    cursor: Next


class Comparison(Told):
    """Two runs side by side."""

    schema_: Literal["tapehead.compare/1"] = Field(alias="schema")
    a: RunFacts
    b: RunFacts
    differing: list[SpecDifference]
    reasons: list[Literal["data", "costs", "spec", "code", "engine"]]
    results: list[ComparedResult]
    trades: list[DifferingTrades]
    instruments_differing: int
    cursor: Next
