"""`tapehead coverage`: strips, holes, what was set aside, in any terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.reading import Call, ask, home

__all__ = ["ask", "home"]


def test_one_series_is_drawn_and_counted(ask: Call) -> None:
    lines = ask("coverage", "AAA").out.splitlines()
    assert lines[0] == "test:AAA   1h   2021-01-01 to 2021-01-04 23:00 UTC   calendar 24/7"
    assert lines[1].split() == ["2021-01-01", "2021-01-04"]
    strip = lines[2][2:]
    assert len(strip) == 76
    assert set(strip) == {"█", "·", "○"}
    facts = {line[:18].strip(): line[18:].split()[0] for line in lines[3:9]}
    assert facts == {
        "bars": "91", "missing": "2", "confirmed empty": "3", "suspect": "1", "partial": "1", "untraded": "1",
    }  # fmt: skip
    assert "in 1 hole from 2021-01-02 16:00" in lines[4]
    assert "█ all there" in lines[-1]
    assert lines[-1].endswith("a cell is 1.3 hours")


def test_without_a_name_all_series_are_listed_most_missing_first(ask: Call) -> None:
    lines = ask("coverage").out.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["AAA", "BBB"]
    assert lines[1].split()[-2:] == ["91", "2"]
    assert lines[2].split()[-2:] == ["200", "0"]
    assert len({line.index(word) for line, word in zip(lines[1:3], ("91 ", "200 "), strict=True)}) == 2
    assert any(line.startswith("2 series   291 bars   2 missing in 1 hole   3 confirmed empty") for line in lines)
    assert max(map(len, lines)) <= 80


def test_holes_and_rows_set_aside_are_listed(ask: Call) -> None:
    lines = ask("coverage", "AAA", "--gaps", "--quarantine").out.splitlines()
    at = lines.index("test:AAA 1h")
    assert [line.split() for line in lines[at + 2 : at + 4]] == [
        ["2021-01-01", "10:00", "2021-01-01", "13:00", "3", "confirmed", "empty"],
        ["2021-01-02", "16:00", "2021-01-02", "18:00", "2", "missing"],
    ]
    assert lines[-2] == "a.csv:41   AAA   2021-01-02 16:00 UTC   a price is null"
    assert lines[-1].strip() == "open= high=1"
    every = ask("coverage", "--quarantine").out
    assert "a.csv:99   no symbol   no time   no time" in every
    assert ask("coverage", "BBB", "--gaps", "--quarantine").out.endswith("No holes.\n\nNothing was set aside.\n")


def test_json_counts_and_lists(ask: Call) -> None:
    document = json.loads(ask("coverage", "--gaps", "--quarantine", "--json").out)
    assert (document["schema"], document["snapshot"]) == ("tapehead.coverage/1", 1)
    first = document["coverage"][0]
    assert first["runs"][1] == {
        "start": "2021-01-02T16:00:00Z", "end": "2021-01-02T18:00:00Z", "bars": 2, "state": "missing",
    }  # fmt: skip
    del first["runs"]
    assert first == {
        "instrument": "test:AAA", "interval": "1h", "calendar": "24/7", "first": "2021-01-01T00:00:00Z",
        "last": "2021-01-04T23:00:00Z", "bars": 91, "empty": 3, "missing": 2, "gaps": 1, "suspect": 1, "partial": 1,
        "untraded": 1, "outside": 0,
    }  # fmt: skip
    assert [row["row"] for row in document["quarantine"]] == [41, 99]
    assert "runs" not in json.loads(ask("coverage", "--json").out)["coverage"][0]


def test_a_terminal_of_ascii_gets_ascii(home: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "80"}
    words = [sys.executable, "-m", "tapehead", "--home", str(home), "coverage", "AAA"]
    done = subprocess.run(words, capture_output=True, env=environment, check=True)
    lines = done.stdout.decode("ascii").splitlines()
    assert set(lines[2].strip()) <= set("#+.o")
    assert {"#", "o"} <= set(lines[2])
    assert "# all there" in lines[-1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["AAAA"], "Did you mean 'AAA'?"),
        (["--interval", "5m"], "No bars of 5m are held here; the store holds 1h."),
        (["--universe", "nope"], "No universe 'nope'"),
        (["AAA", "--universe", "all"], "contradict each other"),
    ],
)
def test_what_is_not_held_is_refused(ask: Call, words: list[str], sentence: str) -> None:
    called = ask("coverage", *words)
    assert (called.code, called.out) == (2, "")
    assert sentence in called.err
