"""`tapehead undo` and `tapehead store` on a real store: what they say, their documents, their exit codes."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tapehead.cli.main import main
from tests.acceptance.program import Ended, write_bars

Tapehead = Callable[..., Ended]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with three instruments, and a second import that changes a bar of one of them and adds one."""
    folder = tmp_path_factory.mktemp("made")
    bars = write_bars(folder / "binance")
    assert main(["--home", str(folder / "home"), "-q", "import", str(bars)]) == 0
    edited = bars / "ETHUSDT.csv"
    lines = edited.read_text().splitlines()
    fields = lines[100].split(",")
    lines[100] = ",".join([*fields[:2], "99999.5", *fields[3:]])
    edited.write_text("\n".join([*lines, "1640991600000,1,2,0.5,1.5,7"]) + "\n")
    assert main(["--home", str(folder / "home"), "-q", "import", str(edited)]) == 0
    return folder / "home"


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def tapehead(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Tapehead:
    """Run words in a window of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.delenv("TAPEHEAD_HOME", raising=False)
    capfd.readouterr()

    def run(*words: str | Path, home: Path) -> Ended:
        code = main(["--home", str(home), *map(str, words)])
        return Ended(code, *capfd.readouterr())

    return run


def blocks(home: Path, snapshot: int) -> list[tuple[Any, ...]]:
    """Return period and data hash of all that a snapshot holds, from the database itself."""
    with sqlite3.connect(f"{home.joinpath('bars.db').as_uri()}?mode=ro", uri=True) as connection:
        rows = connection.execute(
            "SELECT venue, symbol, interval_us, period, hex(data) FROM segments JOIN series ON series.id = series "
            "WHERE since <= ? AND (until IS NULL OR until > ?) ORDER BY 1, 2, 3, 4",
            (snapshot, snapshot),
        ).fetchall()
    connection.close()
    return rows


def test_an_import_is_taken_back_and_brought_back_bit_for_bit(tapehead: Tapehead, home: Path) -> None:
    before, after = blocks(home, 1), blocks(home, 2)
    done = tapehead("undo", "2", home=home)
    assert done.code == 0, done.err
    assert "Commit 2 (import ETHUSDT.csv" in done.out
    assert "undo 3" in done.out
    assert blocks(home, 3) == before
    assert tapehead("store", "diff", "1", "3", home=home).out == "From snapshot 1 to 3: nothing differs.\n"
    assert tapehead("undo", "3", home=home).code == 0
    assert blocks(home, 4) == after
    again = tapehead("undo", "1", home=home)
    assert (again.code, again.out) == (2, "")
    assert "tapehead --home" in again.err
    assert "undo 4" in again.err
    log = tapehead("store", "log", "--json", home=home).document["log"]
    assert [(one["commit"], one["kind"], one["undoes"], one["undone_by"]) for one in log] == [
        (4, "undo", 3, None),
        (3, "undo", 2, 4),
        (2, "import", None, 3),
        (1, "import", None, None),
    ]


def test_the_log_shows_the_report_of_an_import_again(tapehead: Tapehead, home: Path) -> None:
    listed = tapehead("store", "log", home=home)
    assert [line.split()[0] for line in listed.out.splitlines()] == ["commit", "2", "1"]
    assert all(len(line) <= 80 for line in listed.out.splitlines())
    one = tapehead("store", "log", "1", "--json", home=home).document
    assert one["report"]["schema"] == "tapehead.import/1"
    assert one["report"]["total"]["rows"] == 8_088
    shown = tapehead("store", "log", "1", home=home)
    assert "ETHUSDT.csv   2,988 rows" in shown.out
    assert "bar missing, 1 hole" in shown.out
    gone = tapehead("store", "log", "9", home=home)
    assert gone.code == 2
    assert "1 to 2" in gone.err


def test_a_difference_names_the_bars_with_both_values(tapehead: Tapehead, home: Path) -> None:
    shown = tapehead("store", "diff", "1", "2", home=home)
    assert "binance:ETHUSDT 1h   bars: 1 added, 1 changed" in shown.out
    assert "to 99999.5" in shown.out
    series = tapehead("store", "diff", "2", "1", "--json", home=home).document["diff"]["series"]
    assert [(one["added"], one["removed"], one["changed"]) for one in series] == [(0, 1, 1)]
    (first,) = series[0]["first"]
    assert first["before"]["high"] == 99999.5
    assert first["after"]["close"] == first["before"]["close"]
    whole = tapehead("store", "diff", "0", "2", "--json", home=home).document["diff"]
    assert (whole["total"]["added"], len(whole["instruments"])) == (8_089, 3)
    assert tapehead("store", "diff", "2", "2", home=home).out == "From snapshot 2 to 2: nothing differs.\n"
    assert tapehead("store", "diff", "1", "7", home=home).code == 2


def test_gc_keeps_what_a_kept_run_was_made_on(tapehead: Tapehead, home: Path) -> None:
    run = tapehead("backtest", "BuyAndHold", "--symbols", "ETHUSDT", "--snapshot", "1", "--json", home=home)
    assert run.code == 0, run.err
    kept = tapehead("store", "gc", "--keep", "0d", "--json", home=home).document["gc"]
    assert (kept["snapshots"], kept["segments"]) == (0, 0)
    assert tapehead("verify", run.events[-1]["run"], home=home).out.startswith("identical")
    assert tapehead("runs", "rm", run.events[-1]["run"], home=home).code == 0
    trial = tapehead("store", "gc", "--keep", "0d", "--dry-run", "--json", home=home).document["gc"]
    swept = tapehead("store", "gc", "--keep", "0d", "--json", home=home).document["gc"]
    assert {**trial, "dry_run": False} == swept
    assert (swept["snapshots"], swept["segments"], swept["orphans"]) == (1, 1, 0)
    assert swept["size_bytes"] > 1_000
    for words in (("backtest", "BuyAndHold", "--snapshot", "1"), ("store", "diff", "1", "2"), ("undo", "2")):
        refused = tapehead(*words, home=home)
        assert (refused.code, "back" in refused.err) == (2, True), refused.err
    assert tapehead("store", "verify", "--rows", home=home).code == 0
    assert tapehead("store", "gc", "--keep", "soon", home=home).code == 2


def test_a_flipped_byte_is_found_and_healed_by_what_a_cache_still_has(tapehead: Tapehead, home: Path) -> None:
    assert tapehead("backtest", "BuyAndHold", "--symbols", "BTCUSDT,ETHUSDT,SOLUSDT", home=home).code == 0
    for path in home.glob("segments/*/*.parquet"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(bytes(content))
    found = tapehead("store", "verify", "--json", home=home)
    assert found.code == 1
    assert {one["what"] for one in found.document["verify"]["findings"]} == {"damaged"}
    told = tapehead("store", "verify", home=home)
    assert "verify --heal" in told.out
    assert "binance:ETHUSDT 1h 2021" in " ".join(told.out.split())
    healed = tapehead("store", "verify", "--heal", home=home)
    # The first version of ETHUSDT is in no cache: only an old snapshot names it.
    assert healed.code == 1
    assert healed.out.count("Healed:") == 3
    left = tapehead("store", "verify", "--rows", "--json", home=home).document["verify"]["findings"]
    assert ["binance:ETHUSDT" in one["text"] for one in left] == [True]
    assert tapehead("store", "gc", "--keep", "0d", home=home).code == 0
    assert "Nothing is wrong: 3 segments" in tapehead("store", "verify", "--rows", home=home).out


def test_sizes_and_counts(tapehead: Tapehead, home: Path) -> None:
    stats = tapehead("store", "stats", "--json", home=home).document["stats"]
    assert (stats["snapshot"], stats["commits"], stats["instruments"], stats["bars"]) == (2, 2, 3, 8_089)
    files = {path.stem.upper(): path.stat().st_size for path in home.glob("segments/*/*.parquet")}
    named = {row[4] for row in blocks(home, 2)}
    assert stats["segment_bytes"] == sum(size for name, size in files.items() if name in named)
    assert stats["kept_bytes"] == sum(size for name, size in files.items() if name not in named)
    assert 40 < stats["csv_bytes_per_bar"] < 80
    assert stats["roll_ups"] == 0
    assert "bars" in tapehead("bars", "BTCUSDT", "--interval", "1d", home=home).out
    after = tapehead("store", "stats", "--json", home=home).document["stats"]
    assert (after["roll_ups"], after["roll_ups_behind"]) == (1, 0)
    assert after["roll_up_bars"] > 100
    assert "daily or weekly bars, all up to date" in tapehead("store", "stats", home=home).out
    assert all(len(line) <= 80 for line in tapehead("store", "stats", home=home).out.splitlines()[1:])
    with sqlite3.connect(home / "bars.db") as connection:
        connection.execute('UPDATE coverage SET "rows" = 5 WHERE series = 1')
    connection.close()
    assert "store recount" in " ".join(tapehead("store", "verify", home=home).out.split())
    assert tapehead("store", "recount", "--json", home=home).document["recount"] == {"wrong": 1}
    assert tapehead("store", "verify", home=home).code == 0
    rows = tapehead("--json", "instruments", home=home).document["instruments"]
    assert sum(one["rows"] for row in rows for one in row["intervals"]) == 8_089


def test_an_export_of_a_part_and_of_an_old_snapshot(tapehead: Tapehead, home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["store", "export", "-o", str(out), "--symbols", "ETHUSDT", "--format", "csv", "--snapshot", "1"]
    part = tapehead(*words, "--start", "2021-01-05", "--end", "2021-01-06", home=home)
    assert part.code == 0, part.err
    lines = (out / "binance" / "ETHUSDT-1h.csv").read_text().splitlines()
    assert lines[0].replace('"', "") == "ts,open,high,low,close,volume"
    assert [line.split(",")[0] for line in (lines[1], lines[-1])] == ["2021-01-05T00:00:00Z", "2021-01-05T23:00:00Z"]
    assert len(lines) == 25
    assert "99999.5" not in "".join(lines)
    refused = tapehead(*words, home=home)
    assert refused.code == 2
    assert "--force" in refused.err
    assert tapehead(*words, "--force", home=home).code == 0
    assert len((out / "binance" / "ETHUSDT-1h.csv").read_text().splitlines()) == 2_989
    for wrong in (["--start", "1999-01-01", "--end", "1999-02-01"], ["--compression", "lz4"], ["--symbols", "NONE"]):
        assert tapehead("store", "export", "-o", tmp_path / "none", "--format", "csv", *wrong, home=home).code == 2
    assert not (tmp_path / "none").exists()


def test_a_store_without_a_commit_answers_everything(tapehead: Tapehead, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for words in (["log"], ["stats"], ["verify", "--rows"], ["gc"], ["recount"], ["diff", "0", "0"]):
        ended = tapehead("store", *words, home=home)
        assert (ended.code, ended.err) == (0, ""), ended.err
    for words in (["undo", "1"], ["store", "log", "1"], ["store", "export", "-o", str(tmp_path / "out")]):
        ended = tapehead(*words, home=home)
        assert (ended.code, ended.out) == (2, "")
    assert not (tmp_path / "out").exists()


def test_a_forecast_says_where_nothing_is_left_to_copy(tapehead: Tapehead, home: Path, tmp_path: Path) -> None:
    asked = ("store", "promote", "--to", tmp_path / "copy")
    assert tapehead(*asked, "--dry-run", home=home).out.splitlines()[-1].endswith("iB, about a second")
    assert tapehead(*asked, home=home).code == 0
    last = tapehead(*asked, "--dry-run", home=home).out.splitlines()[-1]
    assert last == "in all    nothing to copy; comparing takes about a second"
