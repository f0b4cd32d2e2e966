"""RunSpec: what a sweep adds to it, and that a backtest's bytes stay what they are."""

import json

import pytest

from tapehead.errors import ParameterError
from tapehead.model.rules import Rules
from tapehead.model.spec import RunSpec, canonical


def test_the_bytes_of_a_backtest_hold_nothing_of_sweeps() -> None:
    spec = RunSpec("SmaCross", {"fast": 10, "slow": 30}, "1h", universe="all", rules=Rules(slippage=0.001))
    held = (
        b'{"interval":"1h","parameters":{"fast":10,"slow":30},"slippage":0.001,"strategy":"SmaCross","universe":"all"}'
    )
    assert canonical(spec.to_json()) == held


def test_a_sweep_stands_in_it_as_far_as_it_is_not_the_default() -> None:
    plain = RunSpec("SmaCross", {"slow": 30}, "1h", universe="all", grid={"fast": (5, 10)})
    assert plain.to_json()["grid"] == {"fast": [5, 10]}
    assert not {"where", "search", "budget", "objective", "seed"} & plain.to_json().keys()
    said = RunSpec(
        "SmaCross", {}, "1h", grid={"fast": (5, 10), "slow": (20,)}, where="fast < slow", search="halving", budget=9,
        objective="cagr", seed=1,
    )  # fmt: skip
    assert {name: said.to_json()[name] for name in ("where", "search", "budget", "objective", "seed")} == {
        "where": "fast < slow",
        "search": "halving",
        "budget": 9,
        "objective": "cagr",
        "seed": 1,
    }
    for spec in (plain, said):
        assert RunSpec.from_json(json.loads(canonical(spec.to_json()))) == spec


def test_an_unknown_search_is_refused() -> None:
    with pytest.raises(ParameterError, match="search must be grid, random, bayes or halving"):
        RunSpec("SmaCross", {}, "1h", grid={"fast": (1,)}, search="guess")
