"""What a run can be asked for over HTTP is what it can be asked for here."""

from dataclasses import fields, replace

import pytest
from pydantic import ValidationError

from tapehead.api.wire.runs import PortfolioRequest, RunRequest
from tapehead.errors import ParameterError
from tapehead.library.rules import read_rules
from tapehead.model.given import GivenFacts, GivenWeights
from tapehead.model.pooling import Pooling
from tapehead.model.rules import Rules
from tapehead.model.spec import RULE_KEYS, RunSpec

ASKED = {
    "slippage": "spread:0.01",
    "fill": "close",
    "size": "1000usd",
    "cash": 5000,
    "tick": 0.5,
    "side": "both",
    "flip": True,
    "stop_loss": "5%",
    "valid_bars": 3,
    "on_conflict": "enter",
    "delist_haircut": "20%",
    "fee": "0bps; 2020-01-01 10bps",
}


def test_every_setting_of_the_engine_has_its_field() -> None:
    others = {"strategy", "parameters", "universe", "symbols", "interval", "start", "end", "adjust"}
    others |= {"grid", "where", "search", "budget", "objective", "seed", "portfolio"}
    of_the_call = {"snapshot", "fresh", "on_disconnect"}
    assert set(RunRequest.model_fields) == {*RULE_KEYS, *others, *of_the_call}


def test_what_is_asked_arrives_and_what_is_not_is_left_to_the_engine() -> None:
    asked = RunRequest.model_validate({"strategy": "SmaCross", **ASKED}).asked()
    assert asked == {"parameters": {}, **ASKED}
    del asked["parameters"]
    assert read_rules(asked) == read_rules(ASKED) != Rules()


def test_the_spec_that_a_run_tells_can_be_asked_for_again() -> None:
    spec = RunSpec("SmaCross", {"fast": 5, "slow": 20}, "1h", universe="demo", rules=read_rules(ASKED))
    asked = RunRequest.model_validate(spec.to_json()).asked()
    settings = {name: value for name, value in asked.items() if name in RULE_KEYS}
    assert read_rules(settings) == spec.rules


def test_how_an_account_is_shared_has_a_field_each_and_no_sweep() -> None:
    assert set(PortfolioRequest.model_fields) == {field.name for field in fields(Pooling)}
    own = Pooling(rank="roc(63)", max_positions=5, weights="equal", rebalance="month", settle="T+1", currency="USD")
    spec = RunSpec("SmaCross", {"fast": 5, "slow": 20}, "1h", universe="demo", portfolio=own)
    assert Pooling(**RunRequest.model_validate(spec.to_json()).asked()["portfolio"]) == own
    given = Pooling(weights=GivenWeights(((0, (("a:b", 0.5),)),)), facts=GivenFacts(((0, "a:b", "split", 2.0),)))
    asked = RunRequest.model_validate(replace(spec, portfolio=given).to_json()).asked()["portfolio"]
    assert Pooling.from_json(asked) == given
    assert RunRequest.model_validate({"strategy": "SmaCross", "portfolio": {}}).asked()["portfolio"] == {}
    for wrong in (
        {"max_positions": 0},
        {"max_positions": True},
        {"weights": "mine"},
        {"weights": {}},
        {"facts": [{"time": "2024-01-31"}]},
        {"places": 3},
    ):
        with pytest.raises(ValidationError):
            RunRequest.model_validate({"strategy": "SmaCross", "portfolio": wrong})
    with pytest.raises(ParameterError, match="left out of a sweep"):
        RunRequest.model_validate({"strategy": "SmaCross", "grid": {"fast": "5:9"}, "portfolio": {}}).asked()


def test_strategies_in_a_grid_are_those_that_are_asked_for() -> None:
    def strategies(strategy: str | list[str], held: object) -> list[str]:
        asked = {"strategy": strategy, "grid": {"strategy": held, "period": [5, 6]}}
        return RunRequest.model_validate(asked).strategies

    assert strategies("SmaCross", "SmaCross") == strategies(["SmaCross"], ["SmaCross"]) == ["SmaCross"]
    both = ["EmaCross", "SmaCross"]
    assert strategies("EmaCross + SmaCross", both) == strategies(["SmaCross", "EmaCross"], both) == both
    for named, held in (("RsiReversion", "SmaCross"), ("EmaCross", both), (both, ["SmaCross"]), ("SmaCross", [])):
        with pytest.raises(ParameterError, match=r"must be those of the grid, .*or the grid without its `strategy`"):
            strategies(named, held)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        *({"stoploss": "5%"}, {"fill": "next_close"}, {"cash": "much"}, {"valid_bars": -1}, {"parameters": {"a": [1]}}),
        *({"grid": {"fast": [5, True]}}, {"grid": {"fast": True}}, {"parameters": {"fast": True}}),
    ],
)
def test_what_does_not_fit_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RunRequest.model_validate({"strategy": "SmaCross", **wrong} if wrong else {})
