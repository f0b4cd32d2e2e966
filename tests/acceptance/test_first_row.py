"""A slow strategy shows its first row early and the others as they finish; the edited file is the one that runs."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.program import PROGRAM, environment, tapehead, write_bars

INSTRUMENTS = 40
SLEEP_S = 0.1
ONE_BY_ONE = ("--universe", "crypto", "--fresh", "--workers", "1")
SLOW = '''"""A strategy that takes its time."""

import time

from tapehead import Signals, crossed_above, crossed_below, rsi, strategy


@strategy
class Slow:
    """Sleeps before it answers."""

    def signals(self, bars):
        time.sleep({pause})
        strength = rsi(bars.close, 14)
        return Signals(enter=crossed_above(strength, 30.0), leave=crossed_below(strength, 70.0))
'''


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("twenty")
    bars = write_bars(folder / "binance", tuple(f"S{k:02}USDT" for k in range(INSTRUMENTS)), 600)
    ended = tapehead("import", bars, home=folder / "home")
    assert ended.code == 0, ended.err
    return folder / "home"


def timed(home: Path, *words: str) -> list[tuple[float, dict[str, Any]]]:
    """Every line with the seconds since `started` at which it came."""
    process = subprocess.Popen(
        [str(PROGRAM), "--home", str(home), "--json", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    lines = [(time.monotonic(), json.loads(line)) for line in process.stdout]
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    began = lines[0][0]
    return [(at - began, event) for at, event in lines]


def test_rows_come_while_the_run_goes_on(home: Path, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW.format(pause=SLEEP_S))
    named = str(tmp_path / "slow.py:Slow")
    lines = timed(home, "backtest", named, *ONE_BY_ONE)
    assert lines[0][1]["event"] == "started"
    rows = [(at, event) for at, event in lines if event["event"] == "result"]
    assert len(rows) == INSTRUMENTS
    assert lines[-1][1]["event"] == "completed"
    # The look-ahead test, which begins after the last row, is none of the run's time.
    whole = rows[-1][0] * INSTRUMENTS / (INSTRUMENTS - 1)
    # Whoever waits for the last row has the others' sleeps still before him at the first, however busy the machine is.
    ahead = SLEEP_S * (INSTRUMENTS - 1)
    assert rows[-1][0] - rows[0][0] > ahead * 0.8
    # Spread over the run: each quarter of it brings rows, and no half brings nearly all.
    quarters = [sum(part * whole / 4 <= at < (part + 1) * whole / 4 for at, _ in rows) for part in range(4)]
    assert min(quarters) >= 1, quarters
    early = sum(at < whole / 2 for at, _ in rows)
    assert INSTRUMENTS * 0.2 <= early <= INSTRUMENTS * 0.8
    told = lines[-1][1]
    assert told["last_ms"] - told["first_ms"] >= ahead * 1000
    assert [event["t_ms"] for _, event in rows] == sorted(event["t_ms"] for _, event in rows)


def test_the_first_row_is_there_before_the_last_one_is_computed(home: Path, tmp_path: Path) -> None:
    """Stopped at its first row, the run has not done the rest."""
    (tmp_path / "slow.py").write_text(SLOW.format(pause=1.0))
    process = subprocess.Popen(
        [str(PROGRAM), "--home", str(home), "--json", "backtest", str(tmp_path / "slow.py:Slow"), *ONE_BY_ONE],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "result":
            break
    process.kill()
    process.communicate(timeout=60)
    run = event["id"].partition("/")[0]
    shown = tapehead("--json", "show", run, home=home).document
    assert shown["run"]["state"] == "running"
    assert 1 <= len(shown["results"]) < 5


def test_an_edited_strategy_is_the_one_that_runs(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    asked = ("--json", "backtest", f"{file}:Slow", "--universe", "crypto")
    file.write_text(SLOW.format(pause=0))
    first = tapehead(*asked, home=home).events[-1]
    again = tapehead(*asked, home=home).events[-1]
    file.write_text(SLOW.format(pause=0).replace("30.0", "25.0"))
    edited = tapehead(*asked, home=home).events[-1]
    assert [each["reused"] for each in (first, again, edited)] == [False, True, False]
    assert first["digest"] == again["digest"] != edited["digest"]
    assert first["receipt"] == again["receipt"] != edited["receipt"]
