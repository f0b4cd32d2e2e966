"""`tapehead universe` with filters, by the real command."""

import shlex
from pathlib import Path

import pytest

from tests.acceptance.program import tapehead, write_bars
from tests.house.commands import cut, fault_in

WHERE = 'kind == "crypto" and age_days >= 10 and change(5) > 0'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filter")
    ended = tapehead("import", write_bars(folder / "binance", n_bars=1_500), home=folder / "home")
    assert ended.code == 0, ended.err
    return folder / "home"


def test_a_filter_from_its_first_word_to_a_verified_run(home: Path) -> None:
    made = tapehead("universe", "create", "rising", "--where", WHERE, home=home)
    assert made.code == 0, made.err
    assert "universe show rising" in made.out
    shown = tapehead("universe", "show", "rising", "--at", "2021-02-20", home=home).out.splitlines()
    assert WHERE in shown[0]
    assert shown[1].endswith("on 2021-02-20 UTC")
    assert shown[-1].split()[0] == "2021"
    rows = tapehead("--json", "universe", "list", home=home).document["universe"]
    assert {"name": "rising", "instruments": None, "built_in": False, "where": WHERE} in rows
    events = tapehead("--json", "backtest", "RsiReversion", "--universe", "rising", home=home).events
    assert events[0]["stamps"] == ["survivorship: unknown"]
    run = events[-1]["run"]
    receipt = tapehead("show", run, "--receipt", home=home).out
    assert f"where       {WHERE}" in receipt
    assert "stamp       survivorship: unknown" in receipt
    assert tapehead("universe", "delete", "rising", home=home).code == 0
    assert tapehead("verify", run, home=home).code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("universe create u --where 'chance(5) > 0'", "did you mean 'change'?"),
        ("universe create u --symbols BTCUSDT --where 'close > 1'", "both are given"),
        ("backtest RsiReversion --universe crypto --adjust dividends", "'none', 'split', 'all'"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_next_step(home: Path, words: str, said: str) -> None:
    ended = tapehead(*shlex.split(words), home=home)
    assert ended.code == 2
    assert said in ended.err
    assert all(fault_in(step) is None for step in cut(ended.err))


def test_shares_without_facts_are_not_adjusted_behind_your_back(home: Path, tmp_path: Path) -> None:
    shares = write_bars(tmp_path / "xnys", ("ACME",), n_bars=300)
    assert tapehead("import", shares, "--kind", "equity", home=home).code == 0
    alone = tapehead("backtest", "SmaCross", "--symbols", "ACME", "--adjust", "split", home=home)
    assert alone.code == 2
    assert "xnys:ACME cannot be adjusted for splits: the store holds no splits and dividends of it" in alone.err
    both = tapehead("--json", "backtest", "SmaCross", "--universe", "all", "--adjust", "all", home=home)
    assert both.code == 1
    assert [e["instrument"] for e in both.events if e.get("code") == "input.adjust"] == ["xnys:ACME"]
    assert both.events[0]["spec"]["adjust"] == "all"
    shown = tapehead("show", both.events[-1]["run"], home=home).out
    assert "signals adjusted for splits and dividends" in shown
