"""RunStoreContract: what every store of runs with its event log must do, as tests for pytest to collect."""
# ruff: noqa: D102 - a test's name is its sentence

import contextlib
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tapehead.errors import ParameterError, UnknownRunError
from tapehead.layout.columns import TRADE_DTYPES
from tapehead.model.events import Completed, Event, Progress, Started, Tiled, Warned, to_bytes, told_as
from tapehead.model.result import Metrics, Receipt, RunResult, State
from tapehead.model.space import Space
from tapehead.model.spec import RunKey, RunSpec
from tapehead.model.tile import Tile
from tapehead.model.trades import Trades
from tapehead.ports.runs import EventLog, Rows, RunStore

SWEEP = RunSpec("SmaCross", {}, "1h", universe="demo", grid={"fast": (2, 3, 4), "slow": (20, 30, 40)})
SPEC = RunSpec("RsiReversion", {"period": 14, "oversold": 30.0}, "1h", universe="demo", start=0)


def sample_key(seed: int = 0) -> RunKey:
    """Return a key of which one digest depends on `seed`."""
    return RunKey(b"a" * 32, b"b" * 32, b"c" * 32, seed.to_bytes(32, "big"))


def sample_result(run: str, symbol: str = "AAA", total_return: float | None = 0.1, seed: int = 0) -> RunResult:
    """Return a result with trades of seeded values."""
    random = np.random.default_rng(seed)
    trades = Trades(**{name: (random.random(20) * 10).astype(dtype) for name, dtype in TRADE_DTYPES.items()})
    why = {} if total_return is not None else {"total_return": "no_bars"}
    return RunResult(
        run=run,
        instrument=f"test:{symbol}",
        interval="1h",
        parameters={"period": 14, "oversold": 30.0},
        metrics=Metrics(total_return=total_return, max_drawdown=-1 / 3, fees_paid=0.1 + 0.2, trades=20),
        why=why,
        flags=("holes",),
        equity=random.random(64),
        final_equity=10_000 * (1 + (total_return or 0)),
        decisions=trades.digest(),
        segments=(b"s" * 32, b"t" * 32),
        trades=trades,
        elapsed_us=123,
        bars=8760,
        first=5,
        last=6,
    )


def sample_tile(run: str, symbol: str = "AAA", lo: int = 0, cells: int = 3, seed: int = 0) -> Tile:
    """Return a tile of seeded values; of each set with an odd place one metric is undefined."""
    random = np.random.default_rng(seed)
    values, why = random.normal(size=(2, cells)), np.zeros((2, cells), np.uint8)
    why[0, 1::2] = 1
    return Tile(
        run=run,
        instrument=f"test:{symbol}",
        interval="1h",
        lo=lo,
        hi=lo + cells + 1,
        points=np.arange(lo, lo + cells),
        metrics=("sharpe", "trades"),
        values=np.where(why, np.nan, np.stack([values[0], np.arange(cells)])),
        why=why,
        final_equity=random.random(cells),
        flags=np.arange(cells, dtype=np.uint32) % 4,
        decisions=random.integers(0, 256, (cells, 32), np.uint8),
        blocks=random.normal(size=(cells, 16, 4)),
        failed=1,
        observations=99,
        bars=100,
        first=5,
        last=6,
        words=("ruined", "open_at_end"),
        reasons=("", "too_short"),
        always=("holes",),
        segments=(b"s" * 32,),
        elapsed_us=7,
    )


class RunStoreContract:
    """Subclass it as `Test…` and say how to make an empty store of runs and the event log of the same runs."""

    def make(self, tmp_path: Path) -> tuple[RunStore, EventLog]:
        """Return an empty store below `tmp_path` and its event log."""
        raise AssertionError(f"a subclass says how a store is made below {tmp_path}")

    def test_a_run_begins_and_ends(self, tmp_path: Path) -> None:
        runs, _ = self.make(tmp_path)
        run = runs.create(sample_key(), SPEC, 3, "my.py")
        begun = runs.record(run)
        assert (begun.run, begun.state, begun.snapshot, begun.origin) == (run, "running", 3, "my.py")
        assert begun.key == sample_key()
        assert begun.spec == SPEC.to_json()
        assert (begun.finished_at, begun.receipt, begun.count) == (None, None, 0)
        receipt = Receipt(sample_key(), "00ff", 3, {"test:AAA": ("ab", "cd")}, {"cpu": "x"}, {"numpy": "2"})
        runs.save([sample_result(run)])
        runs.finish(run, "completed", receipt, failed=2)
        ended = runs.record(run)
        assert (ended.state, ended.receipt, ended.failed, ended.count) == ("completed", receipt, 2, 1)
        assert ended.finished_at is not None
        assert ended.finished_at >= ended.created_at

    def test_one_metric_of_every_result_is_told_without_the_results(self, tmp_path: Path) -> None:
        runs, _ = self.make(tmp_path)
        run, other = runs.create(sample_key(), SPEC, 1), runs.create(sample_key(1), SPEC, 1)
        runs.save([sample_result(run, f"S{n}", total_return=n / 8 if n else None) for n in range(5)])
        runs.save([sample_result(other, "S9", total_return=9.0)])
        assert sorted(runs.values(run, "total_return")) == [0.125, 0.25, 0.375, 0.5]
        assert list(runs.values(run, "nonsense")) == []

    def test_only_a_complete_run_of_an_equal_key_is_found(self, tmp_path: Path) -> None:
        runs, log = self.make(tmp_path)
        assert runs.find(sample_key()) is None
        runs.create(sample_key(), SPEC, 1)
        assert runs.find(sample_key()) is None
        partly = runs.create(sample_key(), SPEC, 1)
        runs.finish(partly, "completed", None, failed=1)
        cancelled = runs.create(sample_key(), SPEC, 1)
        runs.finish(cancelled, "cancelled", None)
        assert runs.find(sample_key()) is None
        whole = [runs.create(sample_key(), SPEC, 1) for _ in range(3)]
        for run in whole:
            runs.finish(run, "completed", None)
        # The newest has no events to answer with.
        for run in whole[:2]:
            log.append(run, [Progress(run, 1, 1, 1.0, 0.0)])
        assert runs.find(sample_key()) == whole[1]
        assert runs.find(sample_key(1)) is None
        log.prune(before=runs.record(whole[-1]).created_at + 1, keep=0)
        assert runs.find(sample_key()) is None

    def test_a_whole_look_ahead_test_is_remembered_by_strategy_source_and_engine(self, tmp_path: Path) -> None:
        runs, log = self.make(tmp_path)
        passed = {"found": False, "cuts": 8, "instruments": 1, "whole": True}

        def ended(look_ahead: dict[str, Any] | None, state: State = "completed", key: RunKey | None = None) -> str:
            run = runs.create(key or sample_key(), SPEC, 1)
            log.append(run, [Started(run, SPEC.to_json(), 1, 1)])
            log.append(run, [Completed(run, 1, 0, "", 1.0, 1.0, 1, "", look_ahead)])
            runs.finish(run, state, None)
            return run

        for told in (None, {**passed, "whole": False}, {**passed, "found": True}, {**passed, "cuts": 0}):
            ended(told)
        ended({**passed, "stopped": True})
        ended(passed, "cancelled")
        runs.create(sample_key(), SPEC, 1)
        assert runs.tested(SPEC.strategy, sample_key()) is None
        whole = [ended(passed, key=sample_key(seed)) for seed in range(2)]
        ended({**passed, "whole": False})
        # The data of a run do not matter, its code does.
        assert runs.tested(SPEC.strategy, sample_key(9)) == whole[1]
        assert runs.tested("SmaCross", sample_key()) is None
        for changed in ({"strategy": b"x" * 32}, {"engine": b"x" * 32}):
            assert runs.tested(SPEC.strategy, sample_key()._replace(**changed)) is None
        assert runs.delete(whole[1])
        assert runs.tested(SPEC.strategy, sample_key()) == whole[0]

    def test_a_result_comes_back_bit_for_bit(self, tmp_path: Path) -> None:
        runs, _ = self.make(tmp_path)
        run = runs.create(sample_key(), SPEC, 1)
        for symbol, value in (("AAA", 0.1 + 0.2), ("BBB", None)):
            given = sample_result(run, symbol, value)
            runs.save([given])
            found = runs.result(run, given.instrument)
            assert found is not None
            assert given.trades is not None
            assert found.trades is not None
            assert found.trades.to_bytes() == given.trades.to_bytes()
            for name in RunResult.__slots__:
                if name not in {"trades", "equity"}:
                    assert getattr(found, name) == getattr(given, name), name
            assert found.equity.tobytes() == given.equity.tobytes()
            assert found.line() == given.line()
        assert runs.result(run, "test:ZZZ") is None

    def test_the_trades_of_a_run_come_by_name_and_page(self, tmp_path: Path) -> None:
        runs, _ = self.make(tmp_path)
        run, other = runs.create(sample_key(), SPEC, 1), runs.create(sample_key(1), SPEC, 1)
        given = [sample_result(run, symbol, 0.1, seed=seed) for seed, symbol in enumerate(("CCC", "AAA", "BBB"))]
        runs.save([*given, sample_result(other, "AAB", 0.2)])
        wanted = sorted((one.instrument, one.trades.to_bytes()) for one in given if one.trades is not None)
        assert [(name, trades.to_bytes()) for name, trades in runs.traded(run)] == wanted
        page = runs.traded(run, after=wanted[0][0], limit=1)
        assert [name for name, _ in page] == [wanted[1][0]]
        assert list(runs.traded(run, after="test:CCC")) == []

    def test_a_result_saved_again_replaces_the_first(self, tmp_path: Path) -> None:
        runs, _ = self.make(tmp_path)
        run = runs.create(sample_key(), SPEC, 1)
        runs.save([sample_result(run, total_return=0.1), sample_result(run, total_return=0.2, seed=1)])
        assert runs.record(run).count == 1
        found = runs.result(run, "test:AAA")
        assert found is not None
        assert found.metrics.total_return == 0.2
        assert runs.done(run) == {("test:AAA", 0)}

    def test_tiles_come_back_whole_or_by_column(self, tmp_path: Path) -> None:
        runs, _ = self.make(tmp_path)
        run, other = runs.create(sample_key(), SWEEP, 1), runs.create(sample_key(1), SWEEP, 1)
        tiles = [sample_tile(run, symbol, lo, seed=lo) for symbol in ("BBB", "AAA") for lo in (4, 0)]
        for tile in (*tiles, sample_tile(other, "AAA", 0, seed=9)):
            runs.save_tile(tile)
        runs.save_tile(tiles[0])
        for tile in tiles:
            found = runs.tile(run, tile.instrument, tile.lo)
            assert found is not None
            assert found.to_bytes() == tile.to_bytes()
        assert runs.tile(run, "test:AAA", 1) is None
        parts = list(runs.tiles(run, ("points", "values.sharpe")))
        assert [(part.instrument, part.lo, part.hi, part.cells, part.failed, part.bars) for part in parts] == [
            (f"test:{symbol}", lo, lo + 4, 3, 1, 100) for symbol in ("AAA", "BBB") for lo in (0, 4)
        ]
        for part, tile in zip(parts, sorted(tiles, key=lambda each: (each.instrument, each.lo)), strict=True):
            assert part.columns.keys() == {"points", "values.sharpe"}
            assert part.columns["points"].tolist() == tile.points.tolist()
            assert part.columns["values.sharpe"].tobytes() == tile.column("sharpe").tobytes()
        assert [part.lo for part in runs.tiles(run, (), "test:BBB")] == [0, 4]
        assert runs.done(run) == {(f"test:{symbol}", lo) for symbol in ("AAA", "BBB") for lo in (0, 4)}
        assert (runs.record(run).count, runs.record(other).count) == (12, 3)
        assert runs.delete(run)
        assert list(runs.tiles(run)) == []
        assert len(list(runs.tiles(other))) == 1

    def test_a_tile_is_told_as_its_results_or_as_one_event(self, tmp_path: Path) -> None:
        runs, log = self.make(tmp_path)
        run, named = runs.create(sample_key(), SWEEP, 1), Space.of(SWEEP).parameters
        told: list[Rows] = []
        log.listen(lambda _run, _last, rows: told.append(rows))
        events: list[Event] = [Started(run, SWEEP.to_json(), 9, 1)]
        last = log.append(run, events)
        for lo in (0, 3):
            tile = sample_tile(run, lo=lo, seed=lo)
            with runs.together("a tile"):
                runs.save_tile(tile)
                events += [Tiled(run, tile, 1.5, named), Warned(run, "test:AAA", "a.b", "c")]
                last = log.append(run, events[-2:])
        numbers = [1, 4, 5, 8, 9]
        assert (last, log.last(run)) == (9, 9)
        assert log.read(run, 0, 9, tiles=True) == [
            (number, to_bytes(event, number)) for number, event in zip(numbers, events, strict=True)
        ]
        plain = [
            (at, to_bytes(each, at))
            for number, event in zip(numbers, events, strict=True)
            for at, each in told_as(event, number)
        ]
        assert [number for number, _ in plain] == list(range(1, 10))
        for after in range(10):
            for limit in (1, 2, 20):
                assert log.read(run, after, limit) == plain[after : after + limit]
        assert all(row in plain for rows in told for row in rows)
        assert runs.delete(run)
        assert log.read(run, 0, 9) == []

    def test_pages_are_sorted_whole_and_without_trades(self, tmp_path: Path) -> None:
        runs, _ = self.make(tmp_path)
        run = runs.create(sample_key(), SPEC, 1)
        values = {"AAA": None, "BBB": -0.5, "CCC": 0.25, "DDD": 0.25, "EEE": 3.0, "FFF": None, "GGG": 0.0}
        runs.save([sample_result(run, symbol, value) for symbol, value in values.items()])
        for limit in (1, 2, 3, 7, 50):
            found, cursor = list[RunResult](), None
            while True:
                page = runs.results(run, cursor=cursor, limit=limit)
                found += page.rows
                cursor = page.cursor
                if cursor is None:
                    break
            symbols = [result.instrument.removeprefix("test:") for result in found]
            assert symbols == ["EEE", "CCC", "DDD", "GGG", "BBB", "AAA", "FFF"]
            assert all(result.trades is None for result in found)
        by_name = runs.results(run, sort="instrument", limit=3)
        assert [result.instrument for result in by_name.rows] == ["test:AAA", "test:BBB", "test:CCC"]
        rest = runs.results(run, sort="instrument", cursor=by_name.cursor, limit=30)
        assert [result.instrument for result in rest.rows] == ["test:DDD", "test:EEE", "test:FFF", "test:GGG"]

    def test_a_page_sorted_by_what_is_no_metric_is_refused(self, tmp_path: Path) -> None:
        import pytest

        runs, _ = self.make(tmp_path)
        run = runs.create(sample_key(), SPEC, 1)
        assert runs.results(run).rows == []
        runs.save([sample_result(run)])
        with pytest.raises(ParameterError, match="total_return"):
            runs.results(run, sort="luck'; --")

    def test_runs_are_paged_from_the_newest_on(self, tmp_path: Path) -> None:
        runs, _ = self.make(tmp_path)
        ids = [runs.create(sample_key(), SPEC, 1) for _ in range(5)]
        first = runs.runs(limit=2)
        # What begins meanwhile moves no page.
        runs.create(sample_key(), SPEC, 1)
        second = runs.runs(limit=2, before=first[-1].run)
        third = runs.runs(limit=2, before=second[-1].run)
        assert [record.run for record in [*first, *second, *third]] == ids[::-1]
        assert runs.runs(before=ids[0]) == []

    def test_a_run_is_held_by_one_until_it_is_left(self, tmp_path: Path) -> None:
        runs, _ = self.make(tmp_path)
        run, other = (runs.create(sample_key(seed), SPEC, 1) for seed in range(2))
        assert runs.unfinished() == [run, other]
        found: list[bool] = []

        def try_it() -> None:
            with runs.claim(run) as held:
                found.append(held)

        for _ in range(2):
            with runs.claim(run) as held, runs.claim(other) as second:
                assert held
                assert second
                assert runs.unfinished() == []
                thread = threading.Thread(target=try_it)
                thread.start()
                thread.join()
                try_it()
                # One that was refused does not free what another holds.
                assert runs.unfinished() == []
            assert runs.unfinished() == [run, other]
        try_it()
        assert found == [False, False, False, False, True]
        runs.finish(run, "completed", None)
        assert runs.unfinished() == [other]

    def test_a_claim_may_be_left_from_another_thread(self, tmp_path: Path) -> None:
        runs, _ = self.make(tmp_path)
        run = runs.create(sample_key(), SPEC, 1)
        claim = runs.claim(run)
        assert claim.__enter__()
        thread = threading.Thread(target=lambda: claim.__exit__(None, None, None))
        thread.start()
        thread.join()
        with runs.claim(run) as held:
            assert held

    def test_of_many_who_claim_one_gets_it(self, tmp_path: Path) -> None:
        runs, _ = self.make(tmp_path)
        run = runs.create(sample_key(), SPEC, 1)
        inside, most, lock = 0, 0, threading.Lock()
        got: list[bool] = []

        def work() -> None:
            nonlocal inside, most
            for _ in range(25):
                runs.unfinished()
                with runs.claim(run) as held:
                    if held:
                        with lock:
                            inside += 1
                            most = max(most, inside)
                        runs.unfinished()
                        with lock:
                            inside -= 1
                    got.append(held)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert most == 1
        assert any(got)

    def test_a_run_is_claimed_before_anybody_sees_it(self, tmp_path: Path) -> None:
        runs, _ = self.make(tmp_path)
        seen: list[list[str]] = []
        with contextlib.ExitStack() as held:
            with runs.together("a run"):
                run = runs.create(sample_key(), SPEC, 1)
                assert held.enter_context(runs.claim(run))
                thread = threading.Thread(target=lambda: seen.append(list(runs.unfinished())))
                thread.start()
                thread.join()
            seen.append(list(runs.unfinished()))
        assert seen == [[], []]
        assert runs.unfinished() == [run]

    def test_an_ended_run_is_opened_again(self, tmp_path: Path) -> None:
        import pytest

        runs, _ = self.make(tmp_path)
        run = runs.create(sample_key(), SPEC, 1)
        runs.finish(run, "cancelled", None, failed=2)
        runs.reopen(run)
        record = runs.record(run)
        assert (record.state, record.finished_at, record.failed, record.receipt) == ("running", None, 0, None)
        assert runs.unfinished() == [run]
        with pytest.raises(UnknownRunError):
            runs.reopen("0" * 26)

    def test_ids_are_found_by_prefix(self, tmp_path: Path) -> None:
        import pytest

        runs, _ = self.make(tmp_path)
        ids = [runs.create(sample_key(), SPEC, 1) for _ in range(5)]
        assert [record.run for record in runs.runs()] == ids[::-1]
        assert [record.run for record in runs.runs(limit=2)] == ids[:2:-1]
        for run in ids:
            short = runs.shortest(run)
            assert len(short) >= 8
            assert runs.resolve(short) == runs.resolve(short.lower()) == runs.resolve(run) == run
        for wrong in (ids[0][:4], "ZZZZ", "", "%", "no run"):
            with pytest.raises(UnknownRunError):
                runs.resolve(wrong)
        with pytest.raises(UnknownRunError):
            runs.record("0" * 26)
        with pytest.raises(UnknownRunError):
            runs.finish("0" * 26, "completed", None)

    def test_a_deleted_run_leaves_nothing(self, tmp_path: Path) -> None:
        import pytest

        runs, log = self.make(tmp_path)
        run, other = (runs.create(sample_key(seed), SPEC, 1) for seed in range(2))
        for one in (run, other):
            runs.save([sample_result(one)])
            log.append(one, [Progress(one, 1, 1, 1.0, 0.0)])
        assert runs.delete(run)
        assert not runs.delete(run)
        assert log.read(run, 0, 9) == []
        assert runs.result(run, "test:AAA") is None
        with pytest.raises(UnknownRunError):
            runs.record(run)
        assert runs.result(other, "test:AAA") is not None
        assert len(log.read(other, 0, 9)) == 1

    def test_events_are_numbered_from_one_and_replayed_as_sent(self, tmp_path: Path) -> None:
        runs, log = self.make(tmp_path)
        run, other = (runs.create(sample_key(seed), SPEC, 1) for seed in range(2))
        events: list[Event] = [
            Started(run, SPEC.to_json(), 2, 1),
            Warned(run, None, "a.b", "hé"),
            Progress(run, 1, 2, 1.5, 3.0),
        ]
        assert log.append(run, events[:1]) == 1
        assert log.append(other, [Progress(other, 1, 1, 1.0, 0.0)]) == 1
        assert log.append(run, events[1:]) == 3
        assert log.append(run, []) == 3
        expected = [(number, to_bytes(event, number)) for number, event in enumerate(events, 1)]
        assert log.read(run, 0, 10) == expected
        assert log.read(run, 1, 1) == expected[1:2]
        assert log.read(run, 3, 10) == []

    def test_waiting_ends_with_the_event_or_with_the_time(self, tmp_path: Path) -> None:
        runs, log = self.make(tmp_path)
        run = runs.create(sample_key(), SPEC, 1)
        assert not log.wait(run, 0, 0.03)
        later = threading.Timer(0.1, lambda: log.append(run, [Progress(run, 1, 1, 1.0, 0.0)]))
        later.start()
        begun = time.monotonic()
        assert log.wait(run, 0, 60)
        assert time.monotonic() - begun < 30
        later.join()
        assert log.wait(run, 0, 0)
        assert not log.wait(run, 1, 0.03)

    def test_the_last_number_is_that_of_the_newest_event(self, tmp_path: Path) -> None:
        runs, log = self.make(tmp_path)
        run, other = (runs.create(sample_key(seed), SPEC, 1) for seed in range(2))
        assert log.last(run) == 0
        log.append(run, [Progress(run, 1, 1, 1.0, 0.0)] * 3)
        log.append(other, [Progress(other, 1, 1, 1.0, 0.0)])
        assert (log.last(run), log.last(other)) == (3, 1)

    def test_listeners_are_told_of_every_commit_once_it_can_be_read(self, tmp_path: Path) -> None:
        runs, log = self.make(tmp_path)
        run, other = (runs.create(sample_key(seed), SPEC, 1) for seed in range(2))
        told: list[tuple[str, int, int, bool]] = []
        rows: list[tuple[int, bytes]] = []

        def listen(name: str, last: int, at_hand: Rows) -> None:
            rows.extend(at_hand if name == run else ())
            # Read by another thread, which sees only what is committed.
            seen: list[int] = []
            thread = threading.Thread(target=lambda: seen.append(log.last(name)))
            thread.start()
            thread.join()
            told.append((name, last, seen[0], threading.current_thread() is threading.main_thread()))

        end = log.listen(listen)
        log.append(run, [Progress(run, 1, 1, 1.0, 0.0)] * 2)
        log.append(run, [])
        with runs.together("two runs"):
            log.append(run, [Progress(run, 1, 1, 1.0, 0.0)])
            log.append(other, [Progress(other, 1, 1, 1.0, 0.0)])
            assert len(told) == 1
        assert told == [(run, 2, 2, True), (run, 3, 3, True), (other, 1, 1, True)]
        assert rows in ([], log.read(run, 0, 10))
        with contextlib.suppress(KeyError), runs.together("nothing"):
            log.append(run, [Progress(run, 1, 1, 1.0, 0.0)])
            raise KeyError
        assert log.last(run) == 3
        end()
        log.append(run, [Progress(run, 1, 1, 1.0, 0.0)])
        assert len(told) == 3

    def test_a_listener_that_fails_takes_nothing_back(self, tmp_path: Path, caplog: Any) -> None:
        runs, log = self.make(tmp_path)
        run = runs.create(sample_key(), SPEC, 1)
        told: list[int] = []

        def fail(_run: str, _last: int, _rows: Rows) -> None:
            raise ZeroDivisionError("a listener may not raise")

        log.listen(fail)
        log.listen(lambda _run, last, _rows: told.append(last))
        assert log.append(run, [Progress(run, 1, 1, 1.0, 0.0)]) == 1
        assert log.last(run) == 1
        assert told == [1]
        assert "a listener may not raise" in caplog.text

    def test_threads_number_their_events_without_a_gap(self, tmp_path: Path) -> None:
        runs, log = self.make(tmp_path)
        run = runs.create(sample_key(), SPEC, 1)

        def work(worker: int) -> None:
            for turn in range(20):
                runs.save([sample_result(run, f"S{worker}")])
                log.append(run, [Progress(run, worker, turn, 1.0, 0.0)])

        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [number for number, _ in log.read(run, 0, 1000)] == list(range(1, 81))
        assert runs.record(run).count == 4

    def test_pruning_spares_the_newest_and_all_that_can_be_resumed(self, tmp_path: Path) -> None:
        runs, log = self.make(tmp_path)
        states: list[State | None] = [None, "cancelled", "failed", "completed", "completed", "completed"]
        ids = self._with_events(runs, log, states)
        assert log.prune(before=0, keep=0) == 0
        assert log.prune(before=runs.record(ids[-1]).created_at + 1, keep=2) == 2
        assert [len(log.read(run, 0, 9)) for run in ids] == [2, 2, 2, 0, 2, 2]

    def test_pruning_lets_others_write_after_each_run_and_stops_when_told(self, tmp_path: Path) -> None:
        runs, log = self.make(tmp_path)
        ids = self._with_events(runs, log, ["completed"] * 4)
        left: list[int] = []

        def look() -> None:
            # As another thread sees it; it could not write were all of this one transaction.
            runs.create(sample_key(9), SPEC, 1)
            left.append(sum(bool(log.read(run, 0, 1)) for run in ids))

        def stop() -> bool:
            other = threading.Thread(target=look)
            other.start()
            other.join()
            return len(left) == 3

        assert log.prune(before=runs.record(ids[-1]).created_at + 1, keep=0, stop=stop) == 4
        assert left == [4, 3, 2]

    def _with_events(self, runs: RunStore, log: EventLog, states: Sequence[State | None]) -> list[str]:
        """Keep runs with two events each that ended in these states; None for one that goes on."""
        ids = [runs.create(sample_key(seed), SPEC, 1) for seed in range(len(states))]
        for run, state in zip(ids, states, strict=True):
            log.append(run, [Progress(run, 1, 1, 1.0, 0.0), Completed(run, 1, 0, "", 1.0, 1.0, 1, "")])
            if state is not None:
                runs.finish(run, state, None)
        return ids
