"""store.ledger(): trials over all runs, each once, and what is left of the best."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tapehead.errors import ParameterError
from tapehead.jobs.ledger import luck_in
from tapehead.library.documents.trials import ledger_json
from tapehead.library.store import Store
from tapehead.library.sweep_run import SweepRun
from tapehead.library.trials import TrialReport
from tapehead.metrics.deflated import highest_by_luck
from tapehead.model.events import Completed
from tests.unit.library.market import RSI_BODY, house_of, open_market, write_strategy

SMA = {"grid": {"fast": [3, 5], "slow": [20, 30, 40]}, "fee": "10bps"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_market(tmp_path_factory.mktemp("trials") / "home", symbols=3, rows=800) as store:
        yield store


def ended(run: SweepRun) -> Completed:
    last = [event for _, event in run.events()][-1]
    assert isinstance(last, Completed)
    return last


def counted(report: TrialReport) -> tuple[int, int]:
    return report.trials, len(report.runs)


def test_a_ledger_of_a_life(store: Store) -> None:
    """Sweeps, a repetition, an overlap, other costs, another source; a run removed; each trial counted once."""
    empty = store.ledger()
    assert (empty.trials, empty.strategies, empty.series) == (0, (), ())

    first = store.sweep("SmaCross", universe="all", **SMA)
    told = ended(first)
    report = store.ledger()
    assert counted(report) == (18, 1)
    assert [(one.strategy, one.sources, one.instruments) for one in report.strategies] == [("SmaCross", 1, 3)]

    # Beside the best set stands what is left of it: the median over its instruments.
    assert told.found is not None
    best = told.found["best"]
    values = []
    for instrument in ("test:S00", "test:S01", "test:S02"):
        luck = luck_in(house_of(store).trials, instrument, "1h")
        assert luck.trials == 6
        assert 1.0 <= luck.effective <= 6.0
        assert luck.highest == highest_by_luck(luck.variance, luck.effective)
        values.append(luck.effective)
    assert best["trials"] == 6
    assert best["trials_effective"] == pytest.approx(np.median(values))
    assert 0.0 < best["sharpe_deflated"] < 1.0
    assert 0.0 <= told.found["overfitting"]["pbo"] <= 1.0
    assert told.found["overfitting"]["splits"] == 12_870

    # The best of an instrument is that cell of the sweep, its Sharpe ratio that of the result.
    for one in report.series:
        rows = [result for result in first if result.instrument == one.instrument]
        sharpes = {str(dict(result.parameters)): result.metrics.sharpe or -9.0 for result in rows}
        found = one.standing.best
        assert found is not None
        assert one.annual(found.sharpe) == pytest.approx(max(sharpes.values()), rel=1e-9)
        assert found.run == first.id
    ranked = [one.standing.best.deflated for one in report.series if one.standing.best is not None]
    assert ranked == sorted(ranked, key=lambda value: -(value or 0.0))

    # A backtest of one of its sets is no other trial; one of another set is.
    single: dict[str, Any] = {"universe": "all", "fee": "10bps", "slow": 30}
    store.backtest("SmaCross", fast=5, **single).wait()
    assert counted(store.ledger()) == (18, 1)
    store.backtest("SmaCross", symbols=["S02"], fast=9, fee="10bps", slow=30).wait()
    assert counted(store.ledger(symbol="S02")) == (7, 2)

    again = store.sweep("SmaCross", universe="all", fresh=True, **SMA)
    assert ended(again).reused is False
    assert counted(store.ledger()) == (19, 2)
    wider: dict[str, Any] = SMA | {"grid": {"fast": [3, 5, 7], "slow": [20, 30, 40]}}
    ended(store.sweep("SmaCross", symbols=["S00"], **wider))
    assert counted(store.ledger()) == (22, 3)
    ended(store.sweep("SmaCross", symbols=["S00"], **(SMA | {"fee": "20bps"})))
    assert counted(store.ledger(symbol="S00")) == (15, 3)
    store.delete_run(first.id)
    assert counted(store.ledger()) == (28, 4)
    assert counted(store.ledger(symbol="test:S01", strategy="SmaCross")) == (6, 1)


def test_an_edited_strategy_is_tried_anew_and_luck_counts_all_of_them(store: Store, tmp_path: Path) -> None:
    before = store.ledger(symbol="S02").trials
    for body in (RSI_BODY, RSI_BODY.replace("30.0", "31.0")):
        named = write_strategy(tmp_path / "mine.py", body)
        ended(store.sweep(named, grid={"period": [5, 6]}, symbols=["S02"], interval="1h"))
    mine = store.ledger(strategy="Mine")
    assert [(one.strategy, one.sources, one.trials, len(one.runs)) for one in mine.strategies] == [
        ("mine.py:Mine", 2, 4, 2)
    ]
    (one,) = mine.series
    assert one.standing.best is not None
    assert (one.trials, one.standing.luck.trials, one.standing.best.context.strategy) == (4, before + 4, "mine.py:Mine")
    told = ledger_json(mine)["instruments"][0]
    assert told["trials_of_all"] == before + 4
    assert told["best"]["parameters"]["period"] in (5, 6)
    assert told["best"]["sharpe_deflated"] == one.standing.best.deflated


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"symbol": "S0"}, "S00, S01, S02"), ({"strategy": "SmaCros"}, "Did you mean 'SmaCross'")],
)
def test_what_was_never_tried_is_named(store: Store, asked: dict[str, str], said: str) -> None:
    ended(store.sweep("SmaCross", universe="all", **SMA))
    with pytest.raises(ParameterError, match=said):
        store.ledger(**asked)
