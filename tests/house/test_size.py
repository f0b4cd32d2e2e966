"""A line knows its room: hard budgets for files and functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import ROOT, plant, python_files, tree

FILE_LINES = 600
FUNCTION_LINES = 80
KERNEL_LINES = 120


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring; units and edges shall cost nobody a line of code."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def violations(root: Path) -> Iterator[str]:
    """Every file and function over its budget."""
    for path in python_files(root):
        name = path.relative_to(root).as_posix()
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > FILE_LINES:
            yield f"{name}: {lines} lines, at most {FILE_LINES}"
        budget = KERNEL_LINES if name.startswith("src/tapehead/kernels/") else FUNCTION_LINES
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length(node) > budget:
                yield f"{name}:{node.lineno} {node.name}: {length(node)} lines, at most {budget}"


def test_nothing_is_too_long() -> None:
    assert not list(violations(ROOT))


def function(lines: int) -> str:
    """Source of a function of so many lines."""
    return "def long():\n" + "    x = 1\n" * (lines - 1)


def test_what_is_too_long_is_listed(tmp_path: Path) -> None:
    plant(tmp_path, "src/tapehead/model/fits.py", function(80))
    plant(tmp_path, "src/tapehead/model/tall.py", function(81))
    plant(tmp_path, "src/tapehead/kernels/fits.py", function(120))
    plant(tmp_path, "src/tapehead/kernels/tall.py", function(121))
    plant(
        tmp_path,
        "src/tapehead/model/told.py",
        'def told():\n    """One.\n' + "\n" * 70 + '    """\n' + "    x = 1\n" * 79,
    )
    plant(tmp_path, "tests/full.py", "x = 1\n" * 601)
    assert list(violations(tmp_path)) == [
        "src/tapehead/kernels/tall.py:1 long: 121 lines, at most 120",
        "src/tapehead/model/tall.py:1 long: 81 lines, at most 80",
        "tests/full.py: 601 lines, at most 600",
    ]
