"""What is installed is whole: the wheel holds every file of the package, those that are no Python too."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.house.tree import ROOT, files


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("tapehead/")}
    wanted = {path.relative_to(ROOT / "src").as_posix() for path in files(ROOT / "src")}
    assert wanted <= held
    assert any(name.endswith(".css") for name in wanted)
    assert any(name.endswith(".sql") for name in wanted)
