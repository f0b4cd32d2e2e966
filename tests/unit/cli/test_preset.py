"""`tapehead preset`: saved, listed, shown, run and forgotten; one whose strategy changed says how to keep it."""

import json
import re
from pathlib import Path

import click
import pytest

from tapehead.cli.main import main
from tapehead.cli.preset import preset
from tests.unit.library.market import RSI_BODY, open_market, write_strategy


def test_its_examples_run_one_after_the_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(tmp_path / "home")
    for name in ("save", "list", "show", "delete"):
        command = preset.commands[name]
        found = re.search(r"Example: tapehead (.*)", command.epilog or "")
        assert isinstance(command, click.Command)
        assert found is not None
        assert main(["--home", home, *found[1].split()]) == 0, name
        out = capsys.readouterr().out
        assert "quick" in out
        assert max(map(len, out.replace(f" --home {home}", "").splitlines())) <= 80
    assert main(["--home", home, "preset", "list"]) == 0
    assert "No preset yet." in capsys.readouterr().out
    assert main(["--home", home, "preset", "show", "quick"]) == 2
    assert "No preset 'quick'. List them: tapehead" in capsys.readouterr().err.replace(f" --home {home}", "")


def test_it_says_that_a_strategy_changed_and_how_to_keep_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(tmp_path / "home")
    open_market(tmp_path / "home", symbols=1, rows=300).close()
    where = write_strategy(tmp_path / "mine.py", RSI_BODY)
    assert main(["--home", home, "preset", "save", "own", where, "-p", "period=10"]) == 0
    capsys.readouterr()
    (tmp_path / "mine.py").write_text((tmp_path / "mine.py").read_text().replace("70.0", "60.0"))
    for words in (["preset", "list"], ["preset", "show", "own"], ["backtest", "preset:own", "--symbols", "S00"]):
        assert main(["--home", home, *words]) == 0
        err = capsys.readouterr().err
        assert "own: its strategy changed since it was saved" in err
    assert f"preset save own {where} -p period=10" in " ".join(err.split())
    assert main(["--home", home, "--json", "preset", "show", "own"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["parameters"], told["changed"]) == (
        "tapehead.preset/1",
        {"period": 10},
        "its strategy changed since it was saved",
    )
