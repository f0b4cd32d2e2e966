"""Threads, processes, serial, any number of workers, hot or cold, file or built in: one run, bit for bit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tapehead.executors.auto import AutoExecutor
from tapehead.executors.processes import ProcessExecutor
from tapehead.library.run import Run
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tests.unit.library.market import RSI_BODY, write_strategy


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """48 synthetic instruments: jumps, outages, late listings, delistings."""
    with open_store(tmp_path_factory.mktemp("synthetic") / "home") as store:
        store.demo(instruments=48, years=1, seed=11)
        yield store


def everything(run: Run) -> dict[str, Any]:
    """All that a run says of each instrument, floats by their bits; times and its own id aside."""
    found = {}
    for result in run:
        assert result.trades is not None
        found[result.instrument] = (
            result.interval,
            dict(result.parameters),
            {name: None if value is None else value.hex() for name, value in floats(result.metrics).items()},
            dict(result.why),
            result.flags,
            [value.hex() for value in result.equity],
            result.final_equity.hex(),
            result.decisions,
            result.segments,
            result.trades.to_bytes(),
            (result.bars, result.first, result.last),
        )
    return found


def floats(metrics: Any) -> dict[str, float | None]:
    return {name: None if value is None else float(value) for name, value in metrics.items()}


WAYS: list[dict[str, Any]] = [
    {"executor": "serial"},
    {"executor": "threads", "workers": 2},
    {"executor": "threads", "workers": 7},
    {"executor": "processes", "workers": 2},
]


def same(store: Store, strategy: str, **settings: Any) -> tuple[dict[str, Any], str]:
    """What serial, two and seven threads, and two processes say, which must be one thing."""
    runs = [store.backtest(strategy, universe="demo", fresh=True, **settings, **how) for how in WAYS]
    said = [everything(run) for run in runs]
    assert said[0] == said[1] == said[2] == said[3]
    receipts = [run.receipt for run in runs]
    assert receipts[0] is not None
    assert all(receipt is not None and receipt.digest == receipts[0].digest for receipt in receipts)
    return said[0], receipts[0].digest


@pytest.mark.parametrize(
    "settings",
    [
        {"strategy": "RsiReversion", "fee": "10bps", "slippage": "2bps"},
        {"strategy": "SmaCross", "fill": "close", "size": "37%"},
        {"strategy": "BuyAndHold", "close_at_end": True},
        {"strategy": "SmaCross", "fast": 3, "slow": 7, "max_wait": 0, "fee": "0.1%"},
    ],
)
def test_threads_say_what_one_thread_says(store: Store, settings: dict[str, Any]) -> None:
    said, _ = same(store, **settings)
    assert len(said) == 48
    assert sum(len(values[9]) for values in said.values()) > 0


def test_orders_of_every_bar_in_plain_python(store: Store, tmp_path: Path) -> None:
    """A strategy that no compiler takes, in every way, and where threads were left for processes on the way."""
    (tmp_path / "dip.py").write_text(PLAIN)
    names = [each.instrument.name for each in store.instruments()][::8]
    runs = [store.backtest(f"{tmp_path}/dip.py:Dip", symbols=names, fresh=True, **how) for how in WAYS]
    said = [everything(run) for run in runs]
    assert said[0] == said[1] == said[2] == said[3]
    assert sum(len(values[9]) for values in said[0].values()) > 0
    assert all([warned.code for warned in run.warnings].count("strategy.not_compiled") == len(names) for run in runs)
    begins = AutoExecutor(2, 10**9, ProcessExecutor)
    changed = store.backtest(f"{tmp_path}/dip.py:Dip", symbols=names, fresh=True, executor=begins)
    assert everything(changed) == said[0]
    assert begins.kind == "processes"


PLAIN = """
from tapehead import bar_strategy, param

@bar_strategy(compiled=False)
class Dip:
    drop: float = param(0.02, low=0.001, high=0.5)

    def on_bar(self, bar, position, orders):
        if position.side == 0 and bar.index > 0 and bar.close[-1] < bar.close[-2] * (1 - self.drop):
            orders.buy(stop_loss=0.1, take_profit=0.1)
"""


def test_a_range_with_warm_up(store: Store) -> None:
    first = min(result.first for result in store.backtest("BuyAndHold", universe="demo"))
    hour = 3_600_000_000
    said, _ = same(store, "RsiReversion", start=first + 2_000 * hour, end=first + 6_000 * hour)
    assert len(said) > 24


def test_cold_and_without_memory_or_hot_files(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    want = everything(store.backtest("RsiReversion", universe="demo", fresh=True))
    monkeypatch.setenv("TAPEHEAD_MEMORY_MB", "0")
    with open_store(store.home) as from_hot_files:
        assert everything(from_hot_files.backtest("RsiReversion", universe="demo", fresh=True)) == want
    monkeypatch.setenv("TAPEHEAD_HOT_MB", "0")
    with open_store(store.home) as from_segments:
        assert everything(from_segments.backtest("RsiReversion", universe="demo", fresh=True)) == want
    monkeypatch.setenv("TAPEHEAD_MEMORY_MB", "3")
    with open_store(store.home) as in_little_memory:
        run = in_little_memory.backtest("RsiReversion", universe="demo", fresh=True, workers=4)
        assert everything(run) == want


def test_the_same_rules_in_a_file_trade_the_same(store: Store, tmp_path: Path) -> None:
    named = write_strategy(tmp_path / "mine.py", RSI_BODY)
    mine = everything(store.backtest(named, universe="demo"))
    theirs = everything(store.backtest("RsiReversion", universe="demo", fresh=True))
    assert {name: values[2:] for name, values in mine.items()} == {name: v[2:] for name, v in theirs.items()}


def test_one_instrument_alone_is_what_it_is_among_many(store: Store) -> None:
    among = everything(store.backtest("SmaCross", universe="demo", fresh=True))
    end = max(values[10][2] for values in among.values()) + 3_600_000_000
    for name in list(among)[::11]:
        alone = everything(store.backtest("SmaCross", symbols=name, end=end, fresh=True))
        flags = ("short_history",)
        assert [v for v in alone[name][4] if v not in flags] == [v for v in among[name][4] if v not in flags]
        assert alone[name][5:] == among[name][5:]
        assert alone[name][2] == among[name][2]
