"""`--executor processes`: no result is lost with a process, and Ctrl-C ends all of them without a word of theirs."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

import tapehead as th
from tests.acceptance.program import PROGRAM, environment, tapehead, write_bars
from tests.acceptance.test_resume import wait_for
from tests.unit.library.market import RSI_BODY, write_strategy

SYMBOLS = ("AAAUSDT", "BBBUSDT", "CCCUSDT", "DDDUSDT")
WAIT_S = 120


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("processes")
    write_bars(folder / "bars", SYMBOLS, 400)
    with th.open(folder / "home") as store:
        store.import_files(folder / "bars", kind="crypto")
    return folder / "home"


def test_a_process_that_is_killed_costs_no_result_and_is_told_of(home: Path, tmp_path: Path) -> None:
    body = f"""\
import os, signal
try:
    os.close(os.open({str(tmp_path / "died")!r}, os.O_CREAT | os.O_EXCL))
except FileExistsError:
    pass
else:
    os.kill(os.getpid(), signal.SIGKILL)
"""
    named = write_strategy(tmp_path / "dies.py", body + RSI_BODY)
    with th.open(home) as store:
        run = store.backtest(named, universe="all", executor="processes", workers=2)
        ended = last_of(run)
        assert (ended["count"], ended["failed"], ended["executor"]["success_rate"]) == (4, 0, 1.0)
        (lost,) = ended["executor"]["lost"]
        assert lost.endswith("was lost: it was ended by SIGKILL")
        assert run.executor == ended["executor"] == store.run(run.id).executor
        told = tapehead("backtest", named, "--universe", "all", home=home)
        assert "reused " in told.out
        assert "executor      the process that worked on" in told.out
        after = store.backtest(named, universe="all", executor="serial", fresh=True)
        assert last_of(after)["digest"] == ended["digest"]
        assert after.executor["kind"] == "serial"


def last_of(run: Any) -> dict[str, Any]:
    """The fields of the last event of a run that goes on."""
    fields: dict[str, Any] = [event for _, event in run.events()][-1].body()
    return fields


def test_ctrl_c_ends_every_process_and_the_run_goes_on_from_there(home: Path, tmp_path: Path) -> None:
    body = f"""\
import os
open({str(tmp_path)!r} + f"/at-{{os.getpid()}}", "w").close()
while bars.series.symbol != "AAAUSDT" and not os.path.exists({str(tmp_path / "go")!r}):
    time.sleep(0.005)
"""
    named = write_strategy(tmp_path / "waits.py", body + RSI_BODY)
    words = [str(PROGRAM), "--home", str(home), "--json", "backtest", named, "--universe", "all"]
    with subprocess.Popen(
        [*words, "--executor", "processes", "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        process_group=0,
    ) as process:
        assert process.stdout is not None
        events = [json.loads(process.stdout.readline())]
        while events[-1]["event"] != "result":
            events.append(json.loads(process.stdout.readline()))
        wait_for(lambda: len(list(tmp_path.glob("at-*"))) == 2)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=WAIT_S)
    last = json.loads(out.splitlines()[-1])
    assert (process.returncode, last["event"], last["count"]) == (130, "cancelled", 1)
    assert "Traceback" not in err
    workers = [int(each.name.removeprefix("at-")) for each in tmp_path.glob("at-*")]
    assert not any(b"tapehead" in cmdline_of(pid) for pid in workers)
    (tmp_path / "go").touch()
    resumed = tapehead(
        "--json", "backtest", "--resume", events[0]["run"], "--executor", "processes", "--profile", home=home
    )
    ended = resumed.events[-1]
    assert (resumed.code, ended["event"], ended["count"]) == (0, "completed", 4)
    assert (ended["executor"]["kind"], ended["executor"]["tasks"]) == ("processes", 3)
    assert ended["profile"]["executor"] == ended["executor"]


def cmdline_of(pid: int) -> bytes:
    """Command line of a process; nothing where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
