"""Whoever switches a check off for a line says beside it why."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOT, plant, python_files

SWITCH = re.compile(r"#\s*(noqa|type:\s*ignore)\b(\S*)(?P<codes>(?:\s*[A-Z]+[0-9]+,?)*)(?P<reason>.*)")


def bare(root: Path) -> Iterator[str]:
    """Every comment that switches a check off and gives no reason, or no code."""
    for path in python_files(root):
        source = path.read_text(encoding="utf-8")
        if "noqa" not in source and "type: ignore" not in source:
            continue
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            found = SWITCH.match(token.string) if token.type == tokenize.COMMENT else None
            if found and (not found[2] or not re.search(r"[^\W\d_]{3}", found["reason"])):
                yield f"{path.relative_to(root).as_posix()}:{token.start[0]}: {token.string}"


def test_every_exception_has_its_reason() -> None:
    assert not list(bare(ROOT))


@pytest.mark.parametrize(
    ("comment", "missing"),
    [
        ("# noqa: S608", True),
        ("# noqa", True),
        ("# noqa: PTH115, PTH118", True),
        ("# type: ignore[misc]", True),
        ("# type: ignore[misc]  # -", True),
        ("# type: ignore[misc]  # frozen", False),
        ("# noqa: PTH115, PTH118 - as written there", False),
        ("# type: ignore[misc]  # the class is frozen", False),
    ],
)
def test_an_exception_without_a_reason_is_found(tmp_path: Path, comment: str, missing: bool) -> None:
    plant(tmp_path, "src/tapehead/some.py", f"value = 1  {comment}\n")
    assert bool(list(bare(tmp_path))) == missing
