"""`tapehead backtest --resume RUN`: a run that was killed or stopped by Ctrl-C goes on in another process."""

import json
import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.program import PROGRAM, environment, tapehead, write_bars
from tests.unit.library.market import RSI_BODY, write_strategy

SYMBOLS = ("AAAUSDT", "BBBUSDT", "CCCUSDT", "DDDUSDT")
WAIT_S = 120


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resume")
    assert (
        tapehead("import", write_bars(folder / "bars", SYMBOLS, 400), "--kind", "crypto", home=folder / "home").code
        == 0
    )
    return folder / "home"


def write_gated(folder: Path, then: str = RSI_BODY, extra: str = "") -> str:
    """Write a strategy that notes each call in `calls`, and waits from its third on until `go` is there."""
    body = f"""\
import os
with open({str(folder / "calls")!r}, "a") as calls:
    calls.write(bars.series.symbol + "\\n")
def closed():
    with open({str(folder / "calls")!r}) as calls:
        return len(calls.readlines()) > 2 and not os.path.exists({str(folder / "go")!r})
while closed():
    time.sleep(0.005)
"""
    return write_strategy(folder / "gated.py", body + then, extra=extra)


def wait_for(what: Callable[[], Any]) -> None:
    """Wait until something is so; the time is only an end for what would never come."""
    for _ in range(WAIT_S * 100):
        if what():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came to that")


def stopped(home: Path, folder: Path, by: signal.Signals) -> tuple[str, list[str], str]:
    """Begin a run, stop it at the gate, and return its id, the calls of finished tasks, and what to run."""
    named, calls = write_gated(folder), folder / "calls"
    words = [str(PROGRAM), "--home", str(home), "--json", "backtest", named, "--universe", "all", "--workers", "1"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    assert process.stdout is not None
    events = []
    while sum(event["event"] == "result" for event in events) < 2:
        events.append(json.loads(process.stdout.readline()))
    wait_for(lambda: len(calls.read_text().split()) == 3)
    run = events[0]["run"]
    held = tapehead("backtest", "--resume", run, home=home)
    assert (held.code, "another process" in held.err) == (3, True)
    os.kill(process.pid, by)
    if by is signal.SIGINT:
        # A terminal's children heed Ctrl-C; the task at the gate ends once it is open, and is kept. Nothing outside
        # tells that the signal was heard, and with the gate open before that the run would be over.
        threading.Event().wait(1.0)
        wait_for(lambda: process.poll() is not None or not (folder / "go").touch())
    process.communicate(timeout=WAIT_S)
    (folder / "go").touch()
    kept = {event["instrument"] for event in tapehead("--json", "show", run, home=home).document["results"]}
    done = [name for name in calls.read_text().split() if any(each.endswith(name) for each in kept)]
    calls.unlink()
    return run, done, named


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_stopped_run_goes_on_and_equals_one_that_was_not(home: Path, tmp_path: Path, by: signal.Signals) -> None:
    run, done, named = stopped(home, tmp_path, by)
    assert len(done) >= 2
    ended = tapehead(
        "--json", "backtest", named, "--resume", run[:12].lower(), "--workers", "1", "--profile", home=home
    )
    assert ended.code == 0, ended.err
    events = ended.events
    first, last = events[0], events[-1]
    assert (first["event"], first["run"], last["event"], last["run"]) == ("started", run, "completed", run)
    names = Counter(event["event"] for event in events)
    assert (names["started"], names["result"]) == (1, 4)
    numbers = [int(event["id"].partition("/")[2]) for event in events]
    assert numbers == sorted(set(numbers))
    # Each is asked once by the run; the look-ahead test asks again, after all are done.
    asked = (tmp_path / "calls").read_text().split()
    assert sorted(done + asked[: 4 - len(done)]) == sorted(SYMBOLS)
    assert set(last["profile"]) == {"wall_ms", "stages_ms", "stages_bytes", "executor", "peak_rss_mb"}
    assert (last["profile"]["stages_ms"], last["profile"]["stages_bytes"]) == (last["stages_ms"], last["stages_bytes"])
    assert {"plan", "read", "signals", "walk", "metrics", "persist"} <= set(last["profile"]["stages_ms"])
    whole = tapehead("--json", "backtest", named, "--universe", "all", "--fresh", home=home).events[-1]
    for key in ("digest", "count", "failed", "bars", "receipt"):
        assert last[key] == whole[key], key
    again = tapehead("backtest", "--resume", run, "--top", "1", home=home)
    assert again.code == 0
    assert "3 more" in again.out
    assert "an equal run answered" in again.out


def test_what_cannot_be_resumed_says_why(home: Path, tmp_path: Path) -> None:
    named = write_strategy(tmp_path / "mine.py", RSI_BODY)
    done = tapehead("--json", "backtest", named, "--universe", "all", home=home).events[-1]
    for words, code, said in (
        (("--resume", "ZZZZZZZZ"), 2, "No run 'ZZZZZZZZ'"),
        (("--resume", done["run"], "--fee", "1bps", "--fresh"), 2, "leave out --fee, --fresh"),
        (("--resume", done["run"], "--universe", "all"), 2, "leave out --universe"),
        (("--resume", done["run"], "--both", "-q"), 2, "leave out --both. "),
        (("SmaCross", "--resume", done["run"]), 2, "it is a run of mine.py:Mine, not of SmaCross"),
        ((), 2, "Missing argument"),
    ):
        ended = tapehead("backtest", *words, home=home)
        assert (ended.code, ended.out) == (code, ""), words
        assert said in ended.err, ended.err
    # Global options are no settings of a run, wherever they stand.
    again = tapehead("backtest", "--resume", done["run"], "--json", "-q", "--home", home)
    assert (again.code, again.err, again.events[-1]["digest"]) == (0, "", done["digest"])


def test_where_the_time_went_fits_the_window(home: Path) -> None:
    shown = tapehead("backtest", "BuyAndHold", "--universe", "all", "--fresh", "--profile", home=home)
    assert shown.code == 0, shown.err
    lines = shown.out.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("Profile"))
    table = lines[start + 1 : lines.index("  + summed over all workers; the others passed on the clock")]
    assert {line.split()[0] for line in table} >= {
        "plan",
        "read",
        "signals",
        "walk",
        "metrics",
        "persist",
        "look_ahead",
    }
    shares = [int(line.split("%")[0].split()[-1]) for line in table]
    assert 95 <= sum(shares) <= 105
    assert shares == sorted(shares, reverse=True)
    assert {line.split()[0] for line in table if "KiB" in line or "MiB" in line} >= {"read"}
    assert max(map(len, [lines[start], *table])) <= 80
    assert "peak memory" in lines[start]
    reused = tapehead("backtest", "BuyAndHold", "--universe", "all", "--profile", home=home).out.splitlines()
    again = next(at for at, line in enumerate(reused) if line.startswith("Profile"))
    assert "nothing was computed here" in reused[again + 1]
    run = next(line for line in lines if line.startswith("Kept as run ")).split()[3].rstrip(",")
    kept = tapehead("show", run, "--timings", home=home).out.splitlines()
    assert kept == reused[again + 2 : again + 2 + len(kept)] == lines[start + 1 : start + 1 + len(kept)]
    assert tapehead("show", run, "--timings", "--csv", home=home).code == 2
