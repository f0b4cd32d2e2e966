"""What the page is made of: types and form hold, its own tests pass, its types of the service are the service's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx

from tests.house.tree import ROOT
from tests.serving import Served

SCHEMA = ROOT / "web" / "src" / "api" / "schema.ts"


def npm(*words: str) -> None:
    """Run a script of web/package.json."""
    command = [sys.executable, str(ROOT / "tools" / "page.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr


def test_types_and_form_hold() -> None:
    npm("run", "check")


def test_the_pages_own_tests_pass() -> None:
    npm("test")


def test_the_types_of_the_service_are_those_it_tells(served: Served, tmp_path: Path) -> None:
    told = httpx.get(f"{served.url}/api/openapi.json", timeout=60).raise_for_status()
    (tmp_path / "openapi.json").write_bytes(told.content)
    made = tmp_path / "schema.ts"
    npm("run", "types", "--", str(tmp_path / "openapi.json"), "-o", str(made))
    assert SCHEMA.read_text(encoding="utf-8") == made.read_text(encoding="utf-8"), (
        f"the service tells another OpenAPI; take the new types over: cp {made} {SCHEMA.relative_to(ROOT)}"
    )
