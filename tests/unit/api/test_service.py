"""The service takes up what a dead process left, also after its database could not be read for a while."""

import logging
import sqlite3
import threading
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
        assert "unfinished runs could not be looked for" in caplog.text
