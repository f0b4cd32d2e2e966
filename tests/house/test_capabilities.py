"""docs/capabilities.md is a list of claims; each one that says `works` is checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import tapehead
from tests.house.commands import cut, fault_in, refusal
from tests.house.tree import ROOT, plant

PAGE = Path("docs/capabilities.md")
# Letter of the group and how many ids it has.
IDS = {"S": 13, "C": 3, "K": 10, "B": 4, "O": 3, "I": 6, "A": 4, "D": 18, "T": 9}
EXPECTED = [f"{letter}{number}" for letter, count in IDS.items() for number in range(1, count + 1)]


class Claim(NamedTuple):
    """One row of a table."""

    id: str
    capability: str
    state: str
    where: str
    call: str
    test: str


def claims(root: Path) -> Iterator[Claim]:
    """Every row that begins with an id."""
    for line in (root / PAGE).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if re.fullmatch(r"[A-Z]\d+", cells[0]):
            whole = len(cells) == len(Claim._fields)
            yield Claim(*cells) if whole else Claim(cells[0], "", "six cells wanted", "", "", "")


def ticked(cell: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)


def fault_of_test(root: Path, name: str) -> str | None:
    """What is wrong with a test that is named as a proof."""
    path, _, function = name.partition("::")
    if not (root / path).is_file():
        return f"there is no {path}"
    if function and not re.search(rf"^(?:async )?(?:    )?(?:def|class) {function.partition('[')[0]}\b",
                                  (root / path).read_text(encoding="utf-8"), re.MULTILINE):  # fmt: skip
        return f"{path} has no {function}"
    return None


def fault_of_call(call: str) -> str | None:
    """What is wrong with a command or a Python call to try."""
    commands = list(cut(call))
    if commands:
        return next(filter(None, map(refusal, commands)), None)
    python = re.match(r"(?:th|tapehead)\.(\w+)", call)
    if python:
        return None if hasattr(tapehead, python[1]) else f"tapehead has no {python[1]}"
    method = re.match(r"store\.(\w+)", call)
    if method:
        return None if hasattr(tapehead.Store, method[1]) else f"Store has no {method[1]}"
    target = re.match(r"make ([a-z-]+)", call)
    if target and re.search(rf"^{target[1]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE):
        return None
    return f"{call} is neither a command nor a call of ours"


def faults(root: Path) -> Iterator[str]:
    """Everything that is not true on the page, as far as a program can tell."""
    rows = list(claims(root))
    seen = [row.id for row in rows]
    if seen != EXPECTED:
        strange = sorted({name for name in seen if name not in EXPECTED or seen.count(name) > 1})
        yield f"ids: missing {sorted(set(EXPECTED) - set(seen))}, unknown or twice {strange}, or out of order"
    for row in rows:
        if not re.fullmatch(r"works|planned|partly: \S.*", row.state):
            yield f"{row.id}: the state is '{row.state}'; works, partly: what is missing, or planned"
        if not row.capability:
            yield f"{row.id}: says nothing"
        claimed = row.state == "works"
        yield from (f"{row.id}: {fault}" for name in ticked(row.test) if (fault := fault_of_test(root, name)))
        yield from (f"{row.id}: {fault}" for call in ticked(row.call) if (fault := fault_of_call(call)))
        yield from (f"{row.id}: there is no {name}" for name in ticked(row.where) if not place(root, name).exists())
        if row.state == "planned" and (ticked(row.test) or ticked(row.call) or ticked(row.where)):
            yield f"{row.id}: planned, yet it names something to try; say partly and what is missing"
        if claimed and not (ticked(row.test) and ticked(row.call) and ticked(row.where)):
            yield f"{row.id}: works, so it names where it lives, a command or call, and a test"


def place(root: Path, name: str) -> Path:
    """Path of a place, which may be named from the package."""
    return root / name if (root / name).exists() else root / "src" / "tapehead" / name


def test_the_page_is_true() -> None:
    assert not list(faults(ROOT))


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("| S1 | bars | works | `stores` | `tapehead doctor` | `tests/gone.py` |", "there is no tests/gone.py"),
        ("| S1 | bars | works | `stores` | `tapehead doctor` | `tests/a.py::test_b` |", "tests/a.py has no test_b"),
        ("| S1 | bars | works | `stores` | `tapehead levitate` | `tests/a.py` |", "levitate"),
        ("| S1 | bars | works | `stores` | `th.levitate()` | `tests/a.py` |", "tapehead has no levitate"),
        ("| S1 | bars | works | `attic` | `tapehead instruments` | `tests/a.py` |", "there is no attic"),
        ("| S1 | bars | works | `stores` | – | `tests/a.py` |", "works, so it names"),
        ("| S1 | bars | works | `stores` | `tapehead instruments` | – |", "works, so it names"),
        ("| S1 | bars | done | – | – | – |", "the state is 'done'"),
        ("| S1 | bars | partly: | – | – | – |", "the state is 'partly:'"),
        ("| S1 | bars | planned | – | `tapehead instruments` | – |", "planned, yet"),
        ("| S1 | bars | planned | – | – |", "six cells wanted"),
        ("| S99 | bars | planned | – | – | – |", "S99"),
    ],
)  # fmt: skip
def test_an_untrue_row_is_found(tmp_path: Path, row: str, fault: str) -> None:
    others = [f"| {name} | words | planned | – | – | – |" for name in EXPECTED if name != "S1"]
    plant(tmp_path, "tests/a.py", "def test_a():\n    pass\n")
    plant(tmp_path, "stores/here.py", "")
    plant(tmp_path, str(PAGE), "\n".join([row, *others]))
    assert any(fault in found for found in faults(tmp_path))


def test_a_true_page_has_no_fault(tmp_path: Path) -> None:
    row = "| S1 | bars | works | `stores` | `tapehead instruments` | `tests/a.py::test_a` |"
    others = [f"| {name} | words | planned | – | – | – |" for name in EXPECTED if name != "S1"]
    plant(tmp_path, "tests/a.py", "def test_a():\n    pass\n")
    plant(tmp_path, "stores/here.py", "")
    plant(tmp_path, str(PAGE), "\n".join([row, *others]))
    assert not list(faults(tmp_path))


def test_a_page_without_a_row_is_found(tmp_path: Path) -> None:
    plant(tmp_path, str(PAGE), "\n".join(f"| {name} | words | planned | – | – | – |" for name in EXPECTED[1:]))
    assert any("missing ['S1']" in found for found in faults(tmp_path))


def test_a_command_of_the_page_is_whole() -> None:
    """A name that exists is not enough for a row that works: the whole line must parse."""
    assert fault_in("explain") is None
    assert fault_of_call("tapehead explain")
