"""What belongs to the repository, read from the disk so that a tarball is judged like a clone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON_FOLDERS = ("src", "tests", "benchmarks", "tools")
NOT_OURS = {
    "__pycache__",
    "build",
    "dist",
    "node_modules",
    "uv.lock",
}
OURS_THOUGH_HIDDEN = {".ci", ".gitignore"}


def files(root: Path) -> Iterator[Path]:
    """Every file that is ours; hidden ones and what tools leave behind are not."""
    for path in sorted(root.iterdir()):
        if path.name in NOT_OURS or path.name.endswith((".egg-info", ".pyc", ".nbi", ".nbc")):
            continue
        if path.name.startswith(".") and path.name not in OURS_THOUGH_HIDDEN:
            continue
        if path.is_dir():
            yield from files(path)
        else:
            yield path


def python_files(root: Path) -> Iterator[Path]:
    """Every Python source of ours."""
    for folder in PYTHON_FOLDERS:
        if (root / folder).is_dir():
            yield from (path for path in files(root / folder) if path.suffix in (".py", ".pyi"))


def text(path: Path) -> str | None:
    """The text of a file; None when it is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def tree(path: Path) -> ast.Module:
    """The syntax tree of a source."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def plant(root: Path, relative: str, content: str) -> Path:
    """Write a file that breaks a rule, to see the rule noticed."""
    path = root / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path
