"""In CI a skip for something CI must have is a failure; absent shared data is listed by name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT, plant

TESTS = """\
import pytest


def test_server():
    pytest.skip("needs a server")


@pytest.mark.skipif(True, reason="needs a browser")
def test_browser():
    pass


def test_shared(shared_data):
    shared_data("nowhere/bars.parquet")


@pytest.mark.xfail(reason="needs patience")
def test_expected():
    raise ValueError
"""


def run(folder: Path, ci: str) -> tuple[int, str]:
    """Run the planted tests under our conftest."""
    shutil.copy(ROOT / "tests" / "conftest.py", folder)
    plant(folder, "test_planted.py", TESTS)
    plant(folder, "test_module.py", 'import pytest\n\npytest.skip("needs a module", allow_module_level=True)\n')
    env = {**os.environ, "CI": ci, "TAPEHEAD_TEST_DATA": str(folder / "data"), "PYTHONPATH": str(ROOT)}
    # Plug-ins take longer to import than the tests to run, and have no part in this.
    env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    told = ["-ra", "--no-fold-skipped", "--continue-on-collection-errors", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *told, "--rootdir", str(folder), "-c", os.devnull, str(folder)]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_ci_refuses_a_skip_for_what_it_must_have(tmp_path: Path) -> None:
    code, said = run(tmp_path, "true")
    assert code != 0
    for reason in ("needs a server", "needs a browser", "needs a module"):
        assert f"CI may not skip this: {reason}" in said
    assert f"shared data is absent: {tmp_path / 'data' / 'nowhere' / 'bars.parquet'}" in said
    assert "1 xfailed" in said


@pytest.mark.parametrize("ci", ["", "false"])
def test_elsewhere_a_skip_is_a_skip(tmp_path: Path, ci: str) -> None:
    code, said = run(tmp_path, ci)
    assert code == 0, said
    assert "4 skipped, 1 xfailed" in said


def test_the_pipeline_runs_what_everybody_runs() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "exec make check" in script.read_text(encoding="utf-8")
