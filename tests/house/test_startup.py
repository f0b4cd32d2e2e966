"""Starting costs little: the door loads nothing heavy until it is used."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"numpy", "numba", "llvmlite", "pyarrow", "scipy", "pandas", "polars", "rich", "click", "sqlite3"}


def loaded(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after a statement."""
    ask = (
        f"import json, sys\n{statement}\nprint(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_door_is_light() -> None:
    assert not loaded("import tapehead") & HEAVY


@pytest.mark.parametrize("module", ["numpy", "numba"])
def test_what_is_heavy_would_be_seen(module: str) -> None:
    assert module in loaded(f"import tapehead, {module}") & HEAVY


def test_the_command_line_starts_without_arrays() -> None:
    assert not loaded("import tapehead.cli.main") & {"numpy", "numba", "llvmlite", "pyarrow", "rich"}
