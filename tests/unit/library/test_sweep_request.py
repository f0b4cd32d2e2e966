"""read_sweep: a sweep as a user asks for it, checked before anything is written."""

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tapehead.errors import MissingPackageError, ParameterError, TapeheadError, UnknownParameterError
from tapehead.library.remote.store import connect
from tapehead.library.search_request import OBJECTIVES
from tapehead.library.store import Store
from tapehead.library.sweep_request import SweepRequest, read_sweep
from tapehead.library.warm_up import MOST_ASKED, largest_warm_up
from tapehead.model.axis import Axis
from tapehead.model.grid import Grid
from tapehead.model.rules import Rules
from tapehead.model.space import Space
from tapehead.model.spec import RunSpec
from tapehead.strategies.strategy import instance
from tapehead.wiring.plugins import Loaded, load_strategy
from tests.unit.library.market import house_of, open_market


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_market(tmp_path_factory.mktemp("sweep_request") / "home", symbols=2, rows=50) as store:
        yield store


def asked(store: Store, *strategies: str, **given: Any) -> SweepRequest:
    rest = {"universe": None, "symbols": None, "interval": None, "start": None, "end": None}
    rest = {name: given.pop(name, value) for name, value in rest.items()}
    known = ("grid", "where", "search", "budget", "objective", "seed", "workers", "parameters")
    own = {name: given.pop(name) for name in known if name in given}
    loaded = [load_strategy(name) for name in strategies or ("SmaCross",)]
    return read_sweep(house_of(store).bars, loaded, others=given, **{"grid": None, **own}, **rest)


def test_what_varies_and_what_does_not(store: Store) -> None:
    found = asked(store, grid={"fast": "5:15:5"}, slow="50", fee="10bps", where=" fast <  slow ")
    assert found.spec == RunSpec(
        "SmaCross", {"slow": 50}, "1h", universe="all", rules=Rules(fee=0.001), grid={"fast": (5, 10, 15)},
        where="fast < slow",
    )  # fmt: skip
    assert RunSpec.from_json(found.spec.to_json()) == found.spec
    assert found.warm == 250
    assert asked(store, grid={"fast": [15, 5, 10, 5]}, slow=50, fee=0.001, where="fast < slow").spec == found.spec


def test_a_set_has_the_parameters_of_its_single_run(store: Store) -> None:
    found = asked(store, "RsiReversion", grid={"period": "7,14"})
    grid = Grid.every(Space.of(found.spec))
    assert grid.parameters(1) == {"period": 14, "oversold": 30.0, "overbought": 70.0}


def test_a_search_stands_in_the_spec(store: Store) -> None:
    found = asked(
        store, grid={"fast": "1:1000", "slow": "1:1000"}, search="halving", budget="300", objective="cagr", seed=3
    )
    held = found.spec.to_json()
    assert [held[name] for name in ("search", "budget", "objective", "seed")] == ["halving", 300, "cagr", 3]
    plain = asked(store, grid={"fast": "1:9"}, search="grid", seed=3).spec
    assert plain == asked(store, grid={"fast": "1:9"}).spec, "a grid search has no use for a seed"
    assert {"sharpe", "total_return", "max_drawdown", "profit_factor"} < set(OBJECTIVES)


def test_over_several_strategies_a_name_means_each_that_has_it(store: Store) -> None:
    given = {"fast": "5,10", "EmaCross.fast": "7", "signal": "3,4"}
    found = asked(store, "SmaCross", "Macd", "EmaCross", grid=given, slow=40, parameters={"Macd.slow": 30})
    assert found.spec.strategy == "EmaCross + Macd + SmaCross"
    assert found.spec.grid == {
        "strategy": ("EmaCross", "Macd", "SmaCross"),
        "EmaCross.fast": (7,),
        "Macd.fast": (5, 10),
        "Macd.signal": (3, 4),
        "SmaCross.fast": (5, 10),
    }
    assert found.spec.parameters == {"EmaCross.slow": 40, "Macd.slow": 30, "SmaCross.slow": 40}
    assert (
        found.spec
        == asked(store, "EmaCross", "SmaCross", "Macd", grid=given, slow=40, parameters={"Macd.slow": 30}).spec
    )
    grid = Grid.every(Space.of(RunSpec.from_json(found.spec.to_json())))
    assert [grid.parameters(n)["strategy"] for n in range(len(grid))] == ["EmaCross"] + ["Macd"] * 4 + ["SmaCross"] * 2
    assert grid.parameters(1) == {"strategy": "Macd", "slow": 30, "fast": 5, "signal": 3}
    assert found.warm == max(5 * 40, 5 * (30 + 4))


def test_strategies_alone_can_be_compared(store: Store) -> None:
    found = asked(store, "SmaCross", "BuyAndHold")
    assert len(Grid.every(Space.of(found.spec))) == 2
    assert asked(store, "SmaCross", "BuyAndHold", search="bayes", budget=2).spec.budget == 2


@pytest.mark.parametrize(
    ("given", "error", "sentence"),
    [
        ({}, ParameterError, "such as --grid fast=10:20; one set alone is a backtest: tapehead backtest SmaCross"),
        ({"grid": {"fst": "5:30"}}, UnknownParameterError, "SmaCross has no parameter 'fst'. Did you mean 'fast'?"),
        ({"grid": {"Macd.fast": "5:30"}}, UnknownParameterError, "SmaCross has no parameter 'Macd.fast'."),
        (
            {"grid": {"stop_loss": "1:3"}},
            UnknownParameterError,
            "It is a setting of the run, and a sweep varies parameters",
        ),
        ({"grid": {"fast": "5:30"}, "slw": 3}, UnknownParameterError, "Did you mean 'slow'?"),
        ({"grid": {"fast": "5:30:0"}}, ParameterError, "fast must be in steps above 0, such as --grid fast=5:30:1."),
        ({"grid": {"fast": "30:5"}}, ParameterError, "from the lower bound to the upper one: --grid fast=5:30."),
        ({"grid": {"fast": "5:10001"}}, ParameterError, "fast=10001: fast must be an integer from 1 to 10000"),
        ({"grid": {"fast": ""}}, ParameterError, "fast=nothing"),
        ({"grid": "fast=5:30"}, ParameterError, "a mapping of names to values"),
        (
            {"grid": {"fast": "5:30"}, "fast": 5},
            ParameterError,
            "in the grid or fixed; leave --grid fast out, or -p fast",
        ),
        (
            {"grid": {"fast": "5:30"}, "where": "fast > slow"},
            ParameterError,
            "takes out all 26 sets of the grid, fast=18 slow=30",
        ),
        ({"grid": {"fast": "5:30"}, "where": "fast < slw"}, ParameterError, "did you mean 'slow'?"),
        ({"grid": {"fast": "5:30"}, "where": 3}, ParameterError, "a constraint, such as 'fast < slow'"),
        (
            {"grid": {"fast": "5:30"}, "search": "bays"},
            ParameterError,
            "grid, random, bayes or halving (did you mean bayes?)",
        ),
        ({"grid": {"fast": "5:30"}, "search": ["grid"]}, ParameterError, "grid, random, bayes or halving"),
        (
            {"grid": {"fast": "5:30"}, "budget": 9},
            ParameterError,
            "which scores every set; to score some: --search random",
        ),
        ({"grid": {"fast": "5:30"}, "search": "random"}, ParameterError, "--search random --budget 1000"),
        (
            {"grid": {"fast": "5:30"}, "search": "random", "budget": 3, "workers": 4},
            ParameterError,
            "budget=3: budget must be at least 4, a set for each worker: --budget 100, or --workers 3.",
        ),
        (
            {"grid": {"fast": "5:30"}, "search": "random", "budget": 0},
            ParameterError,
            "a whole number from 1 to 1,000,000",
        ),
        (
            {"grid": {"fast": "5:30"}, "search": "random", "budget": 10**9},
            ParameterError,
            "a whole number from 1 to 1,000,000",
        ),
        (
            {"grid": {"fast": "5:30"}, "objective": "sharp"},
            ParameterError,
            "a metric (did you mean sharpe?): total_return",
        ),
        ({"grid": {"fast": "5:30"}, "objective": "fees_paid"}, ParameterError, "more is better, such as sharpe"),
        ({"grid": {"fast": "5:30"}, "objective": ["sharpe"]}, ParameterError, "objective"),
        ({"grid": {"fast": "5:30"}, "seed": -1, "search": "random", "budget": 2}, ParameterError, "seed=-1"),
    ],
)
def test_what_does_not_fit_is_refused(store: Store, given: Any, error: type[TapeheadError], sentence: str) -> None:
    with pytest.raises(error) as caught:
        asked(store, **given)
    assert sentence in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("strategies", "grid", "sentence"),
    [
        (["SmaCross"], {"fast": range(10**12)}, "these are 1,000,000,000,000. Of grids too large"),
        (["SmaCross"], {"fast": itertools.count(2)}, "these are 1,000,001. Of grids too large"),
        (["SmaCross", "Macd"], {"Macd.fast": itertools.count(2)}, "fast must be at most 1,000,000 values"),
        ([], {"fast": "5:30"}, "strategy must be named; list them: tapehead strategies"),
        (["SmaCross"], ["fast=5:30"], "a mapping of names to values"),
    ],
)
def test_what_cannot_be_sent_is_refused_as_it_is_here(
    store: Store, strategies: list[str], grid: Any, sentence: str
) -> None:
    said = []
    # Nothing listens on port 1: what is refused is refused before it is sent.
    with connect("http://127.0.0.1:1") as there:
        for one in (store, there):
            with pytest.raises(ParameterError) as caught:
                one.sweep(strategies, grid=grid)
            said.append(str(caught.value))
    assert sentence in said[0]
    assert said[1] == said[0]


def test_a_million_million_sets_are_refused_and_can_be_drawn_from(store: Store) -> None:
    grid = dict.fromkeys(("fast", "slow", "signal"), "1:10000")
    with pytest.raises(ParameterError) as caught:
        asked(store, "Macd", grid=grid, where="fast < slow")
    assert "1,000,000,000,000 sets" in str(caught.value)
    assert "--search random --budget 1000" in str(caught.value)
    found = asked(store, "Macd", grid=grid, where="fast < slow and signal < 50", search="random", budget=1_000)
    assert 40_000 < found.warm < 5 * 10_050
    assert asked(store, "Macd", grid=grid, search="bayes", budget=20).warm == 5 * 20_000


def test_over_several_strategies_what_nobody_has_is_refused(store: Store) -> None:
    with pytest.raises(UnknownParameterError) as caught:
        asked(store, "SmaCross", "Macd", grid={"perod": "1:3"})
    assert str(caught.value) == (
        "None of Macd, SmaCross has a parameter 'perod'. They have: fast, slow, signal. See: tapehead strategies"
    )
    with pytest.raises(UnknownParameterError, match="SmaCross has no parameter 'signal'"):
        asked(store, "SmaCross", "Macd", grid={"SmaCross.signal": "1:3"})
    with pytest.raises(ParameterError, match="strategy must be named once in a sweep"):
        asked(store, "SmaCross", "SmaCross")


def test_a_parameter_called_strategy_is_refused(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "named.py"
    file.write_text(
        "from tapehead import param, strategy\n@strategy\nclass Named:\n    strategy: int = param(3)\n"
        "    def signals(self, bars): ...\n"
    )
    with pytest.raises(ParameterError, match=r"give that parameter of named\.py:Named another name"):
        asked(store, f"{file}:Named", grid={"strategy": "1:3"})


def test_without_optuna_nothing_is_begun(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'tapehead\[search\]'"):
        asked(store, grid={"fast": "5:30"}, search="bayes", budget=10)


ODD = """
from tapehead import param, strategy

@strategy
class Odd:
    a: int = param(3)
    b: int = param(3)
    def warm(self):
        return {warm}
    def signals(self, bars): ...
"""


@pytest.mark.parametrize("warm", ["self.a * self.b", "abs(self.a - self.b) + 7", "1000 - self.a", "5"])
def test_the_warm_up_is_that_of_the_most_demanding_set(tmp_path: Path, warm: str) -> None:
    loaded = odd(tmp_path, warm)
    axes = [Axis("a", tuple(range(1, 40))), Axis("b", tuple(range(1, 30)))]
    grid = Grid.every(Space([(loaded.name, axes, {})], "a < b or a > 30"))
    assert len(grid) < MOST_ASKED
    asked_each = [instance(loaded.made, grid.parameters(n)).warm() for n in range(len(grid))]
    assert largest_warm_up([loaded], grid) == max(asked_each)


def test_of_many_sets_the_largest_are_asked(tmp_path: Path) -> None:
    axes = [Axis("a", tuple(range(1, 401))), Axis("b", tuple(range(1, 401)))]
    for warm, wanted in (("max(self.a, 3 * self.b)", 1_197), ("5 * (self.a + self.b)", 3_995)):
        loaded = odd(tmp_path, warm)
        grid = Grid.every(Space([(loaded.name, axes, {})], "b < a"))
        assert len(grid) > 2 * MOST_ASKED
        assert largest_warm_up([loaded], grid) == wanted


def odd(folder: Path, warm: str) -> Loaded:
    file = folder / f"odd_{next(_numbers)}.py"
    file.write_text(ODD.format(warm=warm))
    return load_strategy(f"{file}:Odd")


_numbers = itertools.count()
