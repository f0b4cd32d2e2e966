"""The live table on a real terminal, and the lines where there is none."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.cli.screen import Ended, Screen, run_on_pty
from tests.unit.cli.test_backtest import DRAWING

SLOW = """
import os, sys, time
sys.argv[0] = "tapehead"
from tapehead.cli.main import main
from tests.unit.cli.scripted import ScriptedStore
store = ScriptedStore()
plain = store.run_.events
def slow():
    for number, event in plain():
        time.sleep(float(sys.argv[1]))
        if number == 10 and "REACHED" in os.environ:
            open(os.environ["REACHED"], "x").close()
        yield number, event
store.run_.events = slow
sys.exit(main(sys.argv[2:], open_store=store.open))
"""
WORDS = ("backtest", "RsiReversion", "--universe", "demo", "--fee", "10bps")


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
    return {**kept, "TERM": "xterm-256color", **changes}


def on_terminal(*words: str, pause_s: float = 0.02, lines: int = 24, **changes: str) -> Ended:
    return run_on_pty([sys.executable, "-c", SLOW, str(pause_s), *words], environment(**changes), lines=lines)


def test_the_table_stays_once_and_looks_as_without_a_terminal() -> None:
    ended = on_terminal(*WORDS, "--top", "5")
    assert ended.code == 0
    assert Screen(80).feed(ended.written).text == DRAWING


def test_it_redraws_while_it_runs_and_ten_times_a_second_at_most() -> None:
    ended = on_terminal(*WORDS, "--top", "5")
    redraws = ended.written.count(" of 48")
    assert 3 <= redraws <= 10 * ended.seconds + 3


def test_the_table_keeps_to_the_height_of_the_window() -> None:
    ended = on_terminal(*WORDS, "--top", "48", lines=14)
    screen = Screen(80).feed(ended.written)
    assert screen.deepest < 14
    assert screen.text.count("return %") == 1
    assert sum(line[:4].strip().isdigit() for line in screen.text.splitlines()) == 48


def test_color_is_for_terminals_that_want_it() -> None:
    assert "\x1b[32m" in on_terminal(*WORDS, pause_s=0.0).written
    for ended in (on_terminal(*WORDS, pause_s=0.0, NO_COLOR="1"), on_terminal("--no-color", *WORDS, pause_s=0.0)):
        assert not any(f"\x1b[{code}m" in ended.written for code in (1, 2, 31, 32, 33))


def test_json_on_a_terminal_is_the_stream_alone() -> None:
    written = on_terminal("--json", *WORDS, pause_s=0.0).written
    assert "\x1b" not in written
    assert len(written.splitlines()) == 53


def test_without_a_terminal_there_is_a_line_every_two_seconds_and_no_redraw() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SLOW, "0.06", *WORDS, "--top", "5"],
        capture_output=True,
        text=True,
        env=environment(COLUMNS="80"),
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout == DRAWING
    said = done.stderr.splitlines()
    assert 1 <= len(said) <= 3
    assert all(" of 48" in line for line in said)


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_ctrl_c_at_the_keyboard_ends_in_order(flags: tuple[str, ...], tmp_path: Path) -> None:
    reached = tmp_path / "reached"
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, "0.1", *flags, *WORDS],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(COLUMNS="80", REACHED=str(reached)),
    )
    while not reached.exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert ('"event":"cancelled"' if flags else "then stopped; they are kept") in out
