"""`tapehead store rows` as a person types it, and a run on edited rows against one on the same bars in a folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.bars import Bars
from tapehead.testing.samples import Columns, sample_columns, sample_series


def told(url: str, *words: str, code: int = 0) -> str:
    """What a command prints, or what it complains of where it ends with another code."""
    command = [sys.executable, "-m", "tapehead", "--home", url, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "80"})
    assert done.returncode == code, done.stderr
    return done.stdout if code in (0, 1) else done.stderr


def filled(store: Store, columns: Columns) -> None:
    """Append bars of one instrument."""
    series = sample_series()
    ts, *values, _ = columns.values()
    named = {"interval": series.interval, "symbol": series.symbol, "venue": series.venue}
    store.append(Bars.from_arrays(ts, *values, **named), kind="crypto")


def test_rows_are_switched_on_edited_checked_and_switched_off(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
    columns = sample_columns(600)
    with open_store(postgres) as server:
        filled(server, columns)
        assert "600 rows written to tapehead.bars." in told(postgres, "store", "rows", "on", "AAA", "--interval", "1h")
        rsi = {"period": 5, "fee": "10bps"}
        before = server.backtest("RsiReversion", symbols="AAA", **rsi)
        list(before)
        with psycopg.connect(postgres) as link:
            link.execute("UPDATE tapehead.bars SET high = high + 50, close = close + 50 WHERE volume < 20")
        for name in ("high", "close"):
            columns[name][columns["volume"] < 20] += 50
        # The store was open before: the next run sees the edit.
        after = server.backtest("RsiReversion", symbols="AAA", **rsi)
        list(after)
        with open_store(tmp_path / "folder") as folder:
            filled(folder, columns)
            same = folder.backtest("RsiReversion", symbols="AAA", **rsi)
            list(same)
            digests = [run.record.receipt and run.record.receipt.digest for run in (before, after, same)]
            assert digests[0] != digests[1] == digests[2]
    assert "test:AAA  1h" in told(postgres, "store", "rows", "list")
    assert "Nothing is wrong" in told(postgres, "store", "verify", "--rows")
    with psycopg.connect(postgres, options="-c search_path=tapehead") as link:
        link.execute("ALTER TABLE bars DETACH PARTITION bars_2021_01")
    assert "store rows rebuild AAA" in " ".join(told(postgres, "store", "verify", "--rows", code=1).split())
    assert "segments are those of the rows" in told(postgres, "store", "rows", "rebuild", "--all")
    document = json.loads(told(postgres, "--json", "store", "rows", "upkeep", "--ahead", "1"))
    assert document["schema"] == "tapehead.store/1"
    assert document["rows"]["ahead_months"] == 1
    assert "1 series have no rows any more." in told(postgres, "store", "rows", "off", "AAA")
    assert "give one of the three" in told(postgres, "store", "rows", "on", code=2)
    folder_says = told(str(tmp_path / "folder"), "store", "rows", "list", code=2)
    assert "a store in a folder holds segments alone" in folder_says
