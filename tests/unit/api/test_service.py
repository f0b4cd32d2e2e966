"""The service takes up what a dead process left, also after its database could not be read for a while."""

import logging
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

import tapehead as th
from tapehead.api import service as rooms
from tapehead.model.result import RunId


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
