"""The look-ahead test of a run: after its last result, wholly once a source, in a part of the run's time afterwards."""

import itertools
import textwrap
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tapehead.jobs.lookahead import Spent, Verdict, look_ahead
from tapehead.jobs.probe import Asking
from tapehead.library.store import Store
from tapehead.model.events import Completed, Progress, Result
from tapehead.model.instrument import Instrument, Series
from tapehead.model.spec import RunKey
from tapehead.ports.work import Cancel, Failure, Task
from tapehead.simulation.compared import Change
from tapehead.simulation.lookahead import CUTS, Finding, Probed
from tapehead.testing.samples import HOUR
from tapehead.wiring.assemble import make_executor
from tests.unit.library.market import RSI_BODY, open_market, write_strategy

PEEK = """\
later = np.append(bars.close[1:], bars.close[-1])
return Signals(enter=later > bars.close, leave=later < bars.close)
"""
ASKED: dict[str, Any] = {"universe": "crypto", "fresh": True}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_market(tmp_path / "home", symbols=5, rows=900) as store:
        yield store


def mine(store: Store, body: str = RSI_BODY, name: str = "Mine") -> str:
    return write_strategy(store.home.parent / f"{name.lower()}.py", body, name)


def completed(store: Store, strategy: str, **settings: Any) -> Completed:
    *_, (_, last) = store.backtest(strategy, **{**ASKED, **settings}).events()
    assert isinstance(last, Completed)
    return last


def verdict(store: Store, strategy: str, **settings: Any) -> dict[str, Any]:
    told = completed(store, strategy, **settings).look_ahead
    assert told is not None
    return dict(told)


def test_the_verdict_counts_what_was_covered(store: Store) -> None:
    told = verdict(store, mine(store))
    assert list(told) == ["found", "cuts", "instruments", "bars", "signals", "whole"]
    assert (told["found"], told["whole"]) == (False, True)
    assert 1 <= told["instruments"] <= 5
    assert CUTS <= told["cuts"] <= CUTS * told["instruments"]
    assert 0 < told["signals"] < told["bars"] < 5 * 900


def test_a_source_is_tested_wholly_once(store: Store) -> None:
    named = mine(store)
    assert [verdict(store, named)["whole"] for _ in range(3)] == [True, False, False]
    other = verdict(store, named, period=20)
    assert (other["whole"], other["found"]) == (False, False)
    assert 1 <= other["cuts"] <= 6
    assert 1 <= other["instruments"] <= 3
    mine(store, "\n" + RSI_BODY)
    assert verdict(store, named)["whole"]


def test_strategies_of_one_file_are_tested_each(store: Store) -> None:
    # The built-in ones share a room, and so a source.
    assert verdict(store, "SmaCross")["whole"]
    assert verdict(store, "RsiReversion")["whole"]
    assert not verdict(store, "SmaCross")["whole"]


def test_a_source_that_failed_the_test_is_tested_wholly_again(store: Store) -> None:
    named = mine(store, PEEK)
    told = [verdict(store, named) for _ in range(2)]
    assert [one["found"] for one in told] == [True, True]
    assert [one["whole"] for one in told] == [True, True]


def test_what_is_found_is_named(store: Store) -> None:
    told = verdict(store, mine(store, PEEK))
    assert (told["found"], told["fault"], told["instrument"]) == (True, "look_ahead", "test:S00")
    assert told["signal"] in ("enter", "leave")
    assert told["bar"] < told["cut"]
    assert told["changed"] >= 1
    text = told["text"]
    assert (f", with {told['changed'] - 1:,} other bars" in text) is (told["changed"] > 1)
    for word in (
        "Mine knows later bars",
        "test:S00",
        told["signal"],
        told["bar"],
        told["cut"],
        "a shift by a negative",
    ):
        assert word in text
    assert str(store.home.parent / "mine.py") in text
    assert ", line 13)" in text


def test_a_strategy_that_draws_without_a_seed_is_named(store: Store) -> None:
    told = verdict(store, mine(store, "return Signals(enter=np.random.default_rng().random(len(bars)) > 0.8)\n"))
    assert (told["found"], told["fault"]) == (True, "impure")
    assert "gives other signals for the same bars" in told["text"]
    assert "without a seed" in told["text"]


def test_the_test_comes_after_the_last_result_and_is_not_in_its_time(store: Store) -> None:
    body = "type(self).asked = getattr(type(self), 'asked', 0) + 1\nassert type(self).asked <= 5\n" + RSI_BODY
    run = store.backtest(mine(store, body), executor="serial", **ASKED)
    events = [event for _, event in run.events()]
    results = [event for event in events if isinstance(event, Result)]
    done = events[-1]
    assert isinstance(done, Completed)
    # Each instrument was asked once before the test began, which could ask no more.
    assert (done.count, done.failed, len(results)) == (5, 0, 5)
    assert done.last_ms == max(event.t_ms for event in results)
    assert done.look_ahead is not None
    assert (done.look_ahead["found"], done.look_ahead["cuts"]) == (False, 0)
    assert "AssertionError" in done.look_ahead["text"]


def test_a_cancel_ends_the_test_and_costs_no_result(store: Store) -> None:
    named = mine(store)
    run = store.backtest(named, **ASKED)
    for seen, _ in enumerate(run, 1):
        if seen == 5:
            run.cancel()
    assert run.record.state == "completed"
    assert run.record.count == 5
    done = completed(store, named, fresh=False)
    assert done.reused
    assert done.look_ahead is not None
    assert done.look_ahead["stopped"] is True
    # One that was stopped is no whole test.
    assert verdict(store, named)["whole"]


def test_a_cancel_while_a_strategy_is_tested(store: Store, tmp_path: Path) -> None:
    """The sixth question is the test's first; it waits until the run is cancelled, and no other one is asked."""
    held = f"""\
        import os
        kind = type(self)
        kind.calls = getattr(kind, "calls", 0) + 1
        if kind.calls > 5:
            with open({str(tmp_path / "asked")!r}, "a") as file:
                file.write("x")
            while not os.path.exists({str(tmp_path / "go")!r}):
                time.sleep(0.01)
    """

    run = store.backtest(mine(store, textwrap.dedent(held) + RSI_BODY), workers=1, **ASKED)

    def interrupt() -> None:
        while not (tmp_path / "asked").exists():
            time.sleep(0.01)
        run.cancel()
        (tmp_path / "go").touch()

    thread = threading.Thread(target=interrupt)
    thread.start()
    *_, (_, done) = run.events()
    thread.join()
    assert isinstance(done, Completed)
    assert done.look_ahead is not None
    assert (done.count, done.look_ahead["stopped"]) == (5, True)
    # The bars once as they are, and the first cut; then it looks whether it shall stop.
    assert len((tmp_path / "asked").read_text()) == 2


def test_only_what_has_a_result_is_tested(store: Store) -> None:
    body = "if bars.series.symbol != 'S03':\n    raise ValueError\n" + RSI_BODY
    done = completed(store, mine(store, body))
    assert (done.count, done.failed) == (1, 4)
    assert done.look_ahead is not None
    assert (done.look_ahead["instruments"], done.look_ahead["cuts"]) == (1, CUTS)


def test_a_kept_run_says_what_was_found_then(store: Store) -> None:
    named = mine(store, PEEK)
    first = completed(store, named)
    again = completed(store, named, fresh=False)
    assert (first.reused, again.reused) == (False, True)
    assert again.look_ahead == first.look_ahead
    kept = store.run(first.run).look_ahead
    assert kept is not None
    assert {name: kept[name] for name in kept} == first.look_ahead
    assert kept["found"] is True


class Bench:
    """An executor's work that notes what it is asked and answers as told."""

    def __init__(self, *answers: Probed | Failure) -> None:
        self.asking: list[Asking] = []
        self.tasks: list[str] = []
        self.answers = iter(answers or itertools.repeat(Probed(8, 100, 9)))

    def __call__(self, asking: Asking) -> Any:
        self.asking.append(asking)

        def work(task: Task) -> Probed | Failure:
            self.tasks.append(task.series.symbol)
            return next(self.answers)

        return work


def plan_of(count: int, warm: int = 70, salt: bytes = b"a") -> Any:
    items = []
    for k in range(count):
        instrument = Instrument("test", f"S{k:03}")
        items.append(SimpleNamespace(instrument=instrument, series=Series("test", instrument.symbol, HOUR)))
    key = RunKey(salt * 32, b"b" * 32, b"c" * 32, b"d" * 32)
    return SimpleNamespace(items=items, warm=warm, key=key)


SLOW = Spent(60.0, 100.0, 40_000)


def run_test(bench: Bench, plan: Any, spent: Spent = SLOW, *, whole: bool = True, done: Any = None) -> Verdict:
    names = [item.instrument.name for item in plan.items] if done is None else done
    executor = make_executor("serial", 1)
    *_, last = look_ahead(executor, bench, plan, names, spent, Cancel(), whole=whole, run="R")
    return last


@pytest.mark.parametrize(("count", "tested"), [(1, 1), (48, 48), (50, 50), (51, 50), (500, 50)])
def test_up_to_fifty_instruments_once_and_three_later(count: int, tested: int) -> None:
    for whole, expected in ((True, tested), (False, min(count, 3))):
        bench = Bench()
        last = run_test(bench, plan_of(count), whole=whole)
        assert len(set(bench.tasks)) == len(bench.tasks) == expected == last.instruments
        assert last.cuts == 8 * expected
        assert bench.asking[0].cuts == (CUTS if whole else 2)
        assert len(bench.asking[0].sure) == 1


def test_an_instrument_whose_processes_were_lost_is_not_tested_and_the_others_are() -> None:
    lost = Failure("surroundings.worker", "test:S000: no process came to the end of it.")
    last = run_test(Bench(lost, *[Probed(8, 100, 9)] * 2), plan_of(3))
    assert (last.asked, last.instruments, last.cuts, last.refused) == (3, 2, 16, lost.text)


def test_later_runs_look_at_other_instruments() -> None:
    seen: set[str] = set()
    for salt in range(40):
        bench = Bench()
        run_test(bench, plan_of(60, salt=bytes([salt])), whole=False)
        seen |= set(bench.tasks)
    assert len(seen) > 30


def test_time_decides_how_much_is_asked_of_each() -> None:
    def asked(wall_s: float, us_a_bar: float, *, whole: bool = True) -> Asking:
        bench = Bench()
        run_test(bench, plan_of(48), Spent(wall_s, us_a_bar, 40_000), whole=whole)
        return bench.asking[0]

    rich, fair, poor = asked(3600.0, 0.01), asked(0.3, 0.05), asked(0.06, 0.05)
    assert (rich.tails, rich.share) == (3, 1.0)
    assert (fair.tails, poor.tails) == (1, 1)
    assert rich.share >= fair.share > poor.share
    # Whatever the time, each series lends the bars that a strategy needs before it speaks.
    assert poor.least >= 70
    later = asked(3600.0, 0.01, whole=False)
    assert (later.cuts, later.tails) == (2, 1)
    begun = Bench()
    run_test(begun, plan_of(2), Spent(100.0, 0.01, 40_000), whole=False)
    run_test(begun, plan_of(2), Spent(100.0, 0.01, 40_000), whole=True)
    # From nearly one moment on: a later test ends after a twentieth of the run, a whole one after all of it.
    assert 94 <= begun.asking[1].until - begun.asking[0].until <= 96 + 30


FOUND = Finding("look_ahead", Change("enter", 10, 10, 1, "on", "off"), 11, 0, 3_600_000_000)


def test_nothing_more_is_asked_once_something_is_found() -> None:
    bench = Bench(Probed(8, 10, 1), Probed(3, 10, 1, FOUND))
    last = run_test(bench, plan_of(30))
    assert bench.tasks == ["S000", "S001"]
    assert list(last.findings) == ["test:S001"]
    told = last.to_json("Mine", "mine.py, line 3")
    assert (told["found"], told["cuts"], told["instrument"]) == (True, 11, "test:S001")


def test_each_fault_has_its_sentence() -> None:
    def said(**changes: Any) -> str:
        last = run_test(Bench(Probed(1, 5, 1, replace(FOUND, **changes))), plan_of(1))
        return str(last.to_json("Mine", "mine.py, line 3")["text"])

    assert "enter at 1970-01-01T00:00:00Z was on and is off, when only the bars from 1970-01-01T01:00:00Z on" in said()
    assert "a shift by a negative number" in said()
    far = said(change=Change("stop_loss_at", 3, 900, 700, "1.5", "1.25"), keep=1_000)
    assert "with 699 other bars" in far
    assert "a mean, a maximum, a rank or a fit over the whole range" in far
    assert "was on, then off" in said(fault="impure")
    written = said(fault="writes_bars", change=Change("close", 7, 7, 1, "2.5", "1.0"))
    assert "close at 1970-01-01T00:00:00Z was 2.5 and is 1.0 after signals()" in written
    assert "bars.close.copy()" in written
    for text in (said(), far, said(fault="impure"), written):
        assert text.endswith("(mine.py, line 3)")


def test_a_test_of_a_long_run_tells_how_far_it_is(store: Store) -> None:
    run = store.backtest(mine(store, "time.sleep(0.12)\n" + RSI_BODY), workers=1, **ASKED)
    events = [event for _, event in run.events()]
    last = max(at for at, event in enumerate(events) if isinstance(event, Result))
    told = [event for event in events[last:] if isinstance(event, Progress)]
    assert told
    assert [event.tested is not None for event in told] == [True] * len(told)
    assert told[0].body()["look_ahead"]["total"] == 5
    assert all(event.done == event.total == 5 for event in told)
