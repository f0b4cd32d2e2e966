"""Rooms are nouns, jobs are verbs; a cupboard has no name here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOT, files, plant, python_files, tree

CUPBOARDS = {
    "utils", "util", "common", "helpers", "helper", "base", "core", "manager", "misc", "data", "types", "optimized",
    "enhanced", "new", "v2",
}  # fmt: skip
NEVER_A_PART = {"utils", "util", "helpers", "helper", "misc", "common", "manager", "optimized", "enhanced", "v2"}
HOUSE = ("src", "tests", "benchmarks", "tools", "docs")


def cupboards(root: Path) -> Iterator[str]:
    """Every file and folder whose name says nothing."""
    for folder in HOUSE:
        if not (root / folder).is_dir():
            continue
        for path in files(root / folder):
            name = path.relative_to(root)
            for part in [*name.parent.parts, name.name.partition(".")[0]]:
                stem = part.lower().strip("_")
                if stem in CUPBOARDS or NEVER_A_PART & set(re.split(r"[_-]", stem)):
                    yield f"{name.as_posix()}: '{part}' says nothing about what is inside"


def misnumbered(root: Path) -> Iterator[str]:
    """Every decision whose number another one has, or that is not that of its first line.

    Numbers are handed out before decisions are written, by several at once, so that one may be left out.
    """
    taken: set[str] = set()
    for path in sorted((root / "docs/decisions").glob("*.md")):
        number, dash = path.name[:3], path.name[3:4]
        if not number.isdigit() or dash != "-" or number in taken:
            yield f"{path.name}: should have a number of its own"
        elif not path.read_text(encoding="utf-8").startswith(f"# {number} "):
            yield f"{path.name}: its first line should begin with '# {number} '"
        taken.add(number)


def stray_compilers(root: Path) -> Iterator[str]:
    """Every use of a Numba decorator outside kernels/jit.py."""
    decorators = {"njit", "jit", "vectorize", "guvectorize", "cfunc", "stencil", "generated_jit"}
    for path in python_files(root):
        name = path.relative_to(root).as_posix()
        if name == "src/tapehead/kernels/jit.py" or not name.startswith("src/"):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "numba":
                taken = {alias.name for alias in node.names} & decorators
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                taken = {node.attr} & decorators if node.value.id in ("numba", "nb") else set()
            else:
                continue
            for decorator in sorted(taken):
                yield f"{name}:{node.lineno}: numba.{decorator}; kernels are made by kernels/jit.py only"


def test_every_name_says_something() -> None:
    assert not list(cupboards(ROOT))


def test_only_one_file_compiles() -> None:
    assert not list(stray_compilers(ROOT))


@pytest.mark.parametrize(
    "name",
    ["src/tapehead/model/utils.py", "src/tapehead/core/a.py", "tests/unit/helpers.py", "src/tapehead/jobs/data.py",
     "src/tapehead/jobs/run_v2.py", "tools/misc_steps.py", "docs/new.md"],
)  # fmt: skip
def test_a_cupboard_is_named(tmp_path: Path, name: str) -> None:
    plant(tmp_path, name, "")
    plant(tmp_path, "src/tapehead/model/bars.py", "")
    plant(tmp_path, "tests/unit/test_renewal.py", "")
    assert [line.partition(":")[0] for line in cupboards(tmp_path)] == [name]


@pytest.mark.parametrize(
    "line", ["from numba import njit", "import numba\nf = numba.jit(len)", "from numba.core import jit"]
)
def test_a_stray_compiler_is_named(tmp_path: Path, line: str) -> None:
    plant(tmp_path, "src/tapehead/kernels/jit.py", line)
    plant(tmp_path, "src/tapehead/indicators/fast.py", line)
    assert [found.partition(":")[0] for found in stray_compilers(tmp_path)] == ["src/tapehead/indicators/fast.py"]


def test_each_decision_has_a_number_of_its_own() -> None:
    assert list(misnumbered(ROOT)) == []


def test_a_number_given_twice_is_named(tmp_path: Path) -> None:
    for name, first in (("001-a.md", "# 001 A"), ("001-b.md", "# 001 B"), ("003-c.md", "# C")):
        plant(tmp_path, f"docs/decisions/{name}", first)
    assert list(misnumbered(tmp_path)) == [
        "001-b.md: should have a number of its own",
        "003-c.md: its first line should begin with '# 003 '",
    ]
