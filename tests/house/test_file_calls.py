"""Whoever writes a file of the store does it in one room, so that the torture can stop every call."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOT, plant, python_files, tree

STORES = "src/tapehead/stores"
ROOM = f"{STORES}/embedded/disk.py"
METHODS = {
    "write_bytes", "write_text", "rename", "replace", "unlink", "rmdir", "mkdir", "touch", "symlink_to",
    "hardlink_to", "chmod", "link", "remove", "removedirs", "renames", "makedirs", "truncate", "ftruncate",
    "pwrite", "pwritev", "writev", "fsync", "fdatasync", "rmtree", "copyfile", "copytree", "sendfile",
}  # fmt: skip
MODULES = {"shutil", "tempfile"}
# Names that other things have too: a call counts when it is made on the module or looks like a path's.
SHARED = {"replace", "rename", "remove", "link", "copyfile"}


def is_write(call: ast.Call) -> bool:
    """Say whether a call writes to the file system, as far as its name tells."""
    function = call.func
    if isinstance(function, ast.Name):
        return function.id == "open" and opens_to_write(call.args[1:2], call.keywords)
    if not isinstance(function, ast.Attribute):
        return False
    owner = function.value
    if isinstance(owner, ast.Name) and owner.id == "os":
        return function.attr in METHODS or (function.attr == "open" and "O_RDONLY" not in ast.unparse(call))
    if function.attr == "open":
        return opens_to_write(call.args[:1], call.keywords)
    if function.attr == "replace":
        # str.replace, dataclasses.replace and a commit's own `replace` are no renames of a path: those take one place.
        return len(call.args) == 1 and not call.keywords and "path" in ast.unparse(owner).lower()
    return function.attr in METHODS - SHARED or (function.attr in SHARED and "path" in ast.unparse(owner).lower())


def opens_to_write(mode: list[ast.expr], keywords: list[ast.keyword]) -> bool:
    """Say whether an `open` is not for reading only."""
    modes = [*mode, *(word.value for word in keywords if word.arg == "mode")]
    return any(not isinstance(one, ast.Constant) or set(str(one.value)) & set("wax+") for one in modes)


def violations(root: Path) -> Iterator[str]:
    """Every write in the stores that is not in the room, and every module that writes on its own."""
    for path in python_files(root):
        name = path.relative_to(root).as_posix()
        if not name.startswith(STORES + "/") or name == ROOM:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and is_write(node):
                yield f"{name}:{node.lineno}: {ast.unparse(node.func)} outside {ROOM}"
            if isinstance(node, ast.Import) and {one.name for one in node.names} & MODULES:
                yield f"{name}:{node.lineno}: {ast.unparse(node)}"
            if isinstance(node, ast.ImportFrom) and node.module in MODULES:
                yield f"{name}:{node.lineno}: {ast.unparse(node)}"


def test_every_write_of_the_store_is_in_its_room() -> None:
    assert not list(violations(ROOT))


@pytest.mark.parametrize(
    "line",
    [
        "path.write_bytes(b'')",
        "place.unlink(missing_ok=True)",
        "self._partial(data).write_text('')",
        "self.path(data).rename(other)",
        "path.replace(other)",
        "os.replace(one, other)",
        "os.open(path, os.O_RDWR | os.O_CREAT)",
        "os.fsync(descriptor)",
        "open(path, 'wb')",
        "path.open('r+b')",
        "open(path, mode='a')",
        "import shutil",
        "from tempfile import mkstemp",
    ],
)
def test_a_write_elsewhere_is_found(tmp_path: Path, line: str) -> None:
    plant(tmp_path, f"{STORES}/embedded/planted.py", f"import os\n{line}\n")
    plant(tmp_path, ROOM, f"import os\n{line}\n")
    reads = "a.read_bytes()\nopen(a)\nopen(a, 'rb')\nos.open(a, os.O_RDONLY)\nt.replace('a', 'b')\nw.replace(draft)\n"
    plant(tmp_path, f"{STORES}/fine.py", f"import os\n{reads}")
    assert [found[: len(f"{STORES}/embedded/planted.py:2")] for found in violations(tmp_path)] == [
        f"{STORES}/embedded/planted.py:2"
    ]
