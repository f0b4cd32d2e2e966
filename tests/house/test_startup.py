"""Starting costs little: the door loads nothing heavy until it is used."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"numpy", "numba", "llvmlite", "pyarrow", "scipy", "pandas", "polars", "rich", "click", "sqlite3", "httpx"}


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
    assert not loaded("import tapehead.cli.main") & {"numpy", "numba", "llvmlite", "pyarrow", "rich", "httpx"}


def test_who_asks_no_service_loads_no_client_of_one() -> None:
    assert not loaded("import tapehead.cli.run, tapehead.library.store") & {"httpx", "anyio", "ssl"}


def test_a_store_that_is_only_looked_at_waits_for_no_compiler(tmp_path: Path) -> None:
    asked = "store.instruments(); store.universes(); store.runs(); store.log()"
    statement = f"import tapehead\nwith tapehead.open({str(tmp_path / 'home')!r}) as store: {asked}"
    assert not loaded(statement) & {"numba", "llvmlite", "pyarrow"}
