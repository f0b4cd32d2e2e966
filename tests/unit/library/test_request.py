"""read_request, read_time, read_rules: a backtest as a user asks for it, checked before anything is written."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from tapehead.errors import ParameterError, TapeheadError, UnknownParameterError, UnknownUniverseError
from tapehead.library.request import read_request
from tapehead.library.simulate import read_rules
from tapehead.library.store import Store
from tapehead.library.times import read_time
from tapehead.model.rules import Rules
from tapehead.model.spec import RunSpec
from tapehead.wiring.plugins import load_strategy
from tests.unit.library.market import house_of, open_market

NEW_YEAR = 1_609_459_200_000_000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_market(tmp_path_factory.mktemp("request") / "home", symbols=2, rows=50) as store:
        yield store


def spec_of(store: Store, strategy: str = "RsiReversion", **given: Any) -> RunSpec:
    asked = {"universe": None, "symbols": None, "interval": None, "start": None, "end": None, "parameters": None}
    known = {name: given.pop(name, value) for name, value in asked.items()}
    return read_request(house_of(store).bars, load_strategy(strategy), others=given, **known)


def test_what_is_left_out_is_the_default(store: Store) -> None:
    plain = spec_of(store)
    assert plain.to_json() == {
        "strategy": "RsiReversion",
        "parameters": {"period": 14, "oversold": 30.0, "overbought": 70.0},
        "interval": "1h",
        "universe": "all",
    }
    said = spec_of(store, universe="all", interval="1h", period="14", fee=0, fill=None, cash="10000", size="100%")
    assert said == plain


def test_settings_and_parameters_are_told_apart_by_name(store: Store) -> None:
    spec = spec_of(store, period=7, fee="10bps", slippage="2bps", parameters={"oversold": 25})
    assert spec.parameters == {"period": 7, "oversold": 25.0, "overbought": 70.0}
    assert spec.rules == Rules(fee=0.001, slippage=0.0002)
    assert RunSpec.from_json(spec.to_json()) == spec


def test_symbols_are_named_in_full(store: Store) -> None:
    assert spec_of(store, symbols="S01").symbols == ("test:S01",)
    assert spec_of(store, symbols=["S01", "test:S00", "S01"]).symbols == ("test:S00", "test:S01")
    assert spec_of(store, symbols="S01").universe is None


@pytest.mark.parametrize(
    ("given", "error", "sentence"),
    [
        ({"universe": "all", "symbols": "S00"}, ParameterError, "left out where universe is given"),
        ({"symbols": []}, ParameterError, "at least one symbol"),
        ({"universe": "alll"}, UnknownUniverseError, "Did you mean 'all'?"),
        (
            {"perod": 3},
            UnknownParameterError,
            "Did you mean 'period'? It has: period, oversold, overbought; a run takes",
        ),
        ({"period": 201}, ParameterError, "period=201: period must be an integer from 2 to 200"),
        ({"period": 14.5}, ParameterError, "period=14.5"),
        ({"period": True}, ParameterError, "period=True"),
        ({"oversold": float("nan")}, ParameterError, "oversold=nan"),
        ({"fee": "10"}, ParameterError, "fee=10.0: fee must be a fraction in [0, 1), such as 10bps"),
        ({"fee": "ten"}, ParameterError, "fee=ten"),
        ({"fee": float("nan")}, ParameterError, "fee=nan"),
        ({"fee": "-1bps"}, ParameterError, "fee=-0.0001"),
        ({"size": 0}, ParameterError, "size=0.0"),
        ({"cash": float("inf")}, ParameterError, "cash=inf"),
        ({"fill": "vwap"}, ParameterError, "fill=vwap: fill must be next_open or close"),
        ({"max_wait": -1}, ParameterError, "max_wait=-1"),
        ({"interval": "90"}, TapeheadError, "90"),
        ({"start": "yesterday"}, ParameterError, "start=yesterday"),
    ],
)
def test_what_does_not_fit_is_refused(
    store: Store, given: dict[str, Any], error: type[TapeheadError], sentence: str
) -> None:
    with pytest.raises(error) as caught:
        spec_of(store, **given)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("value", "us"),
    [
        ("2021-01-01", NEW_YEAR),
        (" 2021-01-01T00:00 ", NEW_YEAR),
        ("2021-01-01T00:00:00Z", NEW_YEAR),
        ("2021-01-01T05:30+05:30", NEW_YEAR),
        ("2021-01-01T00:00:00.000001", NEW_YEAR + 1),
        (date(2021, 1, 1), NEW_YEAR),
        (datetime(2021, 1, 1, tzinfo=UTC), NEW_YEAR),
        (datetime(2021, 1, 1), NEW_YEAR),  # noqa: DTZ001 - a time without a zone is UTC
        (datetime(2020, 12, 31, 19, tzinfo=timezone(timedelta(hours=-5))), NEW_YEAR),
        (NEW_YEAR, NEW_YEAR),
        ("1969-12-31T23:59:59.999999", -1),
        (None, None),
    ],
)
def test_moments(value: Any, us: int | None) -> None:
    assert read_time("start", value) == us


@pytest.mark.parametrize("value", ["", "soon", "2021-13-01", "01/02/2021", True, 1.5, "0021-01-01", 10**30, -(10**17)])
def test_what_is_no_moment(value: Any) -> None:
    with pytest.raises(ParameterError, match=r"^end="):
        read_time("end", value)


def test_every_moment_that_is_taken_is_said_again_in_the_spec(store: Store) -> None:
    for value in ("1000-01-01", "9999-12-31T23:59:59.999999", "1969-07-20"):
        spec = spec_of(store, start=value)
        assert RunSpec.from_json(spec.to_json()).start == spec.start


def test_rules_by_name() -> None:
    assert read_rules({"fee": "0.1%", "cash": "5000", "size": "50%"}) == Rules(fee=0.001, cash=5000.0, size=0.5)
    assert read_rules({"fee": np.float64(0.002), "cash": 5}) == Rules(fee=0.002, cash=5.0)
    with pytest.raises(ParameterError, match="did you mean slippage"):
        read_rules({"slipage": "1bps"})


@pytest.mark.parametrize(
    "name", ["universe", "symbols", "interval", "snapshot", "parameters", "adjust", "executor", "workers"]
)
def test_what_is_of_another_kind_is_refused_before_a_run_is_kept(store: Store, name: str) -> None:
    for value in ("x", b"x", 0.5, -1, [1], {1: 2}, object(), np.array([1.0, 2.0])):
        with pytest.raises(TapeheadError) as raised:
            store.backtest("RsiReversion", fresh=True, **{name: value})
        assert "must be" in str(raised.value) or isinstance(raised.value, LookupError)
    assert list(store.runs()) == []
