"""A command of a warm process is the one a shell starts cold: each of them, with its exit code and both its streams."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tapehead.cli.main import ENTRIES
from tests.acceptance.program import Ended, cold, environment, tapehead, write_bars
from tests.acceptance.transcript import steady
from tests.acceptance.warm import warm_folder

RUN = ("backtest", "SmaCross", "--universe", "crypto", "--fee", "10bps")
WORDS = {
    "demo": ("demo", "--instruments", "2", "--years", "1", "--no-serve"),
    "import": ("import", "bars"),
    "screen": ("screen", "close > sma(20)"),
    "undo": ("undo", "1"),
    "bars": ("bars", "BTCUSDT", "--interval", "4h", "--start", "2021-03-01", "--end", "2021-03-02"),
    "universe": ("universe", "list"),
    "indicators": ("indicators", "sma"),
    "new": ("new", "strategy", "idea.py"),
    "preset": ("preset", "save", "quick", "SmaCross", "-p", "fast=5"),
    "backtest": RUN,
    "portfolio": ("portfolio", "SmaCross", "--universe", "crypto", "--size", "50%"),
    "sweep": ("sweep", "SmaCross", "--universe", "crypto", "--grid", "fast=5,10"),
    "show": ("show", "RUN", "BTCUSDT", "--trades"),
    "explain": ("explain", "RUN", "BTCUSDT", "1"),
    "report": ("report", "RUN", "-o", "sheet.html"),
    "verify": ("verify", "RUN"),
    "store": ("store", "log"),
    "serve": ("serve", "--port", "no"),
    "keys": ("keys", "list"),
    "servers": ("servers", "status"),
    "sql": ("sql", "SELECT symbol FROM instruments ORDER BY symbol"),
    "cache": ("cache", "clear", "--namespace", "quotes"),
    "db": ("db", "status"),
}
FOLDERS = re.compile(r"/\S*?/(?:warm|cold)\b")


def told(ended: Ended) -> tuple[object, ...]:
    """What must be equal: all but ids, times, the folder, and progress, of which a slow machine prints more."""
    errors = [line for line in ended.err.splitlines() if line.startswith("error: ")]
    lines = [steady(FOLDERS.sub("~", line)) for line in ended.out.splitlines()]
    return ended.code, errors, lines


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A store with two instruments and a run, and the id of that."""
    home = tmp_path_factory.mktemp("both") / "home"
    assert tapehead("import", write_bars(home.parent / "bars", ("BTCUSDT", "ETHUSDT")), home=home).code == 0
    return home, tapehead("--json", *RUN, home=home).events[-1]["run"]


@pytest.mark.parametrize("name", ENTRIES)
def test_a_command_is_the_same_cold_and_warm(name: str, kept: tuple[Path, str], tmp_path: Path) -> None:
    both = []
    home, run = kept
    words = [run if word == "RUN" else word for word in WORDS.get(name, (name,))]
    for way, start in (("cold", cold), ("warm", tapehead)):
        folder = tmp_path / way
        shutil.copytree(home, folder / "home")
        write_bars(folder / "bars", ("XRPUSDT",), 100)
        both.append(told(start(*words, cwd=folder, TAPEHEAD_HOME=str(folder / "home"))))
    assert both[0] == both[1]
    assert both[0][0] == (2 if name == "serve" else 0), both[0]


def test_a_closed_stream_and_other_surroundings_are_taken_as_they_are(tmp_path: Path) -> None:
    program = warm_folder() / "tapehead"
    words = (
        f"{program} strategies >&-; echo $?; {program} nothing 2>&1; echo $?; PYTHONOPTIMIZE=1 {program} runs --json"
    )
    done = subprocess.run(
        ["bash", "-c", words],
        cwd=tmp_path,
        env=environment(TAPEHEAD_HOME="h"),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert lines[:3] == ["0", "error: No such command 'nothing'. See: tapehead --help", "2"], done
    assert '"runs":[]' in "".join(lines[3:]).replace(" ", ""), done
    assert (tmp_path / "h").is_dir()
