"""The service takes up what a dead process left, also after its database could not be read for a while."""

import logging
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest

import tapehead as th
from tapehead.api import service as rooms
from tapehead.api.measure.times_of import times_of
from tapehead.errors import HeldRunError
from tapehead.model.result import RunId
from tapehead.ports.runs import Rows


def test_runs_are_looked_for_again_after_the_database_could_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rooms, "RECOVER_EVERY_S", 0.01)
    with th.open(tmp_path) as store:
        service = rooms.Service(store, workers=1)
        asked, again = 0, threading.Event()

        def unfinished() -> Sequence[RunId]:
            nonlocal asked
            asked += 1
            if asked == 1:
                raise sqlite3.OperationalError("disk I/O error")
            again.set()
            return ()

        monkeypatch.setattr(store.house.runs, "unfinished", unfinished)
        with caplog.at_level(logging.ERROR, logger="tapehead"):
            service.open()
            try:
                assert again.wait(30)
            finally:
                service.close()
        assert "runs could not be looked after" in caplog.text


def test_events_of_old_runs_are_let_go_and_their_results_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "KEPT_RUNS", 1)
    monkeypatch.setattr(rooms, "RECOVER_EVERY_S", 0.01)
    with th.open(tmp_path) as store:
        store.demo(instruments=2, years=1)
        old, new = (store.backtest(name, universe="demo").wait() for name in ("SmaCross", "RsiReversion"))
        log = store.house.log
        service = rooms.Service(store, workers=1, event_days=0)
        service.open()
        try:
            end = time.monotonic() + 60
            while log.last(old.id) and time.monotonic() < end:
                time.sleep(0.01)
        finally:
            service.close()
        assert (log.last(old.id), log.last(new.id) > 0) == (0, True)
        assert [result.line() for result in store.run(old.id).results()] == [each.line() for each in old.results()]
        # A run without events cannot answer for another one.
        assert not store.backtest("SmaCross", universe="demo").kept
        assert store.backtest("RsiReversion", universe="demo").kept


def test_a_run_that_nobody_works_on_is_cancelled_and_not_taken_up(tmp_path: Path) -> None:
    with th.open(tmp_path) as store:
        store.demo(instruments=3, years=1)
        run = store.backtest("SmaCross", universe="demo", executor="serial")
        next(iter(run))
        service = rooms.Service(store, workers=1)
        try:
            with pytest.raises(HeldRunError):
                service.cancel(run.id)
            run.suspend()
            run.close()
            assert [*store.house.runs.unfinished()] == [run.id]
            assert service.cancel(run.id)
            # Taken up by the look that found it before it was cancelled.
            service.resume(run.id, left=True)
            assert (service.active(run.id), store.run(run.id).record.state) == (False, "cancelled")
            last = orjson.loads(store.house.log.read(run.id, store.house.log.last(run.id) - 1, 1)[0][1])
            assert (last["event"], last["code"], last["count"]) == ("cancelled", "run.cancelled", 1)
            assert not service.cancel(run.id)
        finally:
            service.close()
        # Who wants it after all goes on with it.
        assert store.resume(run.id).wait().record.count == 3


def test_how_far_a_run_is_is_told_without_reading_all_that_it_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with th.open(tmp_path) as store:
        store.demo(instruments=2, years=1)
        log, read, asked = store.house.log, store.house.log.read, []

        def counted(run: RunId, after: int, limit: int, *, tiles: bool = False) -> Rows:
            asked.append(limit)
            return read(run, after, limit, tiles=tiles)

        service = rooms.Service(store, workers=1)
        try:
            run = service.begin(["SmaCross"], {"universe": "demo", "symbols": None}).run
            monkeypatch.setattr(log, "read", counted)
            times = times_of(store.house, service.measure.runs, run)
            assert (times.state, times.total, asked) == ("waiting", 2, [1])
        finally:
            service.close()
