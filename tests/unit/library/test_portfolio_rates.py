"""Which rates and factors a portfolio reads beside its bars, and that a reused answer knows them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tapehead as th
from tapehead.model.factors import Factors
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.segment import Draft
from tests.unit.library.market import HOUR_US, YEAR_2021, columns_of, house_of, put

SHARE = Instrument("test", "AAA", quote="USD", basis="raw", kind="equity")
STRAIGHT, TURNED = Instrument("fx", "USDEUR", quote="EUR"), Instrument("fx", "EURUSD", quote="USD")


def hourly(prices: Iterable[float]) -> dict[str, Any]:
    held = np.array(list(prices), np.float64)
    return columns_of(len(held)) | {name: held.copy() for name in ("open", "high", "low", "close")}


def held(store: Any) -> th.Run:
    """All money in one share, in euros: 10 dollars a share at first, 12 at the end."""
    return store.portfolio("BuyAndHold", symbols=["AAA"], currency="EUR", interval="1h").wait()


@pytest.fixture
def store(tmp_path: Path) -> Iterable[Any]:
    with th.open(tmp_path / "home") as opened:
        put(house_of(opened), [(SHARE, hourly([10.0, 10.0, 10.0, 12.0]))])
        yield opened


def test_a_series_the_other_way_round_is_turned(store: Any) -> None:
    """1.25 euros a dollar, then 1.5: 1.2 * 1.2 of what was there, whichever of both is the unit."""
    rates = np.array([1.25, 1.25, 1.5, 1.5])
    put(house_of(store), [(TURNED, hourly(1.0 / rates))])
    turned = held(store)["account"].final_equity
    assert turned == pytest.approx(14_400.0, rel=1e-12)
    put(house_of(store), [(STRAIGHT, hourly(rates))])
    assert store.portfolio("BuyAndHold", symbols=["AAA"], currency="EUR", interval="1h", fresh=True).wait()[
        "account"
    ].final_equity == pytest.approx(turned, rel=1e-12)


def test_rates_that_changed_are_another_run(store: Any) -> None:
    put(house_of(store), [(STRAIGHT, hourly([1.25, 1.25, 1.25, 1.25]))])
    first = held(store)
    assert held(store).id == first.id
    put(house_of(store), [(STRAIGHT, hourly([1.25, 1.25, 1.5, 1.5]))])
    second = held(store)
    assert second["account"].final_equity == pytest.approx(1.2 * first["account"].final_equity, rel=1e-12)


def test_rates_of_the_interval_of_the_bars_come_first(store: Any) -> None:
    """Others serve where there are none, be they straight or turned."""
    house = house_of(store)
    quarter = Series("fx", "USDEUR", Interval.parse("15m"))
    known = hourly([2.0] * 16)
    known["ts"] = YEAR_2021 + np.arange(16, dtype=np.int64) * quarter.interval.us
    house.bars.commit([Draft(quarter, 2021, known)], note="test", instruments=[STRAIGHT])
    assert held(store)["account"].final_equity == pytest.approx(12_000.0, rel=1e-12)
    put(house, [(TURNED, hourly([0.8, 0.8, 0.64, 0.64]))])
    assert held(store)["account"].final_equity == pytest.approx(15_000.0, rel=1e-12)


def test_factors_that_changed_are_another_run(store: Any) -> None:
    house = house_of(store)
    put(house, [(STRAIGHT, hourly([1.0] * 4))])
    begins = YEAR_2021 + np.array([0, 3], np.int64) * HOUR_US
    for split in (2.0, 3.0):
        factors = Factors(SHARE.name, begins, np.array([1.0, split]), np.array([1.0, 1.0]), "test")
        house.bars.commit([], note="test", factors=[factors])
        assert held(store)["account"].final_equity == pytest.approx(split * 12_000.0, rel=1e-12)
