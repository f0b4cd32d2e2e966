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


BAD_IMPORTS = (
    ("kernels", "from tapehead.model import bars", "Kernels know arrays only"),
    ("jobs", "from tapehead.kernels import jit", "Jobs reach kernels through simulation"),
    ("model", "import os", "The engine does no I/O"),
    ("jobs", "from tapehead.stores import embedded", "Only wiring names a concrete"),
    ("cli", "from tapehead.stores import embedded", "Only wiring names a concrete"),
    ("stores", "from tapehead.caches import memory", "Only wiring names a concrete"),
    ("metrics", "import tapehead", "Nothing inside imports from the front door"),
    ("ports", "from tapehead.jobs import plan", "Floors; imports only go down"),
    ("indicators", "import pyarrow", "The engine does no I/O"),
)


def parts(said: str) -> dict[str, str]:
    """What the linter says under the heading of each broken contract."""
    broken = said.partition("Broken contracts\n")[2]
    found = re.split(r"^(.+)\n-+\n", broken, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def test_every_bad_import_is_named_under_its_contract(copy: Path) -> None:
    """All at once, since the linter reads the whole tree each time; a module of its own for each."""
    for place, (where, line, _) in enumerate(BAD_IMPORTS):
        plant(copy, f"src/tapehead/{where}/planted_{place}.py", f'"""Planted."""\n\n{line}\n')
    code, said = lint(copy)
    assert code == 1, said
    told = parts(said)
    for place, (where, line, contract) in enumerate(BAD_IMPORTS):
        under = next((text for title, text in told.items() if title.startswith(contract)), "")
        named = rf"tapehead\.{where}\.planted_{place} (->|is not allowed to import)"
        assert re.search(named, under), (line, contract, said)


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
