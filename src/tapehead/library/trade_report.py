"""TradeReport: what trades of another program came to on the bars of a store."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class BookedTrades:
    """The trades of one instrument.

    Attributes
    ----------
    trades, open : int
        Closed ones, and positions that are still open.
    bars : int
        From that of the first entry on.
    first, last : str
        Open time of the first and last bar, ISO UTC.
    total_return : float or None
        As a fraction.
    final_equity : float
        In quote currency.
    """

    instrument: str
    trades: int
    open: int
    bars: int
    first: str
    last: str
    total_return: float | None
    final_equity: float


@dataclass(frozen=True, slots=True)
class TradeReport:
    """What was seen of trades, and the run that keeps them.

    Attributes
    ----------
    run : str or None
        None of a dry run.
    reused : bool
        Equal trades on equal bars were kept already, as this run.
    name, interval, snapshot
        What made them, and what they were reckoned on.
    instruments : tuple of BookedTrades
        By name.
    warnings : tuple of (instrument, sentence)
    guesses : tuple of str
        What was recognised in a file, with its evidence.
    """

    run: str | None
    reused: bool
    dry_run: bool
    name: str
    interval: str
    snapshot: int
    instruments: tuple[BookedTrades, ...]
    warnings: tuple[tuple[str, str], ...] = ()
    guesses: tuple[str, ...] = ()

    @property
    def trades(self) -> int:
        """Closed trades of all instruments."""
        return sum(one.trades for one in self.instruments)

    @property
    def open(self) -> int:
        """Positions that are still open."""
        return sum(one.open for one in self.instruments)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "schema": "tapehead.trades/1",
            "run": self.run,
            "reused": self.reused,
            "dry_run": self.dry_run,
            "name": self.name,
            "interval": self.interval,
            "snapshot": self.snapshot,
            "trades": self.trades,
            "open": self.open,
            "instruments": [asdict(one) for one in self.instruments],
            "warnings": [{"instrument": name, "text": text} for name, text in self.warnings],
            "guesses": list(self.guesses),
        }

    @staticmethod
    def from_json(body: Mapping[str, Any]) -> "TradeReport":
        """Undo `to_json`."""
        return TradeReport(
            body["run"],
            body["reused"],
            body["dry_run"],
            body["name"],
            body["interval"],
            body["snapshot"],
            tuple(BookedTrades(**one) for one in body["instruments"]),
            tuple((one["instrument"], one["text"]) for one in body["warnings"]),
            tuple(body["guesses"]),
        )
