"""A store and a run that say what they are told to: the drawing of contract.md, section 2, as events."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from tapehead.errors import ChangedRunError, TapeheadError, UnknownRunError, UnknownStrategyError, UnknownUniverseError
from tapehead.jobs.lookup import Reading
from tapehead.layout.columns import BAR_COLUMNS
from tapehead.library.curves import AllMetrics
from tapehead.library.ledgers import Covered
from tapehead.library.report import Report
from tapehead.library.trials import TrialReport
from tapehead.model.bars import Bars
from tapehead.model.events import Cancelled, Completed, Event, Progress, Result, Started, Warned
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.ledger import Ledger
from tapehead.model.membership import Roll
from tapehead.model.quality import Example, FileReport, ImportReport
from tapehead.model.result import Metrics, Receipt, RunResult
from tapehead.model.rules import Rules
from tapehead.model.segment import Universe
from tapehead.model.spec import RunKey, RunSpec
from tapehead.model.table import Table
from tapehead.ports.runs import RunRecord
from tests.unit.cli.scripted_trials import scripted_ledger
from tests.unit.cli.scripted_upkeep import ScriptedUpkeep

RUN = "01JD8Q7K" + "0" * 18
HOUR = 3_600_000_000
FIRST = 1_546_300_800_000_000
LAST = 1_704_067_200_000_000 - HOUR
BLOCKS = "▁▂▃▄▅▆▇█"

DRAWN: tuple["Drawn", ...] = (
    ("SOLUSDT", 4.126, 0.98, -0.713, 88, 0.58, 1.41, "▁▂▂▃▄▆█▇", ("short_history",)),
    ("BNBUSDT", 1.860, 0.77, -0.589, 141, 0.61, 1.30, "▁▁▃▄▅▆▇█", ()),
    ("BTCUSDT", 0.624, 0.51, -0.482, 147, 0.63, 1.22, "▂▁▃▅▄▆▇█", ()),
    ("ETHUSDT", 0.319, 0.40, -0.660, 139, 0.60, 1.11, "▁▂▅▇█▅▄▅", ()),
    ("DOTUSDT", -0.041, 0.02, -0.748, 92, 0.55, 0.97, "▃▅█▅▂▁▁▂", ("holes",)),
)


Drawn = tuple[str, float | None, float, float, int, float, float | None, str, tuple[str, ...]]


def result(row: Drawn, why: Mapping[str, str] | None = None) -> RunResult:
    symbol, total, sharpe, drawdown, trades, won, factor, curve, flags = row
    metrics = Metrics(
        total_return=total,
        sharpe=sharpe,
        max_drawdown=drawdown,
        trades=trades,
        win_rate=won,
        profit_factor=factor,
        fees_paid=12.5,
        buy_and_hold_return=0.5,
        return_without_fees=None if total is None else total + 0.118,
        break_even_fee=0.0004,
        ambiguous_trades=int(symbol in ("SOLUSDT", "BTCUSDT")),
    )
    equity = tuple(10_000.0 + 1_000 * BLOCKS.index(block) for block in curve)
    return RunResult(
        run=RUN,
        instrument=f"binance:{symbol}",
        interval="1h",
        parameters={"period": 14, "oversold": 30.0, "overbought": 70.0},
        metrics=metrics,
        why=why or {},
        flags=flags,
        equity=np.array(equity, dtype=np.float64),
        final_equity=equity[-1] if equity else 0.0,
        decisions=b"",
        segments=(),
        trades=None,
        elapsed_us=900,
        bars=1_000,
        first=FIRST,
        last=FIRST + 999 * HOUR,
    )


def drawn_results() -> list[RunResult]:
    """The five rows of the drawing in another order, and 43 below them."""
    rows = [result(row) for row in DRAWN]
    rest = [
        result((f"X{i:02d}USDT", -0.142 - (i - 18.5) / 1_000, -0.1, -0.8, 90, 0.5, 0.8, "█▇▆▅▄▃▂▁", ()))
        for i in range(43)
    ]
    return [rows[2], *rest[:20], rows[4], rows[0], *rest[20:], rows[3], rows[1]]


def completed(**changes: Any) -> Completed:
    facts: dict[str, Any] = {
        "run": RUN,
        "count": 48,
        "failed": 0,
        "digest": "ab" * 32,
        "first_ms": 4.1,
        "last_ms": 60.0,
        "bars": 2_049_312,
        "receipt": "9f31c2e0",
        "look_ahead": {"found": False, "cuts": 384, "instruments": 48},
    }
    return Completed(**{**facts, **changes})


def drawn_events() -> list[Event]:
    spec = {"strategy": "RsiReversion"}
    results: list[Event] = [Result(RUN, one, 4.1) for one in drawn_results()]
    return [
        Started(RUN, spec, 48, 3),
        *results[:38],
        Progress(RUN, 38, 48, 31e6, 10.0),
        Warned(RUN, "binance:DOTUSDT", "bars.holes", "27 bars missing in 4 holes, nothing filled"),
        *results[38:],
        Warned(RUN, "binance:SOLUSDT", "bars.short", "starts 2020-08-11, 14,132 bars fewer than asked"),
        completed(),
    ]


KEY = RunKey(b"a" * 32, b"b" * 32, b"c" * 32, b"d" * 32)


@dataclass
class ScriptedRun:
    script: list[Event] = field(default_factory=drawn_events)
    stop_after: int | None = None
    cancelled: bool = False
    id: str = RUN
    short: str = RUN[:8]
    changed: bool = False

    def __post_init__(self) -> None:
        parameters = {"period": 14, "oversold": 30.0, "overbought": 70.0}
        self.spec = RunSpec("RsiReversion", parameters, "1h", universe="demo", rules=Rules(fee=0.001))
        self.header = SimpleNamespace(
            strategy="RsiReversion 14/30/70",
            instruments=48,
            interval="1h",
            first=FIRST,
            last=LAST,
            bars=2_049_312,
            snapshot=3,
            adjust="none",
            stamps=(),
        )
        self.closed = False
        self.receipt = Receipt(
            KEY, "ab" * 32, 3, {"binance:SOLUSDT": ("ff" * 32,)}, {"machine": "x86_64"}, {"numpy": "2"}
        )
        self.record = RunRecord(
            RUN, "completed", KEY, self.spec.to_json(), "", 3, FIRST, FIRST + HOUR, 48, 0, self.receipt
        )

    def events(self) -> Iterator[tuple[int, Event]]:
        for number, event in enumerate(self.script, 1):
            if number == self.stop_after:
                import os
                import signal

                os.kill(os.getpid(), signal.SIGINT)
            if self.cancelled:
                yield number, Cancelled(RUN, "cancelled", "cancelled", number - 2)
                return
            yield number, event

    def cancel(self) -> None:
        self.cancelled = True

    def close(self) -> None:
        self.closed = True

    def results(self, _sort: str, limit: int) -> list[RunResult]:
        return drawn_results()[:limit]

    def times(self, _symbol: str) -> list[int]:
        return [FIRST + bar * HOUR for bar in range(1_000)]

    def money_a_point(self, _symbol: str) -> float:
        return 1.0

    def metrics(self, symbol: str, rf: str | float = 0.0) -> Metrics:
        if self.changed:
            raise ChangedRunError(run=RUN, symbol=symbol)
        found = AllMetrics(
            {**self[symbol].metrics, "ulcer": 0.079, "sharpe": 0.98 - (0.08 if rf else 0.0), "skew": None}
        )
        found.why = {"skew": "zero_volatility"}
        return found

    def compat(self, _result: str | RunResult, tool: str) -> dict[str, float | str | None]:
        return {"Start": "2019-01-01 00:00:00", "Sharpe Ratio": 0.5806232244485349, "SQN": None, "of": tool}

    def costs(self, _result: RunResult) -> list[tuple[float, float]]:
        return []

    def report(self, path: str, _symbol: str | None, **_how: Any) -> Report:
        return Report(f"/home/{path}", 120_000, 1, replaced=False)

    def explain(self, symbol: str, trade: int) -> dict[str, Any]:
        prices = {"open": 20.0, "high": 25.0, "low": 18.0, "close": 22.0, "volume": 5.0, "flags": []}
        crossing = {"crosses": "above", "a": 31.5, "a_before": 28.25, "b": 30.0, "b_before": 30.0}
        levels = {"stop": 19.0, "target": 22.0, "trail": None, "other_price": 22.0}
        money = {"quantity": 50.0, "fees": 2.5, "slippage": 0.0, "borrow": 0.0, "shortfall": 0.0, "profit": -52.5}
        order = {
            "decided": 3,
            "bar": 4,
            "side": 1,
            "opens": True,
            "status": "filled",
            "price": 20.0,
            "reason": "signal",
        }
        leaving = {**order, "side": -1, "opens": False, "price": 19.0, "reason": "stop"}
        paths = {
            name: {"final_equity": 9_000.0, "trade": {"reason": reason, "exit_price": price, "profit": profit}}
            for name, reason, price, profit in (
                ("pessimistic", "stop", 19.0, -52.5),
                ("optimistic", "target", 22.0, 97.5),
            )
        }
        return {
            "instrument": self[symbol].instrument,
            "interval": "1h",
            "strategy": "RsiReversion 14/30/70",
            "number": trade,
            "trades": 88,
            "trade": {"side": 1, "worst": -0.1, "best": 0.25, **money},
            "decision": {
                "bar": 3,
                "time": "2021-01-01T03:00:00Z",
                **prices,
                "signals": [{"signal": "enter", "held": True, **crossing}, {"signal": "leave", "held": False}],
                "lines": {},
                "indicators": [{"name": "rsi(14)", "value": 31.5, "before": 28.25}],
            },
            "entry": {
                "bar": 4,
                "time": "2021-01-01T04:00:00Z",
                **prices,
                "wanted": 20.0,
                "price": 20.0,
                "rule": "market",
            },
            "exit": {
                "bar": 4,
                "time": "2021-01-01T04:00:00Z",
                **prices,
                "wanted": 19.0,
                "price": 18.9,
                "rule": "touched",
                "levels": levels,
            },
            "orders": [order, leaving],
            "paths": paths,
        }

    def __getitem__(self, symbol: str) -> RunResult:
        return next(one for one in drawn_results() if symbol in (one.instrument, one.instrument.partition(":")[2]))


@dataclass
class ScriptedStore(ScriptedUpkeep):
    """Remembers what it was asked in `asked`."""

    home: str | None = None
    full: bool = False
    run_: ScriptedRun = field(default_factory=ScriptedRun)
    error: Exception | None = None
    asked: list[tuple[str, Any]] = field(default_factory=list)
    refusal: TapeheadError | None = None
    verdict: str = "identical"
    closed: bool = False
    market: bool = True

    def open(self, home: str | None) -> "ScriptedStore":
        if self.error is not None:
            raise self.error
        self.home = home
        return self

    @property
    def where(self) -> str:
        return str(self.home)

    def close(self) -> None:
        self.closed = True

    def backtest(self, strategy: str, *, progress: Any = None, **settings: Any) -> ScriptedRun:
        if progress is not None:
            progress("instruments filtered", 0, 48)
        self.asked.append(("backtest", {"strategy": strategy, **settings}))
        if strategy == "RsiRevesion":
            raise UnknownStrategyError(name=strategy, hint=" Did you mean 'RsiReversion'?")
        return self.run_

    def import_files(self, *paths: str, progress: Any, **options: Any) -> ImportReport:
        self.asked.append(("import", {"paths": paths, **options}))
        if self.refusal is not None:
            raise self.refusal
        progress("reading", 100)
        file = FileReport(
            paths[0],
            rows=100,
            kept=97,
            nulls=3,
            quarantined=3,
            gaps=1,
            missing=4,
            symbols=1,
            added=97,
            snapshot=1,
            guesses=("interval 1h: 99.96 % of steps",),
            looks_wrong=("the same bytes as ETHUSDT",),
            examples={"nulls": (Example(17, FIRST, "BTCUSDT", "close=None"),)},
        )
        dry = bool(options["dry_run"])
        return ImportReport((file,), ("binance:BTCUSDT",), 1, dry_run=dry, committed=not dry, seconds=0.5)

    def instruments(self, **options: Any) -> list[Any]:
        self.asked.append(("instruments", options))
        rows = [SimpleNamespace(instrument=Instrument("binance", "BTCUSDT"), intervals=(("1h", FIRST, LAST, 43_824),))]
        return rows if self.market else []

    def look_up(self, symbols: list[str], **options: Any) -> list[Reading]:
        self.asked.append(("look_up", {"symbols": symbols, **options}))
        hours = Interval.parse("1h")
        bars = Bars.from_arrays([FIRST, FIRST + HOUR], [1, 2], [2, 3], [1, 1], [2, 3], interval=hours, symbol="BTCUSDT")
        table = Table({name: getattr(bars, name) for name in BAR_COLUMNS})
        return [Reading(bars.series, Instrument("binance", "BTCUSDT"), table, (), hours, 0, 2, 3)]

    def coverage(self, symbols: list[str] | None, **options: Any) -> Covered:
        self.asked.append(("coverage", {"symbols": symbols, **options}))
        series = Series("binance", "BTCUSDT", Interval.parse("1h"))
        strip = "#" * options["cells"]
        ledger = Ledger(series, "24/7", FIRST, LAST, 43_824, 0, 0, 0, 0, 0, 0, 0, strip=strip)
        return Covered((ledger,), FIRST, LAST + HOUR, 3)

    def universes(self, **_options: Any) -> list[Universe]:
        return [Universe("crypto", ("binance:BTCUSDT", "binance:ETHUSDT"), built_in=True)]

    def universe(self, name: str) -> Universe:
        if name != "crypto":
            raise UnknownUniverseError(name=name, hint="")
        return self.universes()[0]

    def members(self, name: str, at: str | None = None, **_options: Any) -> Roll:
        return Roll(FIRST, tuple(self.universe(name).symbols), ())

    def create_universe(self, name: str, symbols: tuple[str, ...] | None, where: str | None = None) -> Universe:
        self.asked.append(("create_universe", (name, where or symbols)))
        if symbols is None:
            return Universe(name, (), where=where or "")
        return Universe(name, tuple(f"binance:{symbol}" for symbol in symbols))

    def delete_universe(self, name: str) -> None:
        self.asked.append(("delete_universe", name))

    def strategies(self, _file: str | None = None) -> list[Any]:
        param = SimpleNamespace(name="period", default=14, low=2, high=200, kind=int)
        return [SimpleNamespace(name="RsiReversion", doc="Buy when RSI climbs.\n\nMore.", params=(param,), origin="")]

    def ledger(self, *, progress: Any, **asked: Any) -> TrialReport:
        self.asked.append(("ledger", asked))
        progress("reading trials", 0, 2)
        return scripted_ledger(several=asked["symbol"] is None)

    def runs(self, limit: int, before: str | None = None) -> list[RunRecord]:
        return [self.run_.record][: 0 if before else limit]

    def run(self, prefix: str) -> ScriptedRun:
        if not RUN.startswith(prefix.upper()):
            raise UnknownRunError(run=prefix, hint="")
        return self.run_

    def delete_run(self, prefix: str) -> None:
        self.asked.append(("delete_run", prefix))

    def verify(self, prefix: str, *, apart: bool) -> Any:
        assert not apart
        self.run(prefix)
        body = {"run": RUN, "verdict": self.verdict}
        difference = "BTCUSDT trade 3" if self.verdict == "differs" else ""
        return SimpleNamespace(
            verdict=self.verdict,
            compared=48,
            digest="ab" * 32,
            first_difference=difference,
            changed=(),
            to_json=lambda: body,
        )

    def demo(self, instruments: int, years: int, seed: int, progress: Any) -> None:
        self.asked.append(("demo", (instruments, years, seed)))
        progress("making the market", 1, 48)

    def doctor(self, *, warm: bool = False, progress: Any = None) -> list[Any]:
        self.asked.append(("doctor", warm))
        return [
            SimpleNamespace(name="home", ok=True, text="a folder", cure=""),
            SimpleNamespace(name="disk", ok=None, text="12 GB free", cure=""),
        ]


class BoomError(TapeheadError):
    """Boom."""

    code = "test.boom"
    exit_code = 3
