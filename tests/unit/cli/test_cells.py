"""Names that are long or wide: no table and no warning leaves the window for them."""

import unicodedata
from pathlib import Path

import pytest

import tapehead as th
from tapehead.cli.cells import cut, folded, padded, width_of
from tapehead.cli.main import main
from tests.acceptance.program import write_bars

LONG = "ABCDEFGHIJ" * 6
WIDE = "上海浦東發展銀行股份有限公司普通股甲乙丙丁"


def columns(line: str) -> int:
    """What a terminal gives a line."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


def test_a_text_is_as_wide_as_a_terminal_draws_it() -> None:
    assert [width_of(text) for text in ("", "abc", "é", "e\u0301", "上海", "a上")] == [0, 3, 1, 1, 4, 3]


def test_what_does_not_fit_ends_in_dots() -> None:
    assert [cut("abcdef", width) for width in (6, 5)] == ["abcdef", "abc.."]
    assert [cut("上海浦東", width) for width in (8, 7, 6)] == ["上海浦東", "上海..", "上海.."]
    assert cut("abcdef", 4, "…") == "abc…"
    assert [padded(text, 5) for text in ("ab", "上海")] == ["ab   ", "上海 "]


def test_lines_are_folded_by_columns_and_words_stay_whole() -> None:
    assert folded("上海 浦東 ab", 9, "! ", "  ") == ["! 上海", "  浦東 ab"]
    assert folded("aa bb cc", 5) == ["aa bb", "cc"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two instruments with names that no window has room for, a hole in each."""
    folder = tmp_path_factory.mktemp("cells")
    for file in write_bars(folder / "x", (LONG, WIDE), 400).iterdir():
        lines = file.read_text().splitlines()
        file.write_text("\n".join(lines[:200] + lines[206:]) + "\n")
    assert main(["--home", str(folder / "home"), "import", str(folder / "x"), "--kind", "crypto"]) == 0
    return folder / "home"


def test_no_table_leaves_the_window(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TAPEHEAD_HOME", str(home))

    def typed(*words: str) -> list[str]:
        capsys.readouterr()
        assert main(list(words)) == 0, words
        lines = capsys.readouterr().out.splitlines()
        # A command is typed as it stands, however long the name in it is.
        tables = [line for line in lines if not line.startswith("  tapehead ")]
        assert not [line for line in tables if columns(line) > 80], words
        return tables

    assert main(["backtest", "RsiReversion", "--universe", "all", "--fee", "10bps"]) == 0
    told = typed("backtest", "RsiReversion", "--universe", "all")
    with th.open(home) as store:
        run, other = (record.run for record in store.runs())
    assert [line[:34] for line in told if line.startswith("  ! ")] == [
        f"  ! {LONG[:30]}",
        f"  ! {WIDE[:15]}..  6 bars miss",
    ]
    assert [line for line in told if f"{LONG[:11]}…" in line]
    assert [line for line in told if f"{WIDE[:5]}…" in line]
    for words in (
        ["instruments"],
        ["coverage"],
        ["show", run],
        ["runs", "compare", run, other],
        ["universe", "show", "all"],
    ):
        assert any(WIDE[:4] in line for line in typed(*words)), words
    for symbol in (LONG, WIDE):
        for more in ([], ["--trades"], ["--orders"], ["--compat", "quantstats"]):
            assert any(symbol[:4] in line for line in typed("show", run, symbol, *more))
        typed("explain", run, symbol, "1")
        typed("coverage", symbol, "--gaps")
        typed("bars", symbol, "--start", "2021-01-03", "--end", "2021-01-03T05:00")
    typed("store", "diff", "0", "1")
    assert main(["universe", "create", LONG, "--symbols", f"{LONG},{WIDE}"]) == 0
    typed("universe", "list")
