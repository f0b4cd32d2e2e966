"""resume: a run goes on where it was left, nothing is computed twice, the digest is that of a run nobody stopped."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tapehead.errors import ChangedSinceError, HeldRunError, ResumeError, UnknownRunError
from tapehead.executors.pool import FairPool
from tapehead.jobs.replay import replay
from tapehead.library.store import Store
from tapehead.model.events import Completed, Failed, Progress, Result, Started, Warned, to_bytes
from tests.unit.library.market import RSI_BODY, house_of, open_market, write_strategy
from tests.unit.stores.processes import rest_of

ASKED: dict[str, Any] = {"universe": "crypto", "fee": "10bps"}
SYMBOLS = {f"S{k:02}" for k in range(8)}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_market(tmp_path / "home", symbols=8) as store:
        yield store


def write_counted(folder: Path, before: str = "") -> str:
    """Write a strategy that appends each symbol to the file `calls`; the look-ahead test and the warm-up ask again."""
    counted = f"""\
        import os
        with open({str(folder / "calls")!r}, "a") as calls:
            calls.write(bars.series.symbol + "\\n")
    """
    return write_strategy(folder / "mine.py", textwrap.dedent(counted) + textwrap.dedent(before) + RSI_BODY)


def hold(folder: Path, calls: int) -> str:
    """Return lines that let a strategy answer so many times and then only when the file `go` is there."""
    return f"""\
        kind = type(self)
        kind.calls = getattr(kind, "calls", 0) + 1
        while kind.calls > {calls} and not os.path.exists({str(folder / "go")!r}):
            time.sleep(0.005)
    """


def events_of(store: Store, run: str) -> list[dict[str, Any]]:
    return [json.loads(data) for _, data in replay(house_of(store).log, run)]


def check_whole(store: Store, named: str, run: str, told: list[tuple[int, Any]]) -> Completed:
    """A resumed run has every event once, numbers without a gap, and the digest of a run that nobody stopped."""
    events = events_of(store, run)
    names = Counter(event["event"] for event in events)
    assert (names["started"], names["result"], names["completed"]) == (1, 8, 1)
    assert [event["id"] for event in events] == [f"{run}/{number}" for number in range(1, len(events) + 1)]
    numbers = [number for number, _ in told]
    assert numbers == sorted(set(numbers))
    shown = dict(replay(house_of(store).log, run))
    assert all(to_bytes(event, number) == shown[number] for number, event in told)
    assert isinstance(told[0][1], Started)
    assert sum(isinstance(event, Result) for _, event in told) == 8
    done = told[-1][1]
    assert isinstance(done, Completed)
    whole = [event for _, event in store.backtest(named, fresh=True, **ASKED).events()][-1]
    assert isinstance(whole, Completed)
    assert (done.digest, done.count, done.failed, done.bars, done.receipt) == (
        whole.digest, whole.count, whole.failed, whole.bars, whole.receipt,
    )  # fmt: skip
    gains = [event["metrics"]["total_return"] for event in events if event["event"] == "result"]
    assert done.outcome == {"median_return": median(gains), "profitable": sum(gain > 0 for gain in gains)}
    times = [event["t_ms"] for event in events if event["event"] == "result"]
    assert times == sorted(times)
    assert (done.first_ms, done.last_ms) == (times[0], times[-1])
    record = store.run(run).record
    assert (record.state, record.count, record.failed) == ("completed", 8, 0)
    assert record.receipt is not None
    assert store.verify(run, apart=False).verdict == "identical"
    return done


KILLED = """
import sys
import tapehead as th

store = th.open(sys.argv[1])
for number, event in store.backtest(sys.argv[2], universe="crypto", fee="10bps", workers=1).events():
    print(event.name, flush=True)
"""


@pytest.mark.parametrize("results", [0, 3])
def test_a_killed_run_goes_on_and_computes_nothing_twice(store: Store, tmp_path: Path, results: int) -> None:
    named = write_counted(tmp_path, hold(tmp_path, results))
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(store.home), named], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    names: list[str] = []
    while names.count("result") < results or not names:
        names.append(process.stdout.readline().strip())
    run = store.runs()[0].run
    while len((tmp_path / "calls").read_text().split() if (tmp_path / "calls").exists() else []) <= results:
        threading.Event().wait(0.005)
    with pytest.raises(HeldRunError, match="another process"):
        store.resume(run)
    assert house_of(store).runs.unfinished() == []
    os.kill(process.pid, signal.SIGKILL)
    rest_of(process)
    assert house_of(store).runs.unfinished() == [run]
    before = (tmp_path / "calls").read_text().split()
    assert len(before) == results + 1
    (tmp_path / "go").touch()
    (tmp_path / "calls").unlink()
    taken = store.resume(run)
    assert taken.id == run
    assert house_of(store).runs.unfinished() == []
    told = []
    for number, event in taken.events():
        told.append((number, event))
        if isinstance(event, Result) and sum(isinstance(each, Result) for _, each in told) == 8:
            asked = (tmp_path / "calls").read_text().split()
    # The one at the gate was begun and not finished: it alone is asked again.
    assert Counter(before[:results] + asked) == Counter(SYMBOLS)
    check_whole(store, named, run, told)
    assert house_of(store).runs.unfinished() == []
    assert not list((store.home / "running").iterdir())


def test_a_cancelled_run_goes_on(store: Store, tmp_path: Path) -> None:
    named = write_counted(tmp_path)
    run = store.backtest(named, workers=1, **ASKED)
    for seen, _ in enumerate(run, 1):
        if seen == 3:
            run.cancel()
    kept = run.record.count
    assert (run.record.state, kept < 8) == ("cancelled", True)
    taken = store.resume(run.short.lower())
    assert (taken.record.state, taken.record.finished_at) == ("running", None)
    assert [result.instrument for result in taken][:kept] == [result.instrument for result in run]
    assert "cancelled" in [event["event"] for event in events_of(store, run.id)]
    again = list(store.resume(run.id).events())
    done = again[-1][1]
    assert isinstance(done, Completed)
    assert done.reused
    assert sum(isinstance(event, Result) for _, event in again) == 8


def test_a_run_taken_up_twice_is_whole(store: Store, tmp_path: Path) -> None:
    named = write_counted(tmp_path)
    run = store.backtest(named, executor="serial", **ASKED)
    for stop in (2, 5):
        for number, _ in enumerate(run, 1):
            if number == stop:
                break
        run.close()
        assert run.record.state == "cancelled"
        run = store.resume(run.id, executor="serial")
    told = list(run.events())
    check_whole(store, named, run.id, told)


def test_a_suspended_run_stays_running_and_goes_on(store: Store, tmp_path: Path) -> None:
    named = write_counted(tmp_path)
    run = store.backtest(named, workers=1, **ASKED).start()
    events = run.events()
    seen = [next(events) for _ in range(4)]
    run.suspend()
    seen += list(events)
    assert [event["event"] for event in events_of(store, run.id)][-1] in ("result", "progress", "warning")
    assert run.record.state == "running"
    assert house_of(store).runs.unfinished() == [run.id]
    told = list(store.resume(run.id).events())
    check_whole(store, named, run.id, told)


def test_another_thread_drives_what_one_began(store: Store, tmp_path: Path) -> None:
    named = write_counted(tmp_path)
    pool = FairPool(2)
    run = store.backtest(named, executor=pool.lane(8), **ASKED).start()
    assert [event["event"] for event in events_of(store, run.id)] == ["started"]
    assert run.record.state == "running"
    assert not (tmp_path / "calls").exists()
    told: list[tuple[int, Any]] = []
    thread = threading.Thread(target=lambda: told.extend(run.events()))
    thread.start()
    thread.join()
    check_whole(store, named, run.id, told)
    pool.close()


def test_failures_are_not_tried_again_and_count(store: Store, tmp_path: Path) -> None:
    named = write_counted(tmp_path, "if bars.series.symbol in ('S00', 'S01'):\n    raise ValueError('odd')\n")
    run = store.backtest(named, executor="serial", **ASKED)
    order = []
    for _, event in run.events():
        order.append(event)
        if len(order) == 6:
            run.cancel()
    failed = [event.instrument for event in order if isinstance(event, Warned) and event.code == "strategy.failed"]
    (tmp_path / "calls").unlink()
    told = [event for _, event in store.resume(run.id, executor="serial").events()]
    done = told[-1]
    assert isinstance(done, Completed)
    assert (done.count, done.failed) == (6, 2)
    assert failed == ["test:S00", "test:S01"]
    assert not set(failed) & {f"test:{symbol}" for symbol in (tmp_path / "calls").read_text().split()}
    whole = [event for _, event in store.backtest(named, fresh=True, **ASKED).events()][-1]
    assert isinstance(whole, Completed)
    assert done.digest == whole.digest
    assert store.run(run.id).record.failed == 2


def test_code_that_changed_meanwhile_is_refused(store: Store, tmp_path: Path) -> None:
    named = write_counted(tmp_path)
    run = store.backtest(named, executor="serial", **ASKED)
    next(iter(run))
    run.close()
    before = events_of(store, run.id)
    write_strategy(tmp_path / "mine.py", RSI_BODY.replace("30.0", "31.0"))
    with pytest.raises(ChangedSinceError, match=r"the source of mine\.py:Mine changed since"):
        store.resume(run.id)
    assert store.run(run.id).record.state == "cancelled"
    assert events_of(store, run.id) == before
    house_of(store).runs.reopen(run.id)
    with pytest.raises(ChangedSinceError):
        store.resume(run.id, keep_failed=True)
    assert store.run(run.id).record.state == "failed"
    last = events_of(store, run.id)[-1]
    assert (last["event"], last["code"], last["count"]) == ("failed", "runs.changed_since", 1)
    assert len(events_of(store, run.id)) == len(before) + 1
    # Put back as it was, it goes on all the same.
    write_counted(tmp_path)
    check_whole(store, named, run.id, list(store.resume(run.id).events()))


def test_other_instruments_are_refused(store: Store, tmp_path: Path) -> None:
    named = write_counted(tmp_path)
    run = store.backtest(named, universe="all", executor="serial")
    next(iter(run))
    run.close()
    with sqlite3.connect(store.home / "runs.db") as database:
        database.execute("UPDATE runs SET key_data = zeroblob(32) WHERE run = ?", (run.id,))
    database.close()
    with pytest.raises(ChangedSinceError, match="the list of its instruments"):
        store.resume(run.id)


def test_a_complete_run_without_events_says_where_its_results_are(store: Store) -> None:
    run = store.backtest("RsiReversion", **ASKED).wait()
    assert house_of(store).log.prune(before=run.record.created_at + 1, keep=0) > 0
    with pytest.raises(ResumeError, match=f"tapehead show {run.short}"):
        store.resume(run.id)
    with pytest.raises(UnknownRunError):
        store.resume("ZZZZ")


def test_a_cancelled_run_however_old_keeps_its_events_and_goes_on_whole(store: Store, tmp_path: Path) -> None:
    named = write_counted(tmp_path)
    run = store.backtest(named, executor="serial", **ASKED)
    next(iter(run))
    run.close()
    assert house_of(store).log.prune(before=run.record.created_at + 1, keep=0) == 0
    check_whole(store, named, run.id, list(store.resume(run.id).events()))


def test_a_run_of_which_nothing_came_is_kept_on_wish(store: Store, tmp_path: Path) -> None:
    named = write_strategy(tmp_path / "bad.py", "raise ValueError('odd')\n")
    for keep in (False, True):
        run = store.backtest(named, keep_failed=keep, **ASKED)
        told = list(run.events())
        number, event = told[-1]
        assert isinstance(event, Failed)
        assert (event.code, number > 0) == ("strategy.failed", keep)
    assert [record.state for record in store.runs()] == ["failed"]
    assert events_of(store, run.id)[-1]["id"] == f"{run.id}/{number}"
    again = [event for _, event in store.resume(run.id, keep_failed=True).events()]
    assert isinstance(again[-1], Failed)


def test_what_breaks_a_run_ends_it_as_failed(store: Store) -> None:
    class Broken:
        kind, why, lost, workers = "broken", "on purpose", (), 1

        def map(self, *_args: Any, **_named: Any) -> Iterator[Any]:
            raise ZeroDivisionError("the executor broke")

    run = store.backtest("RsiReversion", executor=Broken(), **ASKED)  # type: ignore[arg-type]  # broken on purpose
    with pytest.raises(ZeroDivisionError):
        list(run.events())
    assert run.record.state == "failed"
    assert events_of(store, run.id)[-1]["text"] == "the executor broke"
    run.fail("internal", "said twice")
    assert [event["event"] for event in events_of(store, run.id)] == ["started", "failed"]
    done = [event for _, event in store.resume(run.id).events()][-1]
    assert isinstance(done, Completed)


def test_the_owner_says_that_a_run_failed(store: Store) -> None:
    run = store.backtest("RsiReversion", **ASKED).start()
    run.fail("internal", "it broke")
    assert run.record.state == "failed"
    last = events_of(store, run.id)[-1]
    assert (last["event"], last["code"], last["text"]) == ("failed", "internal", "it broke")


def test_a_place_in_the_queue_is_said_only_where_there_is_one() -> None:
    assert "queued" not in Progress("R", 0, 9, 0, 0.0).body()
    assert Progress("R", 0, 9, 0, 0.0, queued=3).body()["queued"] == 3
