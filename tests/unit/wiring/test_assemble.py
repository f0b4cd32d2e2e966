"""assemble: one house a process and home; what stands in its way; executors by name; a bench that knows its code."""

import gc
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tapehead.errors import NewerFormatError, ParameterError, StrategyFileError, UnwritableHomeError
from tapehead.executors.serial import SerialExecutor
from tapehead.jobs.plan import Code, make_plan
from tapehead.layout.formats import BARS_FORMAT, RUNS_FORMAT
from tapehead.library.store import Store
from tapehead.model.spec import RunSpec
from tapehead.ports.work import Failure, Results, Task
from tapehead.settings import processors, read_settings
from tapehead.wiring import worker
from tapehead.wiring.assemble import assemble, dismantle, make_executor
from tapehead.wiring.platform import platform_facts, version_facts
from tapehead.wiring.plugins import engine_digest, load_strategy
from tapehead.wiring.worker import WorkerContext, prepare, work
from tests.unit.library.market import RSI_BODY, house_of, open_market, write_strategy


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_market(tmp_path / "home", symbols=2, rows=300) as store:
        yield store


def test_a_home_is_opened_once(tmp_path: Path) -> None:
    settings = read_settings(home=tmp_path / "home")
    house = assemble(settings)
    assert assemble(read_settings(home=tmp_path / "home")) is house
    assert assemble(read_settings({"TAPEHEAD_HOT_MB": "0"}, home=tmp_path / "home")) is not house
    dismantle(read_settings({"TAPEHEAD_HOT_MB": "0"}, home=tmp_path / "home"))
    dismantle(settings)
    dismantle(settings)
    again = assemble(settings)
    assert again is not house
    assert again.bars.head() == 0
    dismantle(settings)


def test_two_doors_into_one_home(store: Store) -> None:
    from tapehead.library.store import open as open_store

    other = open_store(store.home)
    other.close()
    assert len(store.backtest("RsiReversion", universe="crypto").wait().results()) == 2


@pytest.mark.parametrize(("name", "newest"), [("bars.db", BARS_FORMAT), ("runs.db", RUNS_FORMAT)])
def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path, name: str, newest: int) -> None:
    home = tmp_path / "home"
    open_market(home, symbols=1, rows=50).close()
    connection = sqlite3.connect(home / name)
    connection.execute(f"PRAGMA user_version = {newest + 1}")
    connection.close()
    before = (home / name).read_bytes()
    for _ in range(2):
        with pytest.raises(NewerFormatError, match=rf"{name} has format {newest + 1}.*reads up to {newest}"):
            assemble(read_settings(home=home))
    assert (home / name).read_bytes() == before


def test_a_file_where_the_home_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    for home in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UnwritableHomeError) as caught:
            assemble(read_settings(home=home))
        assert str(home) in str(caught.value)
        assert caught.value.exit_code == 3


def test_executors_by_name() -> None:
    assert isinstance(make_executor("serial", 5), SerialExecutor)
    assert make_executor("threads", 0).workers == processors()
    assert make_executor("threads", 3).workers == 3
    assert make_executor("auto", 3, cells=9, compiled=True).kind == "threads"
    assert make_executor("auto", 3, cells=9).workers == 3
    assert (make_executor("processes", 3).kind, make_executor("processes", 0).workers) == ("processes", processors())
    with pytest.raises(ParameterError, match="executor=ray: executor must be one of auto, threads, processes, serial"):
        make_executor("ray", 1)
    with pytest.raises(ParameterError, match="workers=-1"):
        make_executor("threads", -1)


def test_receipts_name_no_machine() -> None:
    facts = {**platform_facts(), **version_facts()}
    assert {"machine", "system", "python", "numpy", "numba", "tapehead"} <= set(facts)
    assert all(facts.values())
    assert "not installed" not in facts.values()


def test_a_worker_that_finds_other_code_says_so(store: Store, tmp_path: Path) -> None:
    named = write_strategy(tmp_path / "mine.py", RSI_BODY)
    house = house_of(store)
    spec = RunSpec("mine.py:Mine", {"period": 14}, "1h", universe="crypto")
    code = Code(load_strategy(named).source, engine_digest())
    plan = make_plan(house.bars, house.shelf, spec, code, warm=0, snapshot=None)
    context = WorkerContext("worker-that-wakes-late", house.settings, plan, (named,))
    write_strategy(tmp_path / "mine.py", RSI_BODY.replace("30.0", "20.0"))
    task = Task("0" * 26, plan.items[0].series, 0, 1)
    outcome = work(context, task)
    assert isinstance(outcome, Failure)
    assert outcome.code == "strategy.file"
    assert "changed after the run was planned" in outcome.text
    with pytest.raises(StrategyFileError):
        prepare(context)
    write_strategy(tmp_path / "mine.py", RSI_BODY)
    assert isinstance(work(context, task), Results)
    assert isinstance(work(WorkerContext("another", house.settings, plan, (named,), direct=True), task), Results)


def test_a_run_makes_its_bench_once_however_many_go_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    make = worker._make

    def counted(context: WorkerContext, *others: Any) -> Any:
        made.append(context.token)
        return make(context, *others)

    monkeypatch.setattr(worker, "_make", counted)
    runs = [store.backtest("SmaCross", universe="crypto", fast=2, slow=slow, fresh=True) for slow in range(3, 15)]
    for run in runs:
        run.start()
    for run in runs:
        run.wait()
    assert len(made) == len(set(made)) == len(runs)
    del run, runs
    gc.collect()
    assert not set(made) & set(worker._own)
