"""What a run adds to the ledger of trials, how its trials stand, and what is left of a sweep."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from tapehead.jobs.judge import Judgement, judge
from tapehead.jobs.ledger import COUNTED, Counting, luck_in, settings_of, stand
from tapehead.jobs.plan import Plan
from tapehead.metrics.deflated import Batch, luck_of, sharpe_deflated
from tapehead.model.grid import Grid
from tapehead.model.rules import Rules
from tapehead.model.space import Space
from tapehead.model.spec import RULE_KEYS, RunSpec
from tapehead.model.tile import Tile, no_cells
from tapehead.stores.embedded.database import Database
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.runs import EmbeddedRuns, open_runs
from tapehead.stores.tables.trials import TrialTables
from tapehead.testing.run_store import sample_key, sample_result
from tests.unit.metrics.test_overfitting import overfitting

N = 160
RUN = "0" * 25
GRID = {"fast": (2, 4, 6), "slow": (10, 20)}
SPEC = RunSpec("SmaCross", {"band": 0.5}, "1h", universe="demo", grid=GRID)
NOT_COUNTED = {
    *("strategy", "parameters", "interval"),
    *("universe", "symbols", "grid", "where", "search", "budget", "objective", "seed"),
}
"""Keys of a spec that a context has elsewhere, and those that only say which trials are made."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_runs(open_home(tmp_path / "home"))
    yield database
    database.close()


def plan_of(spec: RunSpec, where: str = "") -> Plan:
    return Plan(spec, sample_key(), 1, (), (), 0, 0, 0, where)


def returns_of(seed: int, n: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.001, 0.02, (n, 16, N // 16))


def blocks_of(returns: np.ndarray) -> np.ndarray:
    return np.stack([(returns**power).sum(axis=2) for power in range(1, 5)], axis=2)


def tile_of(seed: int, points: list[int], symbol: str = "AAA", run: str = RUN + "A", lo: int = 0) -> Tile:
    tile = no_cells(run, f"test:{symbol}", "1h", lo, lo + len(points), 0)
    blocks = blocks_of(returns_of(seed, len(points)))
    flat = np.zeros(len(points))
    return replace(
        tile,
        points=np.array(points, np.int64),
        blocks=blocks,
        observations=N,
        bars=N,
        final_equity=flat,
        flags=flat.astype(np.uint32),
        decisions=np.zeros((len(points), 32), np.uint8),
        values=flat[None],
        why=flat[None].astype(np.uint8),
        metrics=("sharpe",),
    )


def judged(runs: EmbeddedRuns, ledger: TrialTables, run: str, sets: list[int]) -> tuple[Judgement, list[float]]:
    steps, shares = judge(runs, ledger, run, Grid.every(Space.of(SPEC)), "1h", sets), list[float]()
    while True:
        try:
            shares.append(next(steps))
        except StopIteration as end:
            return end.value, shares


def test_every_key_of_a_spec_makes_another_trial_or_is_known_not_to() -> None:
    held = {each.name for each in fields(RunSpec)} - {"rules"} | set(RULE_KEYS)
    assert held == COUNTED | NOT_COUNTED
    assert not COUNTED & NOT_COUNTED


def test_what_a_trial_is_decided_by() -> None:
    spec = replace(SPEC, start=0, rules=Rules(fee=0.001, side="both"), adjust="split")
    expected = {"start": "1970-01-01T00:00:00Z", "fee": 0.001, "side": "both", "adjust": "split"}
    assert settings_of(plan_of(spec)) == expected
    assert settings_of(plan_of(replace(spec, universe=None, symbols=("test:AAA",), grid=None))) == expected
    # Of a universe by filter, entries count while an instrument is a member.
    assert settings_of(plan_of(SPEC, "volume > 1")) == {"members": "volume > 1"}


def test_a_cell_of_a_sweep_and_the_backtest_of_it_are_one_trial(database: Database) -> None:
    ledger = TrialTables(database)
    counting = Counting(ledger, plan_of(SPEC))
    assert counting.add_tiles([tile_of(1, [0, 1, 2, 3, 4, 5])]) == 6
    assert counting.add_tiles([tile_of(1, [4, 5])]) == 0
    assert counting.add_tiles([tile_of(2, [0, 1, 2], "BBB")]) == 3
    single = replace(SPEC, grid=None, parameters={"slow": 20, "band": 0.5, "fast": 4})
    result = replace(sample_result(RUN + "B"), parameters=single.parameters)
    backtest = Counting(ledger, plan_of(single))
    assert backtest.add_results([result], [(N, blocks_of(returns_of(3))[0])]) == 0
    assert backtest.add_results([replace(result, instrument="test:CCC")], [(N, blocks_of(returns_of(3))[0])]) == 1
    (kept,) = ledger.read("test:CCC", "1h")
    assert [json.loads(one) for one in kept.trials.sets] == [single.parameters]
    (cells,) = ledger.read("test:AAA", "1h")
    assert [json.loads(one) for one in cells.trials.sets] == [
        {"band": 0.5, "fast": fast, "slow": slow} for fast in (2, 4, 6) for slow in (10, 20)
    ]


def test_each_of_several_strategies_has_its_own_trials(database: Database) -> None:
    grid = {"strategy": ("RsiReversion", "SmaCross"), "RsiReversion.period": (5, 6), "SmaCross.fast": (2, 4, 6)}
    fixed = {"RsiReversion.oversold": 30.0, "SmaCross.slow": 50}
    several = RunSpec("RsiReversion + SmaCross", fixed, "1h", universe="demo", grid=grid)
    sources = {"RsiReversion": b"r" * 32, "SmaCross": sample_key().strategy}
    ledger = TrialTables(database)
    tile = tile_of(4, [0, 1, 2, 3, 4])
    assert Counting(ledger, plan_of(several), sources).add_tiles([tile]) == 5
    rsi, sma = ledger.read("test:AAA", "1h")
    assert (rsi.context.source, rsi.context.strategy, len(rsi.trials)) == (b"r" * 32, "RsiReversion", 2)
    assert [json.loads(one) for one in sma.trials.sets] == [{"fast": fast, "slow": 50} for fast in (2, 4, 6)]
    assert sma.trials.blocks.tobytes() == tile.blocks[2:].tobytes()
    alone = RunSpec("SmaCross", {"slow": 50}, "1h", symbols=("test:AAA",), grid={"fast": (4, 6, 8)})
    assert Counting(ledger, plan_of(alone)).add_tiles([tile_of(5, [0, 1, 2])]) == 1


def test_how_the_trials_of_an_instrument_stand(database: Database) -> None:
    ledger = TrialTables(database)
    first, later = tile_of(1, [0, 1, 2, 3, 4, 5]), tile_of(2, [0, 1, 2])
    Counting(ledger, plan_of(SPEC)).add_tiles([first])
    Counting(ledger, plan_of(replace(SPEC, strategy="Mine", start=0)), {"Mine": b"m" * 32}).add_tiles([later])
    luck = luck_of([Batch("all", np.full(6, N), first.blocks), Batch("later", np.full(3, N), later.blocks)])
    assert luck_in(ledger, "test:AAA", "1h") == luck
    assert (luck.trials, stand(ledger, "test:ZZZ", "1h").best) == (9, None)

    for tile, strategy in ((first, "SmaCross"), (later, "Mine")):
        returns = returns_of(1 if tile is first else 2, len(tile)).reshape(len(tile), -1)
        sharpes = [statistics.fmean(one) / statistics.stdev(one) for one in returns.tolist()]
        place = max(range(len(tile)), key=sharpes.__getitem__)
        found = stand(ledger, "test:AAA", "1h", strategy=strategy)
        assert found.luck == luck
        assert found.best is not None
        assert found.best.context.strategy == strategy
        assert json.loads(found.best.parameters) == Space.of(SPEC).parameters(place)
        assert found.best.sharpe == pytest.approx(sharpes[place], rel=1e-9)
        assert found.best.deflated == sharpe_deflated(N, tile.blocks[place].sum(axis=0), luck)[0]


def test_a_sweep_is_judged_by_its_tiles_and_by_every_trial(database: Database) -> None:
    runs, ledger = EmbeddedRuns(database), TrialTables(database)
    run = runs.create(sample_key(), SPEC, 1)
    counting = Counting(ledger, plan_of(SPEC))
    # Sets out of order, in two tiles of one instrument; the last set failed on the other.
    parts = [("AAA", [5, 0, 3], 0), ("AAA", [1, 2, 4], 3), ("BBB", [3, 2, 1, 0, 4], 0)]
    tiles = [tile_of(seed, points, symbol, run, lo) for seed, (symbol, points, lo) in enumerate(parts)]
    # Set 4 was ruined on the other: after an equity of 0 there is no return.
    tiles[2].blocks[4, 9:] = math.nan
    for tile in tiles:
        runs.save_tile(tile)
        counting.add_tiles([tile])
    # What another run has tried counts too.
    Counting(ledger, plan_of(replace(SPEC, start=0))).add_tiles([tile_of(9, [0, 1, 2, 3, 4, 5])])
    found, shares = judged(runs, ledger, run, [2, 5])
    assert shares == sorted(shares)
    assert 0.0 <= shares[0] < shares[-1] == 1.0

    by_set = {
        (tile.instrument, point): blocks
        for tile in tiles
        for point, blocks in zip(tile.points.tolist(), tile.blocks, strict=True)
    }
    pooled = np.array([by_set["test:AAA", k] + by_set["test:BBB", k] for k in range(4)])
    assert found.overfitting == overfitting(np.full(16, 2.0 * N / 16), pooled[:, :, 0], pooled[:, :, 1])
    luck = {name: luck_in(ledger, f"test:{name}", "1h") for name in ("AAA", "BBB")}
    assert (luck["AAA"].trials, luck["BBB"].trials) == (12, 5)
    values = [sharpe_deflated(N, by_set[f"test:{name}", 2].sum(axis=0), luck[name])[0] for name in luck]
    assert found.sets[2].sharpe_deflated == pytest.approx(math.fsum(v for v in values if v is not None) / 2)
    assert (found.sets[2].trials, found.sets[5].trials) == (8.5, 12.0)
    alone = sharpe_deflated(N, by_set["test:AAA", 5].sum(axis=0), luck["AAA"])[0]
    assert (found.sets[5].sharpe_deflated, found.sets[5].trials_effective) == (alone, luck["AAA"].effective)
    assert found.sets[5].to_json() == {
        "sharpe_deflated": alone,
        "trials": 12.0,
        "trials_effective": luck["AAA"].effective,
    }
    nothing, _ = judged(runs, ledger, RUN + "Z", [2])
    assert nothing.overfitting.why == "too_short"
    assert nothing.sets[2].to_json()["why"] == "no_instrument"
