"""The real command where little is as it should be: killed, with nobody to read it, from a home of an odd name."""

import signal
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.program import PROGRAM, environment, tapehead, write_bars

SLOW = """
import time

from tapehead import Signals, strategy


@strategy
class Slow:
    def signals(self, bars):
        time.sleep(0.3)
        return Signals(enter=bars.close > bars.open)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    assert tapehead("import", write_bars(tmp_path / "bars"), home=home).code == 0
    return home


def test_a_killed_run_is_not_called_running(home: Path, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    words = [str(PROGRAM), "--home", str(home), "--json", "backtest", "slow.py:Slow", "--universe", "crypto"]
    words += ["--executor", "serial"]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, env=environment(), cwd=tmp_path)
    assert child.stdout is not None
    while b'"event":"result"' not in child.stdout.readline():
        pass
    child.send_signal(signal.SIGKILL)
    child.communicate()
    document = tapehead("runs", "--json", home=home).document["runs"][0]
    assert document["finished_at"] is None
    assert document["count"] >= 1
    assert tapehead("runs", home=home).out.splitlines()[1].endswith("  not finished")
    assert "   not finished   " in tapehead("show", document["run"], home=home).out
    refused = tapehead("verify", document["run"], home=home)
    assert refused.code == 2
    assert "it is not finished, and only a completed run can be made again" in refused.err
    assert tapehead("runs", "rm", document["run"], home=home).code == 0


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-"])
def test_with_nobody_to_read_it_a_command_ends_in_order(home: Path, closed: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f'"{PROGRAM}" --home "{home}" instruments {closed}'],
        stderr=subprocess.PIPE,
        env=environment(),
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_next_step_of_a_refusal_can_be_typed_as_it_stands(tmp_path: Path) -> None:
    folder = write_bars(tmp_path / 'it\'s a "place"', ("BTCUSDT",))
    (folder / "BTCUSDT.csv").rename(folder / "my stock.csv")
    home = tmp_path / "a home"
    refused = tapehead("import", folder / "my stock.csv", "--columns", "close=low", home=home)
    assert refused.code == 2
    command = refused.err.rpartition("Decide it: ")[2]
    assert command.startswith("tapehead --home ")
    done = subprocess.run(["bash", "-c", command], env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "1 instrument: 3,000 bars added" in done.stdout


def test_two_imports_at_once_both_count(home: Path, tmp_path: Path) -> None:
    files = [write_bars(tmp_path / name, ("BTCUSDT",)) / "BTCUSDT.csv" for name in ("one", "two")]
    lines = files[0].read_text().splitlines()
    files[0].write_text("\n".join(lines[:1_700]) + "\n")
    files[1].write_text("\n".join([lines[0], *lines[1_500:]]) + "\n")
    words = [str(PROGRAM), "--home", str(home), "-q", "import", "--venue", "both"]
    children = [
        subprocess.Popen([*words, str(file)], env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for file in files
    ]
    assert [(child.communicate()[1], child.returncode) for child in children] == [(b"", 0), (b"", 0)]
    listed = tapehead("--json", "instruments", "both:", home=home).document["instruments"]
    assert [each["rows"] for each in listed[0]["intervals"]] == [3_000]


def test_a_damaged_database_is_a_sentence(home: Path) -> None:
    with sqlite3.connect(home / "runs.db") as runs:
        runs.execute("DROP TABLE runs")
    refused = tapehead("runs", home=home)
    assert (refused.code, refused.out) == (3, "")
    assert refused.err.startswith("error: A database of the store cannot be used: no such table: runs. ")
    assert "Traceback" not in refused.err
