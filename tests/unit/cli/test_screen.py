"""`tapehead screen` and `tapehead store lines`: table, JSON, CSV, what is missing, a caret where it is wrong."""

import csv
import io
import json
from pathlib import Path

import pytest

from tapehead.cli.caret import caret_lines
from tapehead.cli.main import main
from tapehead.library.store import open as open_store


def test_a_screen_as_table_json_and_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(tmp_path / "home")
    with open_store(home) as store:
        store.demo(instruments=5, years=1, seed=5)
        found = store.screen("rsi(14) < 101 and close > sma(8700)", universe="demo", by="close", top=2)
        assert store.screen("close > 0").universe == "demo"
    asked = ["--home", home, "screen", "rsi(14) < 101 and close > sma(8700)", "--universe", "demo", "--by", "close"]
    assert main([*asked, "--top", "2", "--save", "two"]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert max(len(line) for line in lines if "tapehead" not in line) <= 80
    assert lines[0].split() == ["instrument", "bar", "(UTC)", "close", "rsi(14)", "sma(8700)"]
    assert [line.split()[0] for line in lines[1:3]] == found.instruments
    assert "of 5 instruments" in out
    assert "is not known of" in out
    assert "Kept as universe two." in out
    assert main(["--home", home, "screen", "rank(close) <= 2", "--universe", "demo", "--by", "close"]) == 0
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()[1:3]] == ["1", "2"]
    assert main(["--json", *asked, "--top", "2"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["count"], told["computed"]) == ("tapehead.screen/1", 2, 0)
    assert told["screen"][0]["values"]["rsi(14)"] == float(found["rsi(14)"][0])
    assert main([*asked, "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows[0]["rsi(14)"] == repr(float(found["rsi(14)"][0]))
    assert main(["--home", home, "store", "lines", "--refresh"]) == 0
    out = capsys.readouterr().out
    assert "rsi(close, period=14)" in out
    assert max(map(len, out.splitlines())) <= 80
    assert main(["--json", "--home", home, "store", "lines", "--forget"]) == 0
    assert json.loads(capsys.readouterr().out)["forgotten"] == 5
    assert main(["--home", home, "store", "lines"]) == 0
    assert "No line is kept yet" in capsys.readouterr().out


def test_what_does_not_read_has_a_caret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(tmp_path / "home")
    assert main(["--home", home, "screen", "rsi(14) < smma(3)"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[-2:] == ["  rsi(14) < smma(3)", "            ^"]
    assert main(["--home", home, "--json", "screen", "rsi(14) <"]) == 2
    told = json.loads(capsys.readouterr().err)
    assert (told["code"], told["position"]) == ("input.screen", 10)
    assert main(["--home", home, "screen", "close > 0"]) == 2
    assert "No bars for" in capsys.readouterr().err
    assert main(["--home", home, "screen"]) == 2
    assert "Give an EXPRESSION" in capsys.readouterr().err


def test_an_older_bar_and_a_division_by_zero_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(tmp_path / "home")
    with open_store(home) as store:
        for symbol, hours in (("AAA", 100), ("BBB", 73)):
            rows = [
                {"ts": f"2021-01-0{1 + k // 24}T{k % 24:02}:00Z"} | dict.fromkeys(("open", "high", "low", "close"), 5.0)
                for k in range(hours)
            ]
            store.append([row | {"volume": 1.0} for row in rows], venue="test", symbol=symbol, interval="1h", kind="fx")
    assert main(["--home", home, "screen", "close > 0"]) == 0
    out = capsys.readouterr().out
    assert "! 1 match with a bar before the newest, 2021-01-05 03:00: up to 1 d 3 h older" in out
    assert main(["--home", home, "screen", "close / (close - 5) > 0"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "! a sum that divides by 0 or is too large is not known of 2, which have 73 to 100 bars" in out


@pytest.mark.parametrize("at", [1, 50, 120, 121])
def test_a_caret_stands_under_its_place_in_a_narrow_window(at: int) -> None:
    text = "".join(chr(33 + place % 90) for place in range(120))
    shown, mark = caret_lines(text, at, 40)
    assert max(len(shown), len(mark)) <= 38
    assert shown[len(mark) - 1 : len(mark)] == text[at - 1 : at]
