"""backtest: events numbered and logged before they are told, results kept in order of completion, every way to end."""

import hashlib
import json
import os
import pickle
import signal
import struct
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tapehead.errors import DatabaseAwayError, SuspendedRunError
from tapehead.jobs.replay import replay
from tapehead.library.store import Store
from tapehead.model.events import Cancelled, Completed, Result, Started, to_bytes
from tapehead.ports.work import Failure, Task
from tests.unit.library.market import RSI_BODY, columns_of, house_of, open_market, write_strategy
from tests.unit.stores.processes import rest_of

ASKED: dict[str, Any] = {"universe": "crypto", "fee": "10bps"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_market(tmp_path / "home", symbols=8) as store:
        yield store


def digest_by_hand(run: str, database: Path) -> str:
    """The digest of the contract from what runs.db holds, with nothing of the package."""
    import sqlite3

    widths = {"i1": 1, "i4": 4, "f8": 8, "u1": 1, "b1": 1}
    columns = "side:i1 entry_bar:i4 exit_bar:i4 entry_price:f8 exit_price:f8 quantity:f8 fees:f8 profit:f8 worst:f8 "
    columns += "best:f8 reason:u1 ambiguous:b1 across_gap:b1 decision_bar:i4 entry_wanted:f8 exit_wanted:f8 "
    columns += "slippage:f8 borrow:f8 shortfall:f8 stop:f8 target:f8 trail:f8 other_price:f8 fills:i4 tag:i4"
    counted = ["side", "entry_bar", "exit_bar", "entry_price", "exit_price", "quantity", "fees", "profit", "reason"]
    with sqlite3.connect(database) as connection:
        rows = connection.execute(
            "SELECT instrument, interval, parameters, metrics, final_equity, trades FROM results WHERE run = ?", (run,)
        ).fetchall()
    connection.close()
    lines = []
    for instrument, interval, parameters, metrics, final, marked in rows:
        assert marked[:1] in (b"", b"\x02")
        trades = marked[1:]
        n = len(trades) // sum(widths[each.split(":")[1]] for each in columns.split())
        parts, at = {}, 0
        for each in columns.split():
            name, kind = each.split(":")
            parts[name] = trades[at : at + n * widths[kind]]
            at += n * widths[kind]
        assert at == len(trades)
        told = json.loads(metrics)
        named = {"instrument": instrument, "interval": interval, "parameters": json.loads(parameters)}
        first = json.dumps(named, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        second = hashlib.sha256(b"".join(parts[name] for name in counted)).hexdigest()
        numbers = [struct.pack(">d", x).hex() for x in (final, told["max_drawdown"], told["fees_paid"])]
        order = (instrument.encode(), interval.encode(), parameters.encode())
        lines.append((order, " ".join([first, second, *numbers]) + "\n"))
    return hashlib.sha256("".join(line for _, line in sorted(lines)).encode()).hexdigest()


def test_events_are_in_the_log_before_they_are_told(store: Store) -> None:
    log = house_of(store).log
    run = store.backtest("RsiReversion", **ASKED)
    told = []
    for number, event in run.events():
        kept = log.read(event.run, 0, 10_000)
        assert [each for each, _ in kept[:number]] == list(range(1, number + 1))
        assert kept[number - 1] == (number, to_bytes(event, number))
        assert json.loads(kept[number - 1][1])["id"] == f"{event.run}/{number}"
        if isinstance(event, Result):
            saved = house_of(store).runs.result(event.run, event.result.instrument)
            assert saved is not None
            assert saved.metrics == event.result.metrics
        told.append(event)
    assert isinstance(told[0], Started)
    assert (told[0].total, told[0].snapshot) == (8, 1)
    assert isinstance(told[-1], Completed)
    assert (told[-1].count, told[-1].failed, told[-1].bars) == (8, 0, 16_000)
    assert sum(isinstance(event, Result) for event in told) == 8
    assert [each for _, each in replay(log, run.id)] == [to_bytes(event, n) for n, event in enumerate(told, 1)]


def test_the_digest_is_that_of_the_contract(store: Store) -> None:
    for strategy in ("RsiReversion", "SmaCross", "BuyAndHold"):
        run = store.backtest(strategy, **ASKED)
        done = [event for _, event in run.events()][-1]
        assert isinstance(done, Completed)
        assert done.digest == digest_by_hand(run.id, store.home / "runs.db")
        assert run.receipt is not None
        assert run.receipt.digest == done.digest
        assert done.receipt == run.receipt.key.receipt()
        assert set(run.receipt.segments) == {f"test:S{k:02}" for k in range(8)}


def test_a_run_asked_for_again_is_answered_from_what_is_kept(store: Store) -> None:
    first = [event for _, event in store.backtest("RsiReversion", **ASKED).events()]
    again = store.backtest("RsiReversion", fill="next_open", **ASKED)
    second = [event for _, event in again.events()]
    fresh = [event for _, event in store.backtest("RsiReversion", fresh=True, **ASKED).events()]
    for done in (first[-1], second[-1], fresh[-1]):
        assert isinstance(done, Completed)
        assert done.digest == first[-1].digest
    assert [event.reused for event in (first[-1], second[-1], fresh[-1])] == [False, True, False]
    assert second[0].run == first[0].run
    assert fresh[0].run != first[0].run
    assert len(store.runs()) == 2
    old = {e.result.instrument: e.result for e in first if isinstance(e, Result)}
    new = {e.result.instrument: e.result for e in second if isinstance(e, Result)}
    assert {name: each.trades.to_bytes() for name, each in old.items()} == {
        name: each.trades.to_bytes() for name, each in new.items()
    }


def test_what_differs_is_computed(store: Store) -> None:
    store.backtest("RsiReversion", **ASKED).wait()
    for changes in ({"period": 15}, {"slippage": "1bps"}, {"end": "2021-03-01"}):
        run = store.backtest("RsiReversion", **{**ASKED, **changes})
        done = [event for _, event in run.events()][-1]
        assert isinstance(done, Completed)
        assert not done.reused
    assert len(store.runs()) == 4


def test_a_run_with_a_failure_is_never_answered_from(store: Store, tmp_path: Path) -> None:
    named = write_strategy(tmp_path / "odd.py", "if bars.series.symbol == 'S03':\n    raise ValueError\n" + RSI_BODY)
    for _ in range(2):
        done = [event for _, event in store.backtest(named, **ASKED).events()][-1]
        assert isinstance(done, Completed)
        assert (done.reused, done.count, done.failed) == (False, 7, 1)


def test_results_come_as_they_finish(store: Store, tmp_path: Path) -> None:
    slow = "if bars.series.symbol == 'S00':\n    time.sleep(1.0)\n" + RSI_BODY
    named = write_strategy(tmp_path / "slow.py", slow)
    order = [result.instrument for result in store.backtest(named, workers=2, **ASKED)]
    assert sorted(order) == [f"test:S{k:02}" for k in range(8)]
    assert order[-1] == "test:S00"


def check_cancelled(store: Store, run: str, count: int) -> None:
    record = house_of(store).runs.record(run)
    assert (record.state, record.count, record.receipt) == ("cancelled", count, None)
    last = json.loads(list(replay(house_of(store).log, run))[-1][1])
    assert (last["event"], last["count"]) == ("cancelled", count)
    assert str(count) in last["text"]
    kept = store.run(run)
    assert len(kept.results()) == count
    assert [result.trades is not None for result in kept] == [True] * count


def test_cancel_keeps_what_is_finished(store: Store, tmp_path: Path) -> None:
    named = write_strategy(tmp_path / "slow.py", "time.sleep(0.05)\n" + RSI_BODY)
    run = store.backtest(named, workers=1, **ASKED)
    seen = 0
    for result in run:
        seen += 1
        if seen == 2:
            run.cancel()
        assert result.trades is not None
    assert 2 <= seen < 8
    check_cancelled(store, run.id, seen)
    assert not [record for record in store.runs() if record.state == "running"]


def test_cancel_from_another_thread(store: Store, tmp_path: Path) -> None:
    named = write_strategy(tmp_path / "slow.py", "time.sleep(0.1)\n" + RSI_BODY)
    run = store.backtest(named, workers=1, **ASKED)
    timer = threading.Timer(0.25, run.cancel)
    timer.start()
    events = [event for _, event in run.events()]
    timer.join()
    assert isinstance(events[-1], Cancelled)
    assert events[-1].code == "run.cancelled"
    check_cancelled(store, run.id, events[-1].count)


def test_a_cancel_after_the_last_result_changes_nothing(store: Store) -> None:
    run = store.backtest("RsiReversion", **ASKED)
    for seen, _ in enumerate(run, 1):
        if seen == 8:
            run.cancel()
    assert run.record.state == "completed"


@pytest.mark.parametrize("executor", ["threads", "serial"])
def test_a_reader_that_leaves_keeps_what_it_saw(store: Store, executor: str) -> None:
    run = store.backtest("RsiReversion", executor=executor, **ASKED)
    for seen, _ in enumerate(run, 1):
        if seen == 3:
            break
    run.close()
    check_cancelled(store, run.id, 3)
    done = [event for _, event in store.backtest("RsiReversion", **ASKED).events()][-1]
    assert isinstance(done, Completed)
    assert not done.reused


def test_a_run_that_is_dropped_ends(store: Store) -> None:
    run = store.backtest("RsiReversion", **ASKED)
    iterator = iter(run)
    next(iterator)
    name = run.id
    del iterator, run
    check_cancelled(store, name, 1)


def test_reading_can_be_taken_up_again(store: Store) -> None:
    run = store.backtest("RsiReversion", **ASKED)
    first = [result.instrument for result, _ in zip(run, range(3), strict=False)]
    rest = [result.instrument for result in run]
    assert len(first) == 3
    assert sorted(rest) == [f"test:S{k:02}" for k in range(8)]
    assert run.record.state == "completed"


def test_two_runs_can_be_read_by_turns(store: Store, tmp_path: Path) -> None:
    named = write_strategy(tmp_path / "one.py", RSI_BODY)
    runs = [store.backtest(named, period=period, **ASKED) for period in range(5, 15)]
    iterators = [iter(run) for run in runs]
    for _ in range(8):
        for iterator in iterators:
            next(iterator)
    for period, run in zip(range(5, 15), runs, strict=True):
        run.wait()
        alone = store.backtest(named, period=period, fresh=True, **ASKED).wait()
        assert run.receipt is not None
        assert alone.receipt is not None
        assert run.receipt.digest == alone.receipt.digest


def test_work_travels_between_processes(store: Store) -> None:
    from tapehead.jobs.plan import Code, make_plan
    from tapehead.model.spec import RunSpec
    from tapehead.ports.work import Results, Task
    from tapehead.wiring.plugins import engine_digest, load_strategy
    from tapehead.wiring.worker import WorkerContext, work

    house = house_of(store)
    spec = RunSpec("RsiReversion", {"period": 14, "oversold": 30.0, "overbought": 70.0}, "1h", universe="crypto")
    code = Code(load_strategy("RsiReversion").source, engine_digest())
    plan = make_plan(house.bars, house.shelf, spec, code, warm=0, snapshot=None)
    context = WorkerContext("token", house.settings, plan, ("RsiReversion",))
    tasks = [Task("0" * 26, item.series, 0, 1) for item in plan.items]
    (store.home.parent / "work").write_bytes(pickle.dumps((partial(work, context), tasks)))
    text = (
        "import pickle, sys\nwork, tasks = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print([r.decisions.hex() for task in tasks for r in work(task).results])\n"
    )
    words = [sys.executable, "-W", "error", "-c", text, str(store.home.parent / "work")]
    told = subprocess.run(words, capture_output=True, text=True, check=True)
    here = [work(context, task) for task in tasks]
    want = [outcome.results[0].decisions.hex() for outcome in here if isinstance(outcome, Results)]
    assert told.stdout.strip() == str(want)


# A shell that starts the tests in the background lets their children ignore Ctrl-C; a terminal does not.
INTERRUPTED = """
import signal
import sys
import tapehead as th

signal.signal(signal.SIGINT, signal.default_int_handler)

store = th.open(sys.argv[1])
run = store.backtest(sys.argv[2], universe="crypto", workers=1)
for result in run:
    print(result.instrument, flush=True)
"""


def write_held(folder: Path) -> str:
    """Write a strategy that answers twice, and then only when the file `go` is there: no clock decides the test."""
    held = f"""\
        import os
        kind = type(self)
        kind.calls = getattr(kind, "calls", 0) + 1
        while kind.calls > 2 and not os.path.exists({str(folder / "go")!r}):
            time.sleep(0.02)
    """
    return write_strategy(folder / "held.py", textwrap.dedent(held) + RSI_BODY)


def test_ctrl_c_in_a_script_keeps_what_is_finished(store: Store, tmp_path: Path) -> None:
    named = write_held(tmp_path)
    words = [sys.executable, "-c", INTERRUPTED, str(store.home), named]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    seen = [process.stdout.readline(), process.stdout.readline()]
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    (tmp_path / "go").touch()
    rest, error = rest_of(process)
    assert process.returncode in (130, -signal.SIGINT)
    assert "KeyboardInterrupt" in error
    check_cancelled(store, store.runs()[0].run, len(seen) + len(rest.splitlines()))


def test_kill_9_keeps_what_was_told_and_leaves_the_run_unfinished(store: Store, tmp_path: Path) -> None:
    named = write_held(tmp_path)
    words = [sys.executable, "-c", INTERRUPTED, str(store.home), named]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = [process.stdout.readline().strip() for _ in range(2)]
    os.kill(process.pid, signal.SIGKILL)
    rest_of(process)
    (tmp_path / "go").touch()
    record = store.runs()[0]
    assert record.state == "running"
    assert set(told) <= {result.instrument for result in store.run(record.run).results()}
    done = [event for _, event in store.backtest(named, universe="crypto").events()][-1]
    assert isinstance(done, Completed)
    assert not done.reused


def test_the_file_is_read_when_the_run_is_asked_for(store: Store, tmp_path: Path) -> None:
    named = write_strategy(tmp_path / "mine.py", RSI_BODY)
    run = store.backtest(named, **ASKED)
    write_strategy(tmp_path / "mine.py", "raise ValueError('edited meanwhile')\n")
    made = {result.instrument: result.decisions for result in run}
    assert made == {result.instrument: result.decisions for result in store.backtest("RsiReversion", **ASKED)}


def test_an_import_between_plan_and_reading_changes_nothing(store: Store) -> None:
    from tapehead.model.instrument import Instrument
    from tests.unit.library.market import put

    run = store.backtest("RsiReversion", **ASKED)
    put(house_of(store), [(Instrument("test", "S00"), columns_of(2_000, seed=50))])
    run.wait()
    want = store.backtest("RsiReversion", snapshot=1, fresh=True, **ASKED).wait()
    assert run.receipt is not None
    assert want.receipt is not None
    assert run.receipt.digest == want.receipt.digest
    assert run.receipt.digest != store.backtest("RsiReversion", **ASKED).wait().receipt.digest


class Several:
    """An executor that does tasks one by one and tells of several at once; the third one cannot reach its store."""

    kind, workers, why, lost = "serial", 1, "by hand", ()

    def __init__(self, away: str = "") -> None:
        self.away = away

    def map(self, work: Any, tasks: Any, **_named: Any) -> Iterator[Any]:
        return ((task, work(task)) for task in tasks)

    def map_groups(self, work: Any, tasks: Any, *, most: int, **_named: Any) -> Iterator[Any]:
        every = list(tasks)
        for at in range(0, len(every), most):
            yield [
                (task, work(task)) if task.series.symbol != self.away else _away(task) for task in every[at : at + most]
            ]


def _away(task: Task) -> tuple[Task, Failure]:
    return task, Failure(DatabaseAwayError.code, "gone")


def kept_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have the store keep several results at once; return the names of the commits to come."""
    commits: list[str] = []
    runs = house_of(store).runs
    plain = runs.together

    def together(what: str) -> AbstractContextManager[None]:
        commits.append(what)
        return plain(what)

    monkeypatch.setattr(runs, "at_once", 3)
    monkeypatch.setattr(runs, "together", together)
    return commits


def test_results_that_are_there_are_kept_together_and_told_as_if_one_by_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one = store.backtest("RsiReversion", executor="serial", **ASKED).wait()
    commits = kept_at_once(store, monkeypatch)
    run = store.backtest("RsiReversion", executor=Several(), fresh=True, **ASKED)  # type: ignore[arg-type]  # by hand
    told = list(run.events())
    assert [what.startswith("results of") for what in commits].count(True) == 3
    assert [number for number, _ in told] == list(range(1, len(told) + 1))
    log = replay(house_of(store).log, run.id)
    assert [data for _, data in log] == [to_bytes(event, number) for number, event in told]
    results = [event.result.instrument for _, event in told if isinstance(event, Result)]
    assert results == sorted(results)
    assert run.receipt.digest == one_by_one.receipt.digest  # type: ignore[union-attr]  # both are completed


def test_what_came_before_a_store_that_is_away_is_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_at_once(store, monkeypatch)
    run = store.backtest("RsiReversion", executor=Several("S04"), **ASKED)  # type: ignore[arg-type]  # by hand
    with pytest.raises(SuspendedRunError):
        run.wait()
    assert run.record.state == "running"
    assert sorted(each.instrument for each in run.results()) == [f"test:S{k:02}" for k in range(4)]
    whole = store.resume(run.id, executor="serial").wait()
    assert len(whole.results()) == 8
