"""Fees as a trader says them."""

from __future__ import annotations

import math

import pytest

from tapehead.errors import ParameterError
from tapehead.library.rules import read_rules
from tapehead.model.fees import FeeRow, Fees, read_fees
from tapehead.model.rules import Rules, check_interval
from tapehead.model.spec import RunSpec, canonical

ALWAYS = -(2**62)
JUNE_2022 = 1_654_041_600_000_000


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("maker 2bps taker 5bps", [FeeRow(ALWAYS, 0.0002, 0.0005)]),
        ("maker=0.02%, taker=0.05%", [FeeRow(ALWAYS, 0.0002, 0.0005)]),
        ("1usd", [FeeRow(ALWAYS, 0.0, 0.0, 1.0)]),
        ("5bps+1usd", [FeeRow(ALWAYS, 0.0005, 0.0005, 1.0)]),
        ("min(20inr, 0.03%)", [FeeRow(ALWAYS, 0.0003, 0.0003, 0.0, 0.0, 20.0)]),
        ("max(5bps, 1usd)", [FeeRow(ALWAYS, 0.0005, 0.0005, 0.0, 1.0, math.inf)]),
        ("10bps; 2022-06-01 5bps", [FeeRow(ALWAYS, 0.001, 0.001), FeeRow(JUNE_2022, 0.0005, 0.0005)]),
    ],
)
def test_schedules(text: str, rows: list[FeeRow]) -> None:
    fees = read_fees(text)
    assert isinstance(fees, Fees)
    assert list(fees.rows) == [pytest.approx(row, rel=1e-15) for row in rows]


@pytest.mark.parametrize("text", ["10bps", "0.1%", "0.001", 0.001])
def test_one_rate_for_both_sides_is_a_number(text: str | float) -> None:
    assert read_fees(text) == 0.001


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ten",
        "10bps; 5bps",
        "10bps; 2022-06-01 5bps; 2021-01-01 4bps",
        "min(10bps, 5bps)",
        "1usd+2usd",
        "maker 2bps",
    ],
)
def test_what_is_no_fee_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ParameterError, match=r"10bps"):
        read_rules({"fee": text})


def test_a_rate_of_a_schedule_is_bounded() -> None:
    with pytest.raises(ParameterError, match=r"rates in \[0, 1\)"):
        read_rules({"fee": "maker 2bps taker 500%"})


def test_a_schedule_survives_the_canonical_spec() -> None:
    rules = read_rules({"fee": "10bps; 2022-06-01 5bps", "size": "risk:1%", "slippage": "volume:10%"})
    spec = RunSpec("SmaCross", {}, "1h", universe="all", rules=rules)
    held = spec.to_json()
    assert (held["fee"], held["sizing"], held["slippage_kind"]) == ("10bps; 2022-06-01 5bps", "risk", "volume")
    assert RunSpec.from_json(held) == spec
    assert canonical(RunSpec.from_json(held).to_json()) == canonical(held)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"leverage": -1}, "leverage=-1.*above 0"),
        ({"size": "200%"}, r"size=2\.0.*more needs leverage: --leverage 3"),
        ({"stop_loss": "100%"}, r"stop_loss=1\.0.*below 100 %"),
        ({"trail": 0}, "trail=0"),
        ({"take_profit": "120%", "side": "short"}, "a price cannot fall further"),
        ({"flip": True}, "side=long"),
        ({"leverage": 10, "maintenance": "20%"}, r"maintenance=0\.2.*liquidated at once"),
        ({"time_stop": 0}, "time_stop=0.*from 1"),
        ({"pyramid": 0}, "pyramid=0"),
        ({"entry_window": "15:00-09:30"}, "09:30-15:00"),
        ({"square_off": "25:00"}, "15:45"),
        ({"path": "best"}, "pessimistic, optimistic, ohlc or both"),
        ({"side": "up"}, "long, short or both"),
        ({"size": "risk:0%"}, "risk:1%"),
        ({"lot": -1}, "lot=-1"),
        ({"borrow": "-1%"}, "borrow=-0.01"),
    ],
)
def test_contradictions_and_bounds(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        read_rules(settings)


def test_sizes_as_they_are_said() -> None:
    said = {"50%": (0.5, "fraction"), "1000usd": (1000.0, "cash"), "5units": (5.0, "units"), "risk:1%": (0.01, "risk")}
    assert {text: (r.size, r.sizing) for text in said if (r := read_rules({"size": text}))} == said
    assert read_rules({"slippage": "spread:0.02"}) == Rules(slippage=0.02, slippage_kind="spread")


@pytest.mark.parametrize("given", [{"square_off": "15:45"}, {"day": True}, {"overnight": False}])
def test_a_time_of_day_needs_bars_shorter_than_one(given: dict[str, object]) -> None:
    rules = read_rules(given)
    check_interval(rules, 3_600_000_000)
    with pytest.raises(ParameterError, match=r"bars of a day or longer.*--interval 1h"):
        check_interval(rules, 86_400_000_000)
