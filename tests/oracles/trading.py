"""What the twin of the engine is given and what it returns: bars, wishes, settings, orders, trades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from math import nan

from tapehead.model.fees import FeeRow, Fees, read_fees

HOUR_US = 3_600_000_000
DAY_US = 86_400_000_000
ALWAYS = -(2**62)


@dataclass
class Session:
    """One session: its open and close (us UTC), and what the wall clock says at the open (us after midnight)."""

    open: int
    close: int
    clock: int = 0


@dataclass
class Table:
    """Bars as lists; `step` is the number of each bar on the calendar of the instrument.

    `volume` None: the instrument has none; `sessions` None: UTC days.
    """

    ts: list[int]
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    traded: list[bool]
    step: list[int]
    partial: list[bool] = field(default_factory=list)
    warm: int = 0
    volume: list[float] | None = None
    interval: int = HOUR_US
    sessions: list[Session] | None = None

    def session(self, t: int) -> Session:
        """The session in which bar t opens."""
        if self.sessions is not None:
            return self.sessions[t]
        day = self.ts[t] // DAY_US * DAY_US
        return Session(day, day + DAY_US)


COLUMNS = ("ts", "open", "high", "low", "close", "traded", "step")


@dataclass
class Wishes:
    """Conditions and lines of a strategy; a line that is absent says NaN."""

    enter: Sequence[bool] = ()
    leave: Sequence[bool] = ()
    enter_short: Sequence[bool] = ()
    leave_short: Sequence[bool] = ()
    target: Sequence[float] = ()
    limit: Sequence[float] = ()
    stop: Sequence[float] = ()
    size: Sequence[float] = ()
    part: Sequence[float] = ()
    stop_loss_at: Sequence[float] = ()
    take_profit_at: Sequence[float] = ()
    trail_at: Sequence[float] = ()

    def says(self, name: str, t: int) -> bool:
        """A condition at bar t."""
        line = getattr(self, name)
        return bool(line[t]) if len(line) else False

    def value(self, name: str, t: int) -> float:
        """A line at bar t."""
        line = getattr(self, name)
        return float(line[t]) if len(line) else nan

    def at(self, keep: Sequence[int]) -> Wishes:
        """Those of chosen bars."""
        lines = {f.name: getattr(self, f.name) for f in fields(self)}
        return Wishes(**{name: [line[i] for i in keep] if len(line) else () for name, line in lines.items()})


@dataclass
class Settings:
    """Settings under the engine's names."""

    fill: str = "next_open"
    fee: float | str | Fees = 0.0
    slippage: float = 0.0
    slippage_kind: str = "fraction"
    size: float = 1.0
    sizing: str = "fraction"
    cash: float = 10_000.0
    lot: float = 0.0
    tick: float = 0.0
    min_notional: float = 0.0
    multiplier: float = 1.0
    side: str = "long"
    flip: bool = False
    stop_loss: float | None = None
    take_profit: float | None = None
    trail: float | None = None
    time_stop: int | None = None
    path: str = "pessimistic"
    limit_through: int = 1
    valid_bars: int | None = None
    day: bool = False
    band: float | None = None
    leverage: float = 1.0
    maintenance: float = 0.0
    borrow: float = 0.0
    cash_rate: float = 0.0
    pyramid: int = 1
    entry_window: str = ""
    square_off: str = ""
    overnight: bool = True
    close_at_end: bool = False
    max_wait: int | None = None
    on_conflict: str = "nothing"
    delist_haircut: float = 0.0
    delisted: bool = False

    def fee_rows(self) -> tuple[FeeRow, ...]:
        """The schedule of fees."""
        fees = read_fees(self.fee)
        return fees.rows if isinstance(fees, Fees) else (FeeRow(ALWAYS, fees, fees),)


@dataclass
class Order:
    """One order, from its decision to its end; `decided` and `bar` are counted from the first bar read.

    `belongs`: it adds to, or changes, the position held at its decision.
    """

    decided: int
    side: int
    opens: bool
    reason: str = "signal"
    limit: float = nan
    stop: float = nan
    weight: float = nan
    part: float = nan
    belongs: bool = False
    status: str = "waiting"
    bar: int | None = None
    quantity: float = 0.0
    wanted: float = nan
    price: float = nan
    fee: float = 0.0
    maker: bool = False
    trade: int = -1

    @property
    def rests(self) -> bool:
        """It waits for a price."""
        return self.limit == self.limit or self.stop == self.stop

    @property
    def whole_exit(self) -> bool:
        """It sells all that is held."""
        return not self.opens and self.part != self.part and self.weight != self.weight


class Row(dict[str, float | int | str | bool]):
    """A trade; equal to another where every value is, NaN being equal to NaN."""

    __hash__ = None

    def __eq__(self, other: object) -> bool:
        """Same names, same values."""
        if not isinstance(other, dict) or self.keys() != other.keys():
            return False
        return all(a == other[name] or (a != a and other[name] != other[name]) for name, a in self.items())

    def __ne__(self, other: object) -> bool:
        """Not equal."""
        return not self == other


@dataclass
class Held:
    """A position still open at the end; `bar` counted from the first bar read."""

    bar: int
    side: int
    quantity: float
    price: float
    fee: float
    profit: float


@dataclass
class Outcome:
    """What came of it; bars of trades are counted from the first bar at or after the start."""

    orders: list[Order] = field(default_factory=list)
    trades: list[Row] = field(default_factory=list)
    equity: list[float] = field(default_factory=list)
    cashes: list[float] = field(default_factory=list)
    units: list[float] = field(default_factory=list)
    fees_paid: float = 0.0
    borrow: float = 0.0
    interest: float = 0.0
    slippage: float = 0.0
    held: int = 0
    cash: float = 0.0
    open: Held | None = None
    flags: set[str] = field(default_factory=set)

    def open_tuple(self, warm: int) -> tuple[float, ...] | None:
        """What is still open, bars counted from the start."""
        held = self.open
        return held and (held.bar - warm, held.side, held.quantity, held.price, held.fee, held.profit)
