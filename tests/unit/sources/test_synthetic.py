"""The synthetic market: equal bytes, honest bars, every kind of trouble in it."""

import hashlib
import math
from collections.abc import Mapping
from itertools import islice
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES, SYNTHETIC, TRADED
from tapehead.model.instrument import Instrument
from tapehead.sources.synthetic import synthetic_market

HOUR = 3_600_000_000
YEAR_2019 = 1_546_300_800_000_000
YEAR_2021 = 1_609_459_200_000_000


@pytest.fixture(scope="module")
def market() -> list[tuple[Instrument, Mapping[Any, NDArray[Any]]]]:
    return list(synthetic_market(48, 2, 7))


def fingerprint(columns: Mapping[Any, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name in BAR_COLUMNS:
        digest.update(columns[name].astype(BAR_DTYPES[name]).tobytes())
    return digest.hexdigest()


def test_the_bytes_of_the_first_instrument_are_known() -> None:
    # Made by this generator with NumPy 2.4 on x86-64; no outside figure exists for made-up prices.
    _, columns = next(iter(synthetic_market(1, 5, 7)))
    assert fingerprint(columns) == "b4d8a3d38c2ffb23845bb889af5da645558ba2a8dfe4e64c006bd318bb6bfaae"


def test_an_instrument_does_not_depend_on_how_many_there_are() -> None:
    few, many = synthetic_market(2, 1, 7), synthetic_market(60, 1, 7)
    for (one, left), (other, right) in zip(few, islice(many, 2), strict=True):
        assert one == other
        assert fingerprint(left) == fingerprint(right)


def test_another_seed_is_another_market() -> None:
    first, second = (next(iter(synthetic_market(1, 1, seed)))[1] for seed in (7, 8))
    assert fingerprint(first) != fingerprint(second)


def test_names_go_on_beyond_the_known_tickers() -> None:
    names = [instrument.symbol for instrument in synthetic_market(5_000, 1, 7).instruments()]
    assert names[:2] == ["BTCUSDT", "ETHUSDT"]
    assert names[48] == "SYN049USDT"
    assert names[-1] == "SYN5000USDT"
    assert len(set(names)) == 5_000


def test_bars_are_finite_ordered_and_consistent(market: list[tuple[Instrument, Mapping[Any, NDArray[Any]]]]) -> None:
    for instrument, bars in market:
        assert (instrument.venue, instrument.kind, instrument.calendar) == ("demo", "crypto", "24/7")
        assert np.all(np.diff(bars["ts"]) >= HOUR)
        assert not np.any(bars["ts"] % HOUR)
        assert np.all(bars["low"] > 0)
        assert np.all(bars["low"] <= np.minimum(bars["open"], bars["close"]))
        assert np.all(bars["high"] >= np.maximum(bars["open"], bars["close"]))
        assert np.all(bars["volume"] >= 0)
        assert np.all(bars["flags"] == np.where(bars["volume"] > 0, SYNTHETIC | TRADED, SYNTHETIC))
        assert all(bars[name].dtype == np.dtype(BAR_DTYPES[name]) for name in BAR_COLUMNS)


def test_prices_are_whole_ticks_and_read_as_short_decimals(
    market: list[tuple[Instrument, Mapping[Any, NDArray[Any]]]],
) -> None:
    for instrument, bars in market:
        decimals = round(-math.log10(instrument.tick))
        for price in bars["close"][::997].tolist():
            assert price == float(f"{price:.{decimals}f}")


def test_facts_and_coverage_tell_what_the_bars_are(
    market: list[tuple[Instrument, Mapping[Any, NDArray[Any]]]],
) -> None:
    made = synthetic_market(48, 2, 7)
    assert list(made.instruments()) == [instrument for instrument, _ in market]
    for span, (instrument, bars) in zip(made.coverage(), market, strict=True):
        assert span.series.instrument == instrument.name
        assert (span.first, span.last, span.rows) == (bars["ts"][0], bars["ts"][-1], len(bars["ts"]))
        assert instrument.listed_at == span.first
        assert instrument.delisted_at in {None, span.last + HOUR}


def test_there_are_outages_late_listings_delistings_and_quiet_hours(
    market: list[tuple[Instrument, Mapping[Any, NDArray[Any]]]],
) -> None:
    whole = [bars for _, bars in market if bars["ts"][0] == YEAR_2019 and bars["ts"][-1] == YEAR_2021 - HOUR]
    assert len(whole) >= 24
    assert all(np.array_equal(bars["ts"], whole[0]["ts"]) for bars in whole)
    assert np.count_nonzero(np.diff(whole[0]["ts"]) > HOUR) >= 3
    assert sum(bars["ts"][0] > YEAR_2019 for _, bars in market) >= 5
    assert sum(instrument.delisted_at is not None for instrument, _ in market) == 4
    assert sum(bool(np.any(bars["volume"] == 0)) for _, bars in market) >= 4
    assert all(np.any(np.abs(np.diff(np.log(bars["close"]))) > 0.03) for _, bars in market)


def test_some_rise_and_some_fall(market: list[tuple[Instrument, Mapping[Any, NDArray[Any]]]]) -> None:
    ends = np.array([bars["close"][-1] / bars["close"][0] for _, bars in market])
    assert 8 <= np.count_nonzero(ends > 1) <= 40
