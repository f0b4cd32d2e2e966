"""`tapehead bars`: the table, files that come back bit for bit, JSON, and refusals."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pyarrow.feather as feather
import pyarrow.parquet as parquet
import pytest

from tapehead.layout.columns import BAR_COLUMNS
from tapehead.library.store import open as open_store
from tests.unit.cli.reading import Call, ask, home

__all__ = ["ask", "home"]


def test_the_table_shows_both_ends_and_what_is_odd(ask: Call) -> None:
    called = ask("bars", "AAA")
    lines = called.out.splitlines()
    assert called.code == 0
    assert lines[0] == "test:AAA   1h   2021-01-01 to 2021-01-04 23:00 UTC   snapshot 1"
    assert lines[1].startswith("91 bars   1 not traded   1 partial   1 suspect")
    assert lines[3].split() == ["open", "(UTC)", "open", "high", "low", "close", "volume", "flags"]
    assert lines[4].startswith("2021-01-01 00:00")
    assert lines[9].endswith("suspect")
    assert lines[10].endswith("untraded")
    assert lines[14] == "  71 more; -v shows all, -o FILE keeps them"
    assert lines[-1].endswith("partial")
    assert len(lines) == 25
    assert max(map(len, lines)) <= 80
    assert len(ask("-v", "bars", "AAA").out.splitlines()) == 4 + 91


def test_coarser_bars_say_what_they_are_made_of(ask: Call) -> None:
    lines = ask("bars", "AAA", "--interval", "1d").out.splitlines()
    assert lines[0] == "test:AAA   1d made of 1h   2021-01-01 to 2021-01-04 UTC   snapshot 1"
    assert [line.split()[0] for line in lines[4:]] == ["2021-01-01", "2021-01-02", "2021-01-03", "2021-01-04"]
    assert [line.split()[6:] for line in lines[4:]] == [["suspect"], ["partial"], [], ["partial"]]


def test_times_are_shown_in_a_zone_and_kept_in_utc(ask: Call) -> None:
    lines = ask("bars", "AAA", "--tz", "Asia/Kolkata", "--columns", "ts,close").out.splitlines()
    assert lines[3].startswith("open (Asia/Kolkata)")
    assert lines[4].startswith("2021-01-01 05:30")
    refused = ask("bars", "AAA", "--tz", "Mars/Olympus")
    assert (refused.code, "'Mars/Olympus' is no time zone" in refused.err) == (2, True)


def test_json_has_columns_and_words(ask: Call) -> None:
    document = json.loads(ask("bars", "AAA", "--json", "--interval", "1d", "--columns", "ts,high,flags").out)
    assert document["schema"] == "tapehead.bars/1"
    assert (document["interval"], document["source"], document["count"], document["snapshot"]) == ("1d", "1h", 4, 1)
    assert document["bars"]["ts"][1] == "2021-01-02T00:00:00Z"
    assert document["bars"]["flags"][1] == ["traded", "partial"]
    assert list(document["bars"]) == ["ts", "high", "flags"]
    few = json.loads(ask("bars", "AAA", "--json", "--points", "7").out)
    assert (few["count"], few["total"]) == (7, 91)


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv", "csv.gz"])
def test_a_file_holds_every_bit_and_comes_back_by_import(ask: Call, home: Path, tmp_path: Path, ending: str) -> None:
    path = tmp_path / "out" / f"BBB.{ending}"
    path.parent.mkdir()
    called = ask("bars", "BBB", "-o", path)
    assert called.code == 0, called.err
    assert called.out.splitlines()[-1] == f"Written to {path} ({path.stat().st_size:,} bytes)."
    with open_store(home) as store:
        bars = store.bars("BBB")
    if ending in ("parquet", "arrow"):
        table = parquet.read_table(path) if ending == "parquet" else feather.read_table(path)
        assert table.column_names == list(BAR_COLUMNS)
        assert all(table[name].to_numpy().tobytes() == getattr(bars, name).tobytes() for name in BAR_COLUMNS[1:])
    assert ask("import", path, "--venue", "again", "--kind", "crypto", "--symbol", "BBB").code == 0
    with open_store(home) as store:
        again = store.bars("again:BBB")
        assert all(getattr(again, name).tobytes() == getattr(bars, name).tobytes() for name in BAR_COLUMNS[:-1])

    before = path.read_bytes()
    refused = ask("bars", "AAA", "-o", path)
    assert (refused.code, path.read_bytes()) == (2, before)
    assert "a file that is not there yet, or --force given" in refused.err
    assert ask("bars", "AAA", "-o", path, "--force").code == 0
    assert path.read_bytes() != before
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_folder_is_no_file_and_a_link_stays_one(ask: Call, tmp_path: Path) -> None:
    folder, link, target = tmp_path / "folder.csv", tmp_path / "link.csv", tmp_path / "target.csv"
    folder.mkdir()
    link.symlink_to(target)
    refused = ask("bars", "AAA", "-o", folder, "--force")
    assert (refused.code, list(folder.iterdir())) == (2, [])
    assert "a file, and there is a folder" in refused.err
    assert ask("bars", "AAA", "-o", link).code == 0
    assert link.is_symlink()
    assert target.read_text().startswith("ts,open")
    assert ask("bars", "BBB", "-o", link).code == 2


def test_csv_to_the_pipe_has_every_digit(ask: Call, home: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("bars", "AAA", "-o", "-").out)))
    with open_store(home) as store:
        bars = store.bars("AAA")
    for name in ("open", "high", "low", "close", "volume"):
        assert np.array([float(row[name]) for row in rows]).tobytes() == getattr(bars, name).tobytes()
    assert rows[0]["ts"] == "2021-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["AAAA"], "Did you mean 'AAA'?"),
        (["AAA", "--interval", "30m"], "the store holds 1h, and bars are only ever made coarser"),
        (
            ["AAA", "--interval", "90m"],
            "interval=90m: interval must be made up of whole bars of 1h, as 2h, 3h, 4h are: --interval 2h",
        ),
        (["AAA", "--interval", "soon"], "interval=soon"),
        (["AAA", "--snapshot", "9"], "snapshot=9"),
        (["AAA", "--start", "2031-01-01"], "the store holds [2021-01-01T00:00:00Z, 2021-01-05T00:00:00Z)"),
        (["AAA", "--columns", "ts,mid"], "'mid' is no column; there are ts, open"),
        (["AAA", "--start", "0021-01-01"], "start=0021-01-01: start must be a time from the year 1000"),
        (["AAA", "-o", "x.xlsx"], "a file that ends in .parquet"),
        (["AAA", "--force"], "--force writes over a file; name it: -o FILE"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_a_sentence(ask: Call, words: list[str], sentence: str) -> None:
    called = ask("bars", *words)
    assert (called.code, called.out) == (2, "")
    assert sentence in called.err
