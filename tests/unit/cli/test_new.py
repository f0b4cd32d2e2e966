"""`tapehead new strategy`: a file that runs and a test that passes, and nothing is ever overwritten."""

import subprocess
import sys
from pathlib import Path

import pytest

from tapehead.cli.main import main
from tests.unit.library.market import open_market


def test_what_it_writes_passes_its_test_and_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, home = tmp_path / "ideas" / "my_idea.py", str(tmp_path / "home")
    assert main(["--home", home, "new", "strategy", str(file)]) == 0
    out = capsys.readouterr().out
    assert f"{file}:MyIdea" in out
    assert len(max(out.splitlines(), key=len).strip()) < 80 + 2 * len(str(file))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_my_idea.py"],
        cwd=file.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
    assert main(["--home", home, "strategies", str(file)]) == 0
    assert "Buy weakness that ends inside a rise" in capsys.readouterr().out
    open_market(tmp_path / "home", symbols=2).close()
    assert main(["--home", home, "backtest", f"{file}:MyIdea", "--universe", "all"]) == 0
    assert "none: 8 cuts x 2 instruments" in capsys.readouterr().out


@pytest.mark.parametrize("there", ["idea.py", "test_idea.py"])
def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str], there: str) -> None:
    (tmp_path / there).write_text("mine")
    assert main(["new", "strategy", str(tmp_path / "idea.py")]) == 2
    assert f"Take another name: tapehead new strategy {tmp_path / 'idea_2.py'}" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "mine"


@pytest.mark.parametrize("name", ["idea", "1x.py", "a-b.py", "class.py", ".py"])
def test_a_name_that_python_cannot_import_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(["new", "strategy", str(tmp_path / name)]) == 2
    assert "such as my_idea.py" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
