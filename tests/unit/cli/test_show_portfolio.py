"""`show` and `explain` of a portfolio: every table fits a window of 80 columns and tells whose a row is."""

from __future__ import annotations

import csv
import io
import json
import shlex
from pathlib import Path
from typing import Any

import pytest

import tapehead as th
from tapehead.cli.main import main

WORDS = ("--universe", "demo", "--rank", "roc(24)", "--max-positions", "2", "--fee", "10bps")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home of a small market with one portfolio."""
    folder = tmp_path_factory.mktemp("told") / "home"
    with th.open(folder) as store:
        store.demo(instruments=4, years=1)
        store.portfolio("SmaCross", universe="demo", rank="roc(24)", max_positions=2, fee="10bps").wait()
    return folder


@pytest.fixture
def told(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A call of the program that returns what it printed; RUN stands for the portfolio."""
    monkeypatch.setenv("COLUMNS", "80")
    with th.open(home) as store:
        run = store.runs()[-1].run

    def call(*words: str) -> str:
        assert main(["--home", str(home), *(run if word == "RUN" else word for word in words)]) == 0
        return capsys.readouterr().out

    return call


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("show", "RUN", "account", "--trades"), "symbol"),
        (("show", "RUN", "account", "--orders"), "no_place"),
        (("show", "RUN", "account", "--equity"), "invested"),
        (("show", "RUN", "BTCUSDT", "--equity"), "cash and its share"),
        (("show", "RUN", "BTCUSDT", "--orders"), "no_place"),
        (("explain", "RUN", "account", "9"), "places taken"),
        (("explain", "RUN", "BTCUSDT", "1"), "of equity asked: bought for"),
    ],
)
def test_a_table_of_a_portfolio_fits_its_window(told: Any, words: tuple[str, ...], says: str) -> None:
    lines = told(*words).splitlines()
    assert any(says in line for line in lines)
    assert [line for line in lines if len(line) > 80] == []


def test_a_portfolio_tells_what_it_was_warned_of_in_its_window(told: Any) -> None:
    begun = ("portfolio", "SmaCross", "--universe", "demo", "--top", "2")
    lines = told(*begun, "-p", "slow=9999").splitlines()
    assert sum("sma(9999) is not known on any bar: there are 8,7" in line for line in lines) >= 1, lines
    assert any(line.startswith("  ! 4 of 4 ") for line in lines), lines
    whole = told(*begun, "--max-positions", "2", "--size", "100%").splitlines()
    assert any("account --orders" in line for line in whole), whole
    assert any("those that ended as" in line and "no_cash" in line for line in whole), whole
    # A command that names its home may be as long as that.
    told_lines = [line for line in (*lines, *whole) if not line.startswith("  tapehead ")]
    assert [line for line in told_lines if len(line) > 80 or "-0.00" in line] == []


@pytest.mark.parametrize("sort", ["instrument", "total_return", "trades"])
def test_the_account_is_the_last_row_whatever_the_others_are_sorted_by(told: Any, sort: str) -> None:
    def symbols(top: int) -> list[str]:
        lines = told("show", "RUN", "--sort", sort, "--top", str(top)).splitlines()
        return [line.split()[1] for line in lines if line[:4].strip().isdigit()]

    every = symbols(10)
    assert (len(every), every[-1], symbols(3), symbols(1), symbols(0)) == (
        *(5, "account", [*every[:2], "account"], ["account"], []),
    )


def test_a_comparison_counts_instruments_and_names_the_account_beside_them(told: Any, home: Path) -> None:
    with th.open(home) as store:
        run = store.portfolio("SmaCross", universe="demo", rank="roc(24)", max_positions=2, fee="90bps").wait()
        first = store.runs()[-1].run
    lines = told("runs", "compare", first, run.id).splitlines()
    assert "Trades differ on 4 instruments and the account:" in lines
    assert not any("more instrument" in line for line in lines)
    assert "  1 more instrument" in told("runs", "compare", first, run.id, "--top", "3").splitlines()


def test_trades_of_the_account_have_names_in_csv_and_json(told: Any) -> None:
    rows = list(csv.DictReader(io.StringIO(told("show", "RUN", "account", "--trades", "--csv"))))
    plain = json.loads(told("--json", "show", "RUN", "account", "--trades"))["trades"]
    assert [row["instrument"] for row in rows] == [row["instrument"] for row in plain]
    assert {row["instrument"] for row in plain} == {f"demo:{name}USDT" for name in ("BNB", "BTC", "ETH", "SOL")}
    listed = told("show", "RUN", "account", "--trades").splitlines()
    assert [line.split()[1] for line in listed[3:]] == [row["instrument"].partition(":")[2] for row in plain]


def test_what_each_instrument_cost_is_told_with_a_next_step_that_runs(told: Any) -> None:
    said = told("show", "RUN", "account", "--costs")
    assert "No break-even fee" in said
    words = shlex.split(said.splitlines()[-1])
    again = words[words.index("portfolio") :]
    assert again[again.index("--fee") + 1] == "5bps"
    assert "Account: " in told(*again)
    shares = json.loads(told("--json", "show", "RUN", "account", "--costs"))
    assert sum(row["share"] for row in shares["shares"]) == pytest.approx(1.0)
    assert [row["no_place"] > 0 for row in shares["shares"]] == [True] * 4
