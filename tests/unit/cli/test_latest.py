"""`tapehead latest`: the newest bar of all, and a cross-section at a moment."""

import json
from pathlib import Path

import pytest

from tapehead.cli.main import main
from tapehead.library.store import open as open_store


def test_one_bar_of_every_instrument(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(tmp_path / "home")
    with open_store(home) as store:
        store.demo(instruments=3, years=1, seed=5)
        bar = store.bars("BTCUSDT", start="2019-05-01T12:00", end="2019-05-01T13:00")
    assert main(["--home", home, "latest", "--universe", "demo"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), lines[-1]) == (5, "3 instruments")
    assert max(map(len, lines)) <= 80
    asked = ["--home", home, "latest", "--symbols", "BTCUSDT,ETHUSDT", "--at", "2019-05-01T12:30"]
    assert main(["--json", *asked]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["count"]) == ("tapehead.latest/1", 2)
    first = told["latest"][0]
    assert (first["instrument"], first["ts"], first["close"]) == ("demo:BTCUSDT", "2019-05-01T12:00:00Z", bar.close[0])
    assert main([*asked, "--csv"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split(",")[5] == repr(float(bar.close[0]))
    assert main(["--home", home, "latest", "--symbols", "NOPE"]) == 2
    assert "No instrument 'NOPE'" in capsys.readouterr().err
