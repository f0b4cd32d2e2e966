"""A run's settings, written as a command, ask for the same run again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tapehead.cli.backtest_words import backtest_words, portfolio_words
from tapehead.library.rules import read_rules
from tapehead.library.times import read_time
from tapehead.model.given import GivenWeights
from tapehead.model.pooling import Pooling
from tapehead.model.rules import Rules
from tapehead.model.spec import RULE_KEYS, RunSpec
from tests.unit.cli.conftest import Call
from tests.unit.cli.scripted import FIRST, HOUR, ScriptedStore
from tests.unit.cli.test_terms import GIVEN

SPEC = RunSpec("Mine", {"period": 14, "level": 0.1 + 0.2, "word": "a b=c"}, "1h", universe="my own")
ODD: dict[str, Any] = {
    "fee": "maker 2bps taker 5bps; 2022-06-01 min(20usd, 0.03%)", "size": 1, "sizing": "units",
    "slippage": 1e-7, "stop_loss": 1 / 3, "cash": 1e22,
}  # fmt: skip


def asked(call: Call, store: ScriptedStore, spec: RunSpec) -> dict[str, Any]:
    """Return what the store is asked for by the words of a spec."""
    words, lacking = backtest_words(spec, spec.strategy, 7)
    assert (call(*words).code, lacking) == (0, [])
    found: dict[str, Any] = store.asked[-1][1]
    return found


def rules_of(asked: dict[str, Any]) -> Rules:
    return read_rules({name: asked[name] for name in RULE_KEYS if asked.get(name) is not None})


@pytest.mark.parametrize("given", [*(GIVEN[name][0] for name in RULE_KEYS), ODD], ids=[*RULE_KEYS, "odd"])
def test_every_setting_of_the_engine_is_written(call: Call, store: ScriptedStore, given: dict[str, Any]) -> None:
    rules = read_rules(given)
    assert rules != Rules()
    assert rules_of(asked(call, store, replace(SPEC, rules=rules))) == rules


def test_what_it_ran_on_and_with_is_written(call: Call, store: ScriptedStore) -> None:
    found = asked(call, store, replace(SPEC, start=FIRST, end=FIRST + HOUR, adjust="all"))
    assert found["parameters"] == SPEC.parameters
    assert [found[name] for name in ("strategy", "universe", "interval", "snapshot", "adjust")] == [
        "Mine", "my own", "1h", 7, "all",
    ]  # fmt: skip
    assert [read_time(name, found[name]) for name in ("start", "end")] == [FIRST, FIRST + HOUR]
    assert rules_of(found) == Rules()


@pytest.mark.parametrize("word", ["", " a", "007", "1e5"])
def test_a_text_that_the_command_line_would_read_otherwise_is_named(word: str) -> None:
    words, lacking = backtest_words(replace(SPEC, parameters={"word": word, "period": 3}), "Mine")
    assert lacking == ["word"]
    assert words == ["backtest", "Mine", "-p", "period=3", "--universe", "my own", "--interval", "1h"]


def test_rows_that_a_portfolio_was_given_are_named() -> None:
    given = GivenWeights(((FIRST, (("binance:BTCUSDT", 0.5),)),))
    spec = replace(SPEC, parameters={}, portfolio=Pooling(weights=given, max_positions=3))
    words, lacking = portfolio_words(spec, "Mine")
    assert lacking == ["the rows of --weights FILE"]
    assert words == ["portfolio", "Mine", "--universe", "my own", "--interval", "1h", "--max-positions", "3"]
