"""`tapehead sweep` as it is typed: table and map, JSON lines, going on, and memory that does not grow with the sets."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from tapehead.cli.sweep import sweep
from tapehead.jobs.replay import replay
from tapehead.library.store import open as open_store
from tapehead.model.events import Tiled
from tests.acceptance.program import environment, tapehead

SWEEP = ("sweep", "SmaCross", "--grid", "fast=4:9", "--grid", "slow=12:36:8", "--universe", "crypto", "--fee", "10bps")
ASKED: dict[str, Any] = {"grid": {"fast": "4:9", "slow": "12:36:8"}, "universe": "crypto", "fee": "10bps"}
MEASURED = """
import resource, sys
import tapehead as th

run = th.open(sys.argv[1]).sweep("RsiReversion", grid={"oversold": sys.argv[2]}, symbols="BTCUSDT", end="2021-01-15")
count = sum(1 for _ in run.events()) and run.record.count
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
REFUSED = """
import sys
import tapehead as th
from tapehead.errors import TapeheadError

with th.open(sys.argv[1]) as store:
    for given in (
        {"grid": {"fast": "1:10000", "slow": "1:10000"}},
        {"grid": {"fast": "1:9:0"}},
        {"grid": {"fast": "9:1"}},
        {"grid": {"fats": "1:9"}},
        {"grid": {"fast": "1:9"}, "where": "fast > 20"},
        {"grid": {"fast": "1:9"}, "search": "random", "budget": 1, "workers": 2},
    ):
        try:
            store.sweep("SmaCross", universe="crypto", **given)
        except TapeheadError as error:
            print(error)
print("numba" in sys.modules)
"""


def test_what_is_refused_is_refused_before_the_compiler_is_loaded(market: Path) -> None:
    command = [sys.executable, "-c", REFUSED, str(market)]
    ended = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    *said, loaded = ended.stdout.splitlines()
    words = (
        "100,000,000 sets",
        "steps above 0",
        "lower bound to the upper",
        "no parameter 'fats'",
        "all 9",
        "at least 2",
    )
    assert len(said) == len(words)
    for sentence, word in zip(said, words, strict=True):
        assert word in sentence
    assert loaded == "False"


def test_a_sweep_is_drawn_in_eighty_columns_and_what_it_names_runs(market: Path) -> None:
    example = re.search(r"Example: tapehead (.*)", sweep.epilog or "")
    assert example is not None
    words = ["crypto" if word == "demo" else word for word in shlex.split(example[1])]
    ended = tapehead(*words, "--top", "3", "--fresh", home=market)
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[0].startswith("SmaCross fast=5:20 slow=30:60:10   3 instruments   1h")
    assert any(re.fullmatch(r"   #  set +median +lower +upper +above 0 %  neighbours", line) for line in lines)
    assert sum(bool(re.match(r" +[123]  fast=\d+ slow=\d\d ", line)) for line in lines) == 3
    assert "      61 more; --top 64 shows all" in lines
    assert "  median sharpe, slow down, fast across" in lines
    assert re.search(r"^192 done, 0 failed, \d warnings? in ", ended.out, re.MULTILINE)
    for word in ("best", "best robust", "holding", "overfitting", "look-ahead"):
        assert re.search(rf"^  {word}  ", ended.out, re.MULTILINE), word
    assert "deflated Sharpe" in ended.out
    assert all(len(line) <= 80 or line.startswith("  ") for line in lines)
    shown, verified = re.findall(r"^  tapehead (.*?)(?:   .*)?$", ended.out, re.MULTILINE)
    cell = tapehead(*shown.split())
    assert cell.code == 0, cell.err
    assert re.search(r"^SmaCross fast=\d+ slow=\d\d$", cell.out, re.MULTILINE)
    made = tapehead(*verified.split())
    assert (made.code, made.out.splitlines()[0]) == (0, "identical")


def test_json_lines_are_the_events_of_the_log(market: Path) -> None:
    ended = tapehead("--json", *SWEEP, "--fresh", home=market)
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    done = json.loads(lines[-1])
    with open_store(market) as store:
        assert [data.decode() for _, data in replay(store.house.log, done["run"])] == lines
    results = [json.loads(line) for line in lines if '"event":"result"' in line]
    assert (done["event"], done["count"], done["failed"], done["sets"]) == ("completed", 72, 0, 24)
    assert len({(one["instrument"], json.dumps(one["parameters"])) for one in results}) == 72
    assert {"best", "best_robust", "overfitting", "look_ahead", "digest"} <= done.keys()
    listed = tapehead("--json", "show", done["run"], home=market).document
    assert len(listed["sets"]) == 24
    assert listed["sets"][0]["parameters"] == done["best"]["parameters"]
    gained: dict[str, list[bool]] = {}
    for one in results:
        beaten = one["metrics"]["total_return"] > one["metrics"]["buy_and_hold_return"]
        gained.setdefault(json.dumps(one["parameters"]), []).append(beaten)
    shares = {json.dumps(row["parameters"]): row["above_holding"] for row in listed["sets"]}
    assert shares == {name: sum(each) / 3 for name, each in gained.items()}
    assert done["beat_holding"] == sum(share > 0.5 for share in shares.values())


def test_a_cancelled_sweep_goes_on_by_either_command(market: Path) -> None:
    with open_store(market) as store:
        for command in ("sweep", "backtest"):
            run = store.sweep("SmaCross", executor="serial", fresh=True, **ASKED)
            for _, event in run.events():
                if isinstance(event, Tiled):
                    break
            run.close()
            ended = tapehead("--json", command, "--resume", run.id, home=market)
            assert ended.code == 0, ended.err
            assert ended.events[-1]["count"] == 72
            whole = store.sweep("SmaCross", **ASKED).receipt
            assert whole is not None
            assert ended.events[-1]["digest"] == whole.digest
    refused = tapehead("sweep", "--resume", run.id, "--grid", "fast=3:5", home=market)
    assert (refused.code, "--grid" in refused.err) == (2, True)


def test_memory_does_not_grow_with_the_sets(market: Path) -> None:
    peaks = []
    for values, sets in (("20:21.99:0.01", 200), ("20:39.99:0.01", 2_000)):
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, str(market), values],
            capture_output=True,
            text=True,
            # Threads of a library that wait busily would take the time of other tests.
            env=environment(OPENBLAS_NUM_THREADS="1"),
            check=True,
            timeout=240,
        )
        count, peak = map(int, done.stdout.split())
        assert count == sets
        peaks.append(peak)
    assert peaks[1] <= 1.2 * peaks[0]
