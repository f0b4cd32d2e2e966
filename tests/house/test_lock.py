"""requirements.lock holds everything the project asks for, by hash, and names no host."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT, python_files

# SciPy costs every first kernel call its import; the others have no place in the core.
NOT_HERE = {"scipy", "pandas", "polars"}


def pins(lock: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes of each pinned package."""
    found: dict[str, tuple[str, int]] = {}
    for block in re.split(r"\n(?=\S)", lock.strip()):
        head = re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", block)
        if head:
            found[canonicalize_name(head[1])] = (head[2], block.count("--hash=sha256:"))
    return found


def faults(project: dict[str, Any], lock: str) -> Iterator[str]:
    """Everything that is wrong between the two files."""
    for number, line in enumerate(lock.splitlines(), 1):
        if "://" in line or re.match(r"\s*--(index|extra-index|find-links|trusted)", line):
            yield f"line {number} names a host: {line.strip()}"
    held = pins(lock)
    for name, (_, hashes) in held.items():
        if not hashes:
            yield f"{name} has no hash"
        if name in NOT_HERE:
            yield f"{name} has no place in the environment"
    extras = project["project"]["optional-dependencies"].values()
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"], *chain(*extras)]
    for requirement in map(Requirement, wanted):
        version = held.get(canonicalize_name(requirement.name), (None, 0))[0]
        if version is None:
            yield f"{requirement.name} is not pinned; make lock"
        elif not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement.name} is pinned to {version}, outside {requirement.specifier}; make lock"


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lock() -> str:
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_the_lock_is_whole(project: dict[str, Any], lock: str) -> None:
    assert not list(faults(project, lock))
    assert len(pins(lock)) > 20


def test_the_core_stays_small(project: dict[str, Any]) -> None:
    core = {Requirement(line).name for line in project["project"]["dependencies"]}
    assert core == {"numpy", "numba", "pyarrow", "click", "rich", "orjson", "tzdata"}


def test_the_service_is_an_extra_of_its_own(project: dict[str, Any]) -> None:
    server = {Requirement(line).name for line in project["project"]["optional-dependencies"]["server"]}
    assert server == {"fastapi", "httptools", "httpx", "prometheus-client", "starlette-compress", "uvicorn", "uvloop"}


def test_searching_is_an_extra_of_its_own(project: dict[str, Any]) -> None:
    search = {Requirement(line).name for line in project["project"]["optional-dependencies"]["search"]}
    assert search == {"optuna"}


def test_sqlalchemy_is_taken_where_schemas_are_moved_only() -> None:
    """It costs 140 ms and more; Optuna brings it along, and nothing else here may come to lean on that."""
    taken = re.compile(r"^\s*(?:from|import)\s+(?:sqlalchemy|alembic)\b", re.MULTILINE)
    rooms = ROOT / "src" / "tapehead"
    sources = [file for file in python_files(ROOT) if file.is_relative_to(rooms)]
    assert len(sources) > 100
    leaning = [file for file in sources if taken.search(file.read_text(encoding="utf-8"))]
    assert not [file for file in leaning if not file.is_relative_to(rooms / "database")]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("click==", "--index-url https://somewhere.example/simple\nclick==", "names a host"),
        ("click==8", "click==7", "click is pinned to 7"),
        ("click==", "clack==", "click is not pinned"),
        ("click==", "scipy==1.17.1 \\\n    --hash=sha256:00\nclick==", "scipy has no place"),
        ("click==", "loose==1.0\nclick==", "loose has no hash"),
    ],
)
def test_a_bad_lock_is_found(project: dict[str, Any], lock: str, old: str, new: str, fault: str) -> None:
    assert old in lock
    assert any(fault in found for found in faults(project, lock.replace(old, new)))


def test_an_installer_can_take_uv_alone() -> None:
    """Set-up installs uv from the lock's own lines, hashes included."""
    assert pins((ROOT / "requirements.lock").read_text(encoding="utf-8"))["uv"][1] > 1


def test_the_universal_lock_is_ignored() -> None:
    assert "uv.lock" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()


def test_this_python_is_allowed(project: dict[str, Any]) -> None:
    assert project["project"]["requires-python"] == ">=3.11"
    assert Path(ROOT / "LICENSE").read_text(encoding="utf-8").lstrip().startswith("Apache License")
