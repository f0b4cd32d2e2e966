"""Every file says in its first line what it is for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import ROOT, plant, python_files, tree


def violations(root: Path) -> Iterator[str]:
    """Every source that does not say what it is for."""
    for path in python_files(root):
        if path.suffix == ".py" and not (ast.get_docstring(tree(path)) or "").strip():
            yield path.relative_to(root).as_posix()


def test_every_file_says_what_it_is_for() -> None:
    assert not list(violations(ROOT))


def test_a_silent_file_is_named(tmp_path: Path) -> None:
    plant(tmp_path, "src/tapehead/model/silent.py", "x = 1\n")
    plant(tmp_path, "src/tapehead/model/said.py", '"""Said."""\n')
    assert list(violations(tmp_path)) == ["src/tapehead/model/silent.py"]
