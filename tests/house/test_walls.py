"""Imports only fall, and the linter names whoever climbs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT, plant

LINTER = Path(sys.executable).parent / "lint-imports"


def lint(root: Path) -> tuple[int, str]:
    """Run the import linter on the tree under `root`."""
    env = {**os.environ, "PYTHONPATH": str(root / "src"), "NO_COLOR": "1", "COLUMNS": "200"}
    done = subprocess.run(
        [str(LINTER), "--no-cache", "--config", str(root / "pyproject.toml")],
        cwd=root, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_wall_stands() -> None:
    code, said = lint(ROOT)
    assert code == 0, said
    kept = re.search(r"Contracts: (\d+) kept, 0 broken", said)
    assert kept, said
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8").count("[[tool.importlinter.contracts]]")
    assert int(kept[1]) == declared >= 7


@pytest.mark.parametrize(
    ("where", "line", "contract", "named"),
    [
        ("kernels", "from tapehead.model import bars", "Kernels know arrays only", "tapehead.kernels.planted"),
        ("jobs", "from tapehead.kernels import jit", "Jobs reach kernels through simulation", "tapehead.jobs.planted"),
        ("model", "import os", "The engine does no I/O", "tapehead.model.planted"),
        ("jobs", "from tapehead.stores import embedded", "Only wiring names a concrete", "tapehead.jobs.planted"),
        ("cli", "from tapehead.stores import embedded", "Only wiring names a concrete", "tapehead.cli.planted"),
        ("stores", "from tapehead.caches import memory", "Only wiring names a concrete", "tapehead.stores.planted"),
        ("metrics", "import tapehead", "Nothing inside imports from the front door", "tapehead.metrics.planted"),
        ("ports", "from tapehead.jobs import plan", "Floors; imports only go down", "tapehead.ports.planted"),
        ("indicators", "import pyarrow", "The engine does no I/O", "tapehead.indicators.planted"),
    ],
)
def test_a_bad_import_is_named(copy: Path, where: str, line: str, contract: str, named: str) -> None:
    plant(copy, f"src/tapehead/{where}/planted.py", f'"""Planted."""\n\n{line}\n')
    code, said = lint(copy)
    assert code == 1, said
    assert re.search(rf"{re.escape(contract)}.*BROKEN", said), said
    assert re.search(rf"{re.escape(named)} (->|is not allowed to import)", said), said


def test_a_circle_is_named(copy: Path) -> None:
    plant(
        copy, "src/tapehead/metrics/planted_a.py", '"""A."""\n\nfrom tapehead.metrics import planted_b as planted_b\n'
    )
    plant(
        copy, "src/tapehead/metrics/planted_b.py", '"""B."""\n\nfrom tapehead.metrics import planted_a as planted_a\n'
    )
    code, said = lint(copy)
    assert code == 1, said
    assert "planted_a" in said
    assert "planted_b" in said


def test_a_folder_nobody_placed_is_named(copy: Path) -> None:
    plant(copy, "src/tapehead/attic/__init__.py", '"""Nobody placed this."""\n')
    code, said = lint(copy)
    assert code == 1, said
    assert "attic" in said
