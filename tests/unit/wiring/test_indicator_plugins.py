"""Indicators of other packages: installed for real, in a folder on the path of a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
GOOD = _PAGE.partition("### An indicator of another package")[2].split("```")[1].removeprefix("python")
"""The module that the page shows."""
BAD = {
    "raises on load": ("raise OSError('no licence')", "it does not load, OSError: no licence"),
    "is no entry": ("ENTRY = 3", "it is no tapehead.indicators.entry.Indicator"),
    "has no function": (GOOD.replace("def spread(", "def other("), "has no attribute 'spread'"),
    "takes a name": (GOOD.replace('"spread"', '"sma"').replace("def spread(", "def sma("), "the name 'sma' is taken"),
}


def install(folder: Path, code: str) -> None:
    """Lay a package and its metadata down as an installer does."""
    package = folder / "deskful"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "spread.py").write_text(code, encoding="utf-8")
    metadata = folder / "deskful-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: deskful\nVersion: 1.0\n", encoding="utf-8")
    points = "[tapehead.indicators]\nspread = deskful.spread:ENTRY\n"
    (metadata / "entry_points.txt").write_text(points, encoding="utf-8")


def run(folder: Path, *words: str) -> tuple[int, str]:
    """Run Python with the packages of a folder installed; return the exit code and all that is said."""
    env = {**os.environ, "COLUMNS": "400"}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder), env.get("PYTHONPATH", "")]))
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, env=env, timeout=120, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_it_is_listed_described_and_computed(tmp_path: Path) -> None:
    install(tmp_path, GOOD)
    assert " spread " in run(tmp_path, "-m", "tapehead", "indicators")[1]
    code, said = run(tmp_path, "-m", "tapehead", "indicators", "spread")
    assert (code, "range of a bar in percent of its close" in said.lower()) == (0, True), said
    asked = (
        "import tapehead as th; print(th.compute({'high': [3.0], 'low': [1.0], 'close': [2.0]}, 'spread')['spread'])"
    )
    assert run(tmp_path, "-c", asked) == (0, "[100.]")


@pytest.mark.parametrize("fault", BAD)
def test_one_that_fails_is_named_with_its_package(tmp_path: Path, fault: str) -> None:
    code, cause = BAD[fault]
    install(tmp_path, code)
    exit_code, said = run(tmp_path, "-m", "tapehead", "indicators")
    assert exit_code == 3, said
    assert "The indicator plug-in 'spread' of deskful fails" in said
    assert cause in said
