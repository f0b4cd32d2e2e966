"""The cache of compiled kernels: it notices edits in other files, and can be done without."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tapehead

PACKAGE = Path(tapehead.__file__).parent
CALLEE = """\
from tapehead.kernels.jit import kernel

WEIGHT = {weight}


@kernel
def raised(x: float) -> float:
    return x + {step}
"""
CALLER = """\
from tapehead.kernels.jit import kernel
from tapehead.kernels.planted_callee import WEIGHT, raised


@kernel
def answer(x: float) -> float:
    return raised(x) * WEIGHT
"""


def run(arguments: list[str], root: Path, **settings: str) -> str:
    """Run a fresh Python on the copy of the package below `root`; warnings are errors but Numba's own."""
    env = {name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    env |= {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", **settings}
    done = subprocess.run([sys.executable, *arguments], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A root with the package's source."""
    shutil.copytree(PACKAGE, tmp_path / "root" / "tapehead", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "root"


def test_an_edited_callee_in_another_file_is_seen(copy: Path, tmp_path: Path) -> None:
    kernels, cache = copy / "tapehead" / "kernels", str(tmp_path / "cache")
    (kernels / "planted_caller.py").write_text(CALLER)
    program = ["-c", "from tapehead.kernels.planted_caller import answer as a; print(a(1.0), len(a.stats.cache_hits))"]

    def answers(step: int, weight: int) -> str:
        (kernels / "planted_callee.py").write_text(CALLEE.format(step=step, weight=weight))
        return run(program, copy, NUMBA_CACHE_DIR=cache).strip()

    assert answers(1, 1) == "2.0 0"
    assert answers(1, 1) == "2.0 1", "the second process takes it from the cache"
    assert answers(2, 1) == "3.0 0", "the body of the callee has changed"
    assert answers(2, 5) == "15.0 0", "an imported constant has changed"
    assert answers(1, 1) == "2.0 1", "what was compiled before is still right"


@pytest.mark.parametrize("where", ["given", "home"])
def test_without_a_writable_folder_kernels_run_uncached(copy: Path, where: str) -> None:
    """No privilege opens a folder below a file, so this holds for root too."""
    started = (
        "import sys; sys.prefix = sys.base_prefix; from tapehead.kernels import jit, windows; import numpy as np; "
    )
    asked = "print(jit.CACHE_FOLDER, windows.decimals(np.array([0.25])))"
    settings = {"NUMBA_CACHE_DIR": "/dev/null/cache"} if where == "given" else {"HOME": "/dev/null"}
    assert run(["-c", started + asked], copy, **settings) == "None 2\n"
