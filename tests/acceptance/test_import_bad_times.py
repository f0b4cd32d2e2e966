"""Imports that are broken off or run into bad files: nothing is written, and nothing is left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tapehead.library.store import open as open_store
from tests.acceptance.program import tapehead, write_bars

# So small a budget that the rows of two small files go through the disk.
BROKEN_OFF = """
import os, signal, sys
from functools import partial
import tapehead.library.market as market
from tapehead.library.store import open as open_store
from tapehead.sources.buckets import SpillingBuckets

# A shell that starts the tests in the background lets their children ignore Ctrl-C; a terminal does not.
signal.signal(signal.SIGINT, signal.default_int_handler)
home, bars, stage, sent = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
market.SpillingBuckets = partial(SpillingBuckets, budget_bytes=20_000)

def progress(what, rows):
    if what.startswith(stage):
        os.kill(os.getpid(), sent)

with open_store(home) as store:
    store.import_files(bars, kind="crypto", progress=progress)
"""


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    return write_bars(tmp_path / "bars", ("BTCUSDT", "ETHUSDT"))


@pytest.mark.parametrize("stage", ["reading", "writing"])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_an_import_that_is_broken_off_leaves_nothing(
    bars: Path, tmp_path: Path, stage: str, sent: signal.Signals
) -> None:
    home = tmp_path / "home"
    words = [sys.executable, "-c", BROKEN_OFF, str(home), str(bars), stage, str(int(sent))]
    ended = subprocess.run(words, check=False, capture_output=True, text=True, timeout=120)
    assert ended.returncode == -sent, ended.stderr
    with open_store(home) as store:
        assert store._house.bars.head() == 0
        assert not [path for path in home.rglob("*") if "spill" in path.name]
        if sent == signal.SIGINT:
            assert not [path for path in (home / "segments").rglob("*") if path.is_file()]
        assert store.import_files(bars, kind="crypto").total.added == 5_988


def test_a_file_that_grows_while_it_is_read_is_refused_and_nothing_is_written(bars: Path, tmp_path: Path) -> None:
    grown = bars / "BTCUSDT.csv"

    def progress(what: str, _rows: int) -> None:
        if what.endswith("BTCUSDT.csv"):
            with grown.open("a") as file:
                file.write("1609459200000,1,1,1,1,1\n")

    from tapehead.errors import FileFormatError

    with open_store(tmp_path / "home") as store:
        with pytest.raises(FileFormatError, match=r"BTCUSDT.csv: the file changed while it was read"):
            store.import_files(bars, kind="crypto", progress=progress)
        assert store._house.bars.head() == 0


def test_a_link_in_a_folder_is_refused_and_its_target_named(bars: Path, tmp_path: Path) -> None:
    (bars / "SOLUSDT.csv").symlink_to("BTCUSDT.csv")
    ended = tapehead("import", bars, home=tmp_path / "home")
    assert ended.code == 2
    said = " ".join(ended.err.split())
    assert f"SOLUSDT.csv: it is a symbolic link, to {bars}/BTCUSDT.csv. Name that itself:" in said
    (bars / "SOLUSDT.csv").unlink()
    os.mkfifo(bars / "SOLUSDT.csv")
    ended = tapehead("import", bars, home=tmp_path / "home")
    assert (ended.code, "it is a device or a pipe" in ended.err) == (2, True)


def test_files_passed_over_are_told(bars: Path, tmp_path: Path) -> None:
    (bars / "notes.md").write_text("mine")
    (bars / "more").mkdir()
    (bars / "ETHUSDT.csv").rename(bars / "more" / "ETHUSDT.csv")
    ended = tapehead("import", bars, home=tmp_path / "home")
    assert ended.code == 0, ended.err
    assert "1 file of the folders passed over: 1 ending in .md" in ended.out
    assert "venue more: the name of the file's folder" in ended.out


def test_what_takes_an_import_back_is_named_and_does(bars: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = tapehead("import", bars, home=home)
    assert "undo 1" in first.out
    again = tapehead("import", bars, home=home)
    assert "Nothing is new: the store stays at snapshot 1." in again.out
    assert "undo" not in again.out
    kept = tapehead("store", "log", "1", home=home)
    assert "12  row 701 2021-01-30 16:00" in " ".join(kept.out.split()).replace("12 row", "12  row")
    assert tapehead("undo", "1", home=home).code == 0
    assert tapehead("import", bars, "--json", home=home).document["total"]["added"] == 5_988


def test_strict_says_which_defect_and_writes_nothing(bars: Path, tmp_path: Path) -> None:
    ended = tapehead("import", bars, "--strict", home=tmp_path / "home")
    assert ended.code == 2
    assert "--strict refuses it: 12 bars missing." in " ".join(ended.err.split())
    dry = tapehead("import", bars, "--dry-run", "--json", home=tmp_path / "home")
    assert (dry.code, dry.document["dry_run"], dry.document["committed"]) == (0, True, False)
    assert dry.document["files"][1]["examples"]["missing"][0]["row"] == 701
    with open_store(tmp_path / "home") as store:
        assert store._house.bars.head() == 0
