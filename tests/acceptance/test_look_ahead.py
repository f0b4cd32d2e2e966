"""A strategy that knows later bars is told by the real command, which ends with 1; Ctrl-C in the test costs nothing."""

import json
import signal
import subprocess
import time
from pathlib import Path

from tests.acceptance.program import PROGRAM, environment, tapehead

STRATEGIES = '''"""Three strategies."""

import os
import time

import numpy as np

from tapehead import Signals, crossed_above, crossed_below, sma, strategy


@strategy
class Peek:
    """Knows whether the next close is higher."""

    def signals(self, bars):
        later = np.append(bars.close[1:], bars.close[-1])
        return Signals(enter=later > bars.close, leave=later < bars.close)


@strategy
class Honest:
    """Knows its past only."""

    def signals(self, bars):
        slow = sma(bars.close, 20)
        return Signals(enter=crossed_above(bars.close, slow), leave=crossed_below(bars.close, slow))


@strategy
class Held:
    """Answers each instrument once; when it is asked again, it waits until it may go on."""

    asked = 0

    def signals(self, bars):
        Held.asked += 1
        if Held.asked > 3:
            open("asked", "w").close()
            while not os.path.exists("go"):
                time.sleep(0.02)
        return Honest().signals(bars)
'''
ASKED = ("--universe", "crypto", "--workers", "1")


def test_a_peek_ends_with_1_and_is_named(market: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(STRATEGIES)
    seen = [tapehead("backtest", "mine.py:Peek", *ASKED, home=market, cwd=tmp_path) for _ in range(2)]
    for ended in seen:
        assert ended.code == 1, ended.err
        assert "\n  look-ahead    found: Peek knows later bars: on binance:" in ended.out
        said = " ".join(ended.out.split())
        assert "Look for a shift by a negative number" in said
        assert f"({tmp_path}/mine.py, line 15)" in said
        assert max(len(line) for line in ended.out.splitlines() if line.startswith(" " * 16) and "/" not in line) <= 80
    assert "reused" in seen[1].out
    told = tapehead("--json", "backtest", "mine.py:Peek", *ASKED, "--fresh", home=market, cwd=tmp_path)
    assert told.code == 1
    last = told.events[-1]
    assert last["event"] == "completed"
    found = last["look_ahead"]
    assert found["found"] is True
    assert found["signal"] in ("enter", "leave")
    assert found["bar"] < found["cut"]
    assert last["count"] == 3


def test_an_honest_one_ends_with_0(market: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(STRATEGIES)
    told = tapehead("--json", "backtest", "mine.py:Honest", *ASKED, home=market, cwd=tmp_path)
    assert told.code == 0, told.err
    *_, result, last = [event for event in told.events if event["event"] in ("result", "completed")]
    assert last["look_ahead"]["found"] is False
    assert last["look_ahead"]["cuts"] >= 8
    assert last["last_ms"] == result["t_ms"]
    shown = tapehead("backtest", "mine.py:Honest", *ASKED, "--fresh", home=market, cwd=tmp_path)
    assert shown.code == 0
    assert "\n  look-ahead    none: " in shown.out
    assert ", past unchanged bit for bit\n" in shown.out


def test_ctrl_c_in_the_test_keeps_a_complete_run(market: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(STRATEGIES)
    process = subprocess.Popen(
        [str(PROGRAM), "--home", str(market), "--json", "backtest", "mine.py:Held", *ASKED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=tmp_path,
    )
    while not (tmp_path / "asked").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    (tmp_path / "go").touch()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    last = json.loads(out.splitlines()[-1])
    assert (last["event"], last["count"], last["look_ahead"]["stopped"]) == ("completed", 3, True)
    assert tapehead("verify", last["run"], home=market, cwd=tmp_path).code == 0
