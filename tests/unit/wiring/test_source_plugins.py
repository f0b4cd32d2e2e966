"""Sources of other packages: installed for real, in a folder on the path of a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
GOOD = _PAGE.partition("## A source")[2].split("```")[1].removeprefix("python")
"""The class that the page shows."""
SAYS_YES = "class Tape:\n    def reads(self, path, head):\n        return True\n    def batches(self, origin, hints):\n"
BAD = {
    "raises on load": ("raise OSError('no licence')", "it does not load, OSError: no licence"),
    "raises when asked": (SAYS_YES.replace("True", "1 / 0") + "        return iter(())", "it raised ZeroDivisionError"),
    "is no source": ("class Tape:\n    pass", "it has no reads and no batches"),
    "gives no batch": (SAYS_YES + "        yield 1", "it gave int and no RawBatch"),
    "raises midway": (SAYS_YES + "        raise KeyError('x')\n        yield", "it raised KeyError: 'x'"),
}


def install(folder: Path, package: str, code: str, name: str = "ticker") -> None:
    """Lay a package and its metadata down as an installer does."""
    module = package.replace("-", "_")
    (folder / f"{module}.py").write_text(code, encoding="utf-8")
    metadata = folder / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
    points = f"[tapehead.sources]\n{name} = {module}:Tape\n"
    (metadata / "entry_points.txt").write_text(points, encoding="utf-8")


def imported(folder: Path, data: bytes = b"TAPE\n1.5\n2.5\n") -> tuple[int, str]:
    """Import a file with the packages of a folder installed; return the exit code and all that is said."""
    path = folder / "bars.tape"
    path.write_bytes(data)
    env = {**os.environ, "PYTHONPATH": str(folder), "TAPEHEAD_HOME": str(folder / "home"), "COLUMNS": "400"}
    command = [sys.executable, "-m", "tapehead", "import", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env, timeout=120, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_an_installed_source_reads_its_files_and_says_so(tmp_path: Path) -> None:
    install(tmp_path, "tape-reader", GOOD)
    code, said = imported(tmp_path)
    assert (code, "read by the plug-in 'ticker' of tape-reader" in said, "2 bars added" in said) == (0, True, True), (
        said
    )


def test_other_files_are_read_as_ever(tmp_path: Path) -> None:
    install(tmp_path, "tape-reader", GOOD)
    code, said = imported(
        tmp_path, b"date,open,high,low,close,symbol\n2024-01-01,1,1,1,1,BTCUSDT\n2024-01-02,1,1,1,1,BTCUSDT\n"
    )
    assert (code, "plug-in" in said) == (0, False), said


@pytest.mark.parametrize("case", list(BAD))
def test_a_plugin_that_fails_is_a_sentence(tmp_path: Path, case: str) -> None:
    source, cause = BAD[case]
    install(tmp_path, "tape-reader", source)
    code, said = imported(tmp_path)
    assert code == 3
    assert "The source plug-in 'ticker' of tape-reader fails: " in said
    assert cause in said
    assert said.endswith("Nothing was written. Mend it, or take its package away: pip uninstall tape-reader")


@pytest.mark.parametrize(("name", "cause"), [("ticker", "offers one of the same name"), ("tock", "would read")])
def test_two_plugins_for_one_file_are_a_sentence(tmp_path: Path, name: str, cause: str) -> None:
    install(tmp_path, "tape-reader", GOOD)
    install(tmp_path, "other-reader", GOOD, name)
    code, said = imported(tmp_path)
    assert (code, cause in said) == (3, True), said
    assert "tape-reader" in said
    assert "other-reader" in said
