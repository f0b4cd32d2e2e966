"""A sweep is its single backtests, cell by cell and bit by bit, whatever tiles, workers and orders it is cut into."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tapehead.errors import SignalsError, StrategyError
from tapehead.library.begin_sweep import begin_sweep
from tapehead.library.store import Store
from tapehead.library.sweep_run import SweepRun
from tapehead.model.events import Completed, Tiled, to_bytes, told_as
from tapehead.model.result import RunResult
from tapehead.model.spec import run_digest
from tests.unit.library.market import open_market, write_strategy

GRID: dict[str, Any] = {"fast": range(4, 8), "slow": "6:18:6"}
WHERE = "fast < slow"
SETS = [(fast, slow) for fast, slow in itertools.product(range(4, 8), (6, 12, 18)) if fast < slow]
HOW: dict[str, Any] = {"fee": "10bps", "side": "both", "stop_loss": "5%"}
FRAGILE = """\
if self.period == 5:
    raise ValueError("no five")
up = np.zeros(len(bars), bool)
up[self.period :: 2 * self.period] = True
# Of seven the target lies beyond the leverage: the simulation refuses it, not the strategy.
return Signals(target=np.full(len(bars), 9.0)) if self.period == 7 else Signals(enter=up, leave=~up)
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_market(tmp_path_factory.mktemp("sweep") / "home", symbols=3, rows=2_400) as store:
        yield store


def bits(value: float | None) -> Any:
    """A value with its sign and its type, so that 1 and 1.0 and 0.0 and -0.0 differ."""
    return value if value is None or isinstance(value, int) else struct.pack(">d", value)


def assert_same(cell: RunResult, alone: RunResult) -> None:
    for name, value in cell.metrics.items():
        assert bits(value) == bits(alone.metrics[name]), (cell.instrument, cell.parameters, name)
        assert cell.why.get(name) == alone.why.get(name), (cell.instrument, cell.parameters, name)
    assert cell.line() == alone.line()
    assert (cell.flags, cell.bars, cell.first, cell.last) == (alone.flags, alone.bars, alone.first, alone.last)
    assert cell.segments == alone.segments


def digest_of(store: Store, **ways: Any) -> str:
    """The digest of the sweep when it is cut and run in another way."""
    asked: dict[str, Any] = {"universe": "crypto", "symbols": None, "interval": None, "start": None, "end": None}
    asked |= {"parameters": None, "others": HOW, "adjust": "none", "snapshot": None, "grid": GRID, "where": WHERE}
    asked |= {name: ways.pop(name) for name in ("grid", "universe", "symbols") if name in ways}
    run = begin_sweep(store.house, ["SmaCross"], asked, fresh=True, **ways)
    receipt = run.receipt
    assert receipt is not None
    return receipt.digest


def test_every_cell_is_its_single_backtest(store: Store) -> None:
    run = store.sweep("SmaCross", grid=GRID, where=WHERE, universe="crypto", **HOW)
    cells = {(each.instrument, each.parameters["fast"], each.parameters["slow"]): each for each in run}
    assert set(cells) == {(f"test:S{k:02}", *one) for k in range(3) for one in SETS}
    for fast, slow in SETS:
        for alone in store.backtest("SmaCross", universe="crypto", fast=fast, slow=slow, **HOW):
            assert_same(cells[alone.instrument, fast, slow], alone)
    assert run.receipt is not None
    assert run.receipt.digest == run_digest(each.line() for each in cells.values())
    made = run.cell("S01", fast=5, slow=12)
    assert made.trades is not None
    assert made.line() == cells["test:S01", 5, 12].line()
    assert len(run.account("S01").equity) == made.bars
    assert store.verify(run.id, apart=False).verdict == "identical"


def test_how_a_sweep_is_cut_and_run_changes_nothing(store: Store) -> None:
    whole = store.sweep("SmaCross", grid=GRID, where=WHERE, universe="crypto", **HOW).receipt
    assert whole is not None
    turned = {"slow": (18, 6, 12, 6), "fast": [7, 5, 6, 4]}
    names = ["S02", "S00", "S01"]
    assert digest_of(store, tile=1, workers=3) == whole.digest
    assert digest_of(store, tile=4, executor="serial") == whole.digest
    assert digest_of(store, tile=1_000, grid=turned, universe=None, symbols=names) == whole.digest


def test_a_steady_equity_is_measured_in_two_passes_in_a_cell_too(store: Store, tmp_path: Path) -> None:
    body = "return Signals(target=np.where(bars.ts % 2 == 0, self.period * 1e-9, 0.0))"
    named = write_strategy(tmp_path / "still.py", body)
    # Interest alone moves this equity: almost the same return each bar, so that sums of squares cancel.
    how: dict[str, Any] = {"universe": "crypto", "cash_rate": "5%"}
    cells = {each.instrument: each for each in store.sweep(named, grid={"period": "3:3"}, **how)}
    for alone in store.backtest(named, period=3, **how):
        assert_same(cells[alone.instrument], alone)


def test_a_set_that_fails_is_named_and_the_others_go_on(store: Store, tmp_path: Path) -> None:
    named = write_strategy(tmp_path / "fragile.py", FRAGILE)
    run = store.sweep(named, grid={"period": "4:8"}, universe="crypto")
    events = [event for _, event in run.events()]
    done = events[-1]
    assert isinstance(done, Completed)
    assert (done.count, done.failed) == (9, 6)
    said = [warning.text for warning in run.warnings if warning.instrument == "test:S00"]
    assert any(text.startswith("period=5: ") and "no five" in text for text in said)
    assert any(text.startswith("period=7: ") and "leverage" in text for text in said)
    for alone in store.backtest(named, universe="crypto", period=8):
        (cell,) = (each for each in run if each.instrument == alone.instrument and each.parameters == {"period": 8})
        assert_same(cell, alone)
    again = store.sweep(named, grid={"period": "4:8"}, universe="crypto")
    assert not again.kept, "a sweep in which something failed answers for no other"
    again.close()


def test_the_first_tile_survives_sets_that_the_simulation_refuses(store: Store, tmp_path: Path) -> None:
    body = """\
    up = bars.ts // 3_600_000_000 % 7 == 0
    return Signals(target=np.full(len(bars), 2.0)) if self.period < 6 else Signals(enter=up, leave=~up)
    """
    named = write_strategy(tmp_path / "bold.py", body)
    how: dict[str, Any] = {"symbols": "S00", "start": "2021-02-01"}
    with pytest.raises(SignalsError, match=r"^period=4, period=5: .*leverage"):
        store.sweep(named, grid={"period": "4:5"}, **how).wait()
    run = store.sweep(named, grid={"period": "5:6"}, **how)
    assert [each.parameters["period"] for each in run] == [6]
    assert "signals.warm_up" not in {warning.code for warning in run.warnings}, "what 6 says hangs on no warm-up"


def test_a_sweep_in_which_every_set_fails_is_not_kept(store: Store, tmp_path: Path) -> None:
    named = write_strategy(tmp_path / "broken.py", "raise ValueError(f'broken {self.period}')")
    before = len(store.runs())
    run = store.sweep(named, grid={"period": "4:12"}, universe="crypto")
    with pytest.raises(StrategyError, match=r"^period=4: Mine failed on .*broken 4"):
        run.wait()
    assert len(store.runs()) == before
    assert sum("more sets of this tile" in warning.text for warning in run.warnings) == 3


def test_a_sweep_over_several_strategies_has_each_of_them(store: Store) -> None:
    grid = {"SmaCross.fast": "4,6", "RsiReversion.period": "7,9"}
    run = store.sweep(["SmaCross", "RsiReversion"], grid=grid, symbols="S00", fee="10bps")
    cells = list(run)
    assert sorted(str(each.parameters["strategy"]) for each in cells) == 2 * ["RsiReversion"] + 2 * ["SmaCross"]
    for each in cells:
        own = {name: value for name, value in each.parameters.items() if name != "strategy"}
        (alone,) = store.backtest(str(each.parameters["strategy"]), symbols="S00", fee="10bps", parameters=own)
        assert (each.decisions, each.final_equity) == (alone.decisions, alone.final_equity)
    assert run.receipt is not None
    assert run.receipt.digest == run_digest(each.line() for each in cells)
    assert store.verify(run.id, apart=False).verdict == "identical"
    assert run.cell("S00", strategy="SmaCross", fast=6).trades is not None


def test_a_stream_can_be_resumed_between_two_results_of_a_tile(store: Store) -> None:
    run = store.sweep("SmaCross", grid=GRID, where=WHERE, universe="crypto", fresh=True, **HOW)
    told = list(run.events())
    assert sum(isinstance(event, Tiled) for _, event in told) == 3
    plain = [(at, to_bytes(each, at)) for number, event in told for at, each in told_as(event, number)]
    assert [number for number, _ in plain] == list(range(1, len(plain) + 1))
    log = store.house.log
    assert log.last(run.id) == len(plain)
    for after in range(len(plain) + 1):
        assert log.read(run.id, after, 5) == plain[after : after + 5]
    reused = store.sweep("SmaCross", grid=GRID, where=WHERE, universe="crypto", **HOW)
    assert isinstance(reused, SweepRun)
    assert reused.kept
    assert sum(1 for _ in reused) == 3 * len(SETS)
