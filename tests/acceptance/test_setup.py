"""Set-up: quiet when done, a sentence when it cannot go on, aware of what changed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
BASE_PYTHON = os.path.realpath(sys.executable)


def make(folder: Path, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Call `make setup` with an environment that holds nothing else."""
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin", **more}
    command = ["make", "--no-print-directory", "setup", f"PYTHON={BASE_PYTHON}"]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files that set-up reads, in a folder of their own."""
    folder = tmp_path / "clone"
    (folder / "src").mkdir(parents=True)
    shutil.copytree(
        ROOT / "src" / "tapehead", folder / "src" / "tapehead", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture
def setup(clone: Path) -> ModuleType:
    """The script of the clone, loaded."""
    spec = importlib.util.spec_from_file_location("setup_of_clone", clone / "tools" / "setup.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_an_index_it_says_what_to_do_and_can_be_called_again(clone: Path, tmp_path: Path) -> None:
    closed = "http://127.0.0.1:9/simple"
    nowhere = {"PIP_INDEX_URL": closed, "PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    for _ in range(2):
        done = make(clone, tmp_path / "home", **nowhere)
        assert done.returncode != 0
        assert "set-up 1/7  environment .venv" in done.stdout
        assert "going on with pip" in done.stdout
        assert "packages of requirements.lock: did not work. The package index must be reachable" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr


def test_a_missing_interpreter_is_named(clone: Path, tmp_path: Path) -> None:
    command = ["make", "setup", "PYTHON=python3.nowhere"]
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=clone, env=env, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "There is no python3.nowhere here" in done.stdout


def test_a_strange_environment_is_not_deleted(clone: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "keep").write_text("me", encoding="utf-8")
    (clone / ".venv").symlink_to(precious)
    done = make(clone, tmp_path)
    assert done.returncode != 0
    assert ".venv is not a folder of its own" in done.stdout
    assert (precious / "keep").read_text(encoding="utf-8") == "me"


def test_pins_and_project_decide_the_environment(setup: ModuleType, clone: Path) -> None:
    before = setup.environment_key()
    assert setup.environment_key() == before
    for name in ("requirements.lock", "pyproject.toml"):
        with (clone / name).open("a", encoding="utf-8") as file:
            file.write("# changed\n")
        after = setup.environment_key()
        assert after != before
        before = after


@pytest.mark.parametrize("room", ["kernels", "layout"])
def test_kernel_sources_and_their_constants_decide_the_kernels(setup: ModuleType, clone: Path, room: str) -> None:
    before, environment = setup.kernel_key(), setup.environment_key()
    (clone / "src" / "tapehead" / room / "planted.py").write_text("X = 1\n", encoding="utf-8")
    assert setup.kernel_key() != before
    assert setup.environment_key() == environment


def test_the_place_of_the_kernel_cache_decides_the_kernels(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    before = setup.kernel_key()
    monkeypatch.setenv("NUMBA_CACHE_DIR", "elsewhere")
    assert setup.kernel_key() != before


def test_a_stamp_holds_only_where_it_was_written(setup: ModuleType) -> None:
    (setup.VENV / "bin").mkdir(parents=True)
    setup.PYTHON.symlink_to(BASE_PYTHON)
    (setup.VENV / "bin" / "tapehead").touch()
    assert setup.read_stamp() == {}
    setup.write_stamp("environment", ["kernels"])
    assert setup.read_stamp()["kernels"] == ["kernels"]
    setup.UNFINISHED.touch()
    assert setup.read_stamp() == {}
    setup.UNFINISHED.unlink()
    setup.STAMP.write_text("{cut", encoding="utf-8")
    assert setup.read_stamp() == {}
    setup.write_stamp("environment", [])
    setup.PYTHON.unlink()
    setup.PYTHON.symlink_to("/bin/sh")
    assert setup.read_stamp() == {}


def test_uv_is_taken_from_the_lock_with_its_hashes(setup: ModuleType) -> None:
    lines = setup.pinned("uv").splitlines()
    assert lines[0].startswith("uv==")
    assert len(lines) > 2
    assert all("--hash=sha256:" in line for line in lines[1:])
    with pytest.raises(setup.SetupError, match="holds no spam"):
        setup.pinned("spam")
