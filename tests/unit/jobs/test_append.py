"""Appending through a store: flags as an import gives them, instruments made, what is unfinished kept from runs."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tapehead.errors import ParameterError
from tapehead.jobs.append import append
from tapehead.jobs.merge import flagged
from tapehead.layout.columns import AFTER_HOLE, BAR_COLUMNS, PARTIAL, SUSPECT, TRADED
from tapehead.model.bars import Bars
from tapehead.model.calendar import calendar
from tapehead.model.interval import Interval
from tapehead.ports.bars import BarStore
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.testing.bar_store import ALWAYS, read_columns
from tapehead.testing.samples import HOUR, YEAR_2021, Columns

NOW = YEAR_2021 + 10_000 * HOUR.us


@pytest.fixture
def store(tmp_path: Path) -> Iterator[BarStore]:
    held = EmbeddedBars(open_home(tmp_path / "home"), ParquetCodec())
    yield held
    held.close()


def hours(*places: int, symbol: str = "BTCUSDT", volume: float = 5.0, seed: int = 1) -> Bars:
    """Hourly bars at these hours of 2021."""
    random = np.random.default_rng(seed)
    close = np.round(100 + random.normal(0, 1, len(places)), 2)
    ts = YEAR_2021 + np.array(places, np.int64) * HOUR.us
    volumes = np.full(len(places), volume)
    return Bars.from_arrays(ts, close, close + 1, close - 1, close, volumes, interval=HOUR, symbol=symbol, venue="test")


def put(store: BarStore, *bars: Bars, kind: str | None = None, now: int = NOW) -> int:
    return append(store, ParquetCodec(), bars, kind=kind, now=now).number


def whole(store: BarStore, bars: Bars) -> Columns:
    return read_columns(store, ParquetCodec(), store.manifest([bars.series], *ALWAYS).refs[bars.series])


def test_holes_are_flagged_as_over_the_whole_series_in_any_order(store: BarStore) -> None:
    days = calendar("24/7")
    for places in [(4, 5), (6,), (9, 10), (0, 1), (2,), (8,), (14, 20), (7,), (17,), (3, 4, 11)]:
        put(store, hours(*places))
        held = whole(store, hours(0))
        assert held["flags"].tolist() == flagged(held, HOUR, days).tolist(), places
    held = whole(store, hours(0))
    assert ((held["ts"] - YEAR_2021) // HOUR.us).tolist() == [*range(12), 14, 17, 20]
    assert [bool(flag & AFTER_HOLE) for flag in held["flags"][-3:]] == [True, True, True]


def test_what_no_reader_could_name_is_refused(store: BarStore) -> None:
    for bars in (hours(0, symbol=""), hours(2**40), hours(-(2**40))):
        with pytest.raises(ParameterError, match=r"^(series|ts)="):
            put(store, bars, kind="crypto")
    assert store.head() == 0


def test_a_new_instrument_is_made_and_kept(store: BarStore) -> None:
    put(store, hours(0, 1))
    with pytest.raises(
        ParameterError, match=r"test:SPX, which ends in no quote currency: append\(bars, kind='equity'\)"
    ):
        put(store, hours(0, symbol="SPX", volume=0.0))
    put(store, hours(0, symbol="SPX", volume=0.0), kind="index")
    first, second = store.instruments()
    assert (first.name, first.kind, first.quote, first.has_volume) == ("test:BTCUSDT", "crypto", "USDT", True)
    assert (second.name, second.kind, second.calendar, second.has_volume) == ("test:SPX", "index", "XNYS", False)
    assert whole(store, hours(0, symbol="SPX"))["flags"].tolist() == [TRADED]
    with pytest.raises(ParameterError, match="kind=stock"):
        put(store, hours(2), kind="stock")
    before = store.head()
    put(store, hours(2, volume=0.0))
    assert store.head() == before + 1
    assert whole(store, hours(0))["flags"].tolist() == [TRADED, TRADED, 0]


def test_a_bar_that_has_not_closed_is_partial_until_it_comes_again(store: BarStore) -> None:
    put(store, hours(0, 1, 2), now=YEAR_2021 + 2 * HOUR.us + 1)
    assert whole(store, hours(0))["flags"].tolist() == [TRADED, TRADED, TRADED | PARTIAL]
    put(store, hours(0, 1, 2, 3), now=YEAR_2021 + 3 * HOUR.us)
    assert whole(store, hours(0))["flags"].tolist() == [TRADED, TRADED, TRADED, TRADED | PARTIAL]


def test_prices_that_contradict_each_other_are_kept_and_suspect(store: BarStore) -> None:
    wrong = Bars.from_arrays(
        [YEAR_2021], [5.0], [4.0], [3.0], [3.5], [1.0], interval=HOUR, symbol="BTCUSDT", venue="test"
    )
    put(store, wrong)
    assert whole(store, wrong)["flags"].tolist() == [TRADED | SUSPECT]


def test_the_same_bars_again_change_nothing(store: BarStore) -> None:
    assert put(store, hours(0, 1, 5)) == 2
    assert put(store, hours(0, 1, 5)) == 2
    assert put(store) == 2
    assert put(store, hours()) == 2


def test_a_series_that_comes_twice_writes_nothing(store: BarStore) -> None:
    with pytest.raises(ParameterError, match="once"):
        put(store, hours(0), hours(1))
    assert store.head() == 0


def test_what_has_closed_is_folded(store: BarStore) -> None:
    minute = Interval.parse("1m")
    ts = YEAR_2021 + (np.arange(6) + 44_637) * minute.us
    close = np.linspace(1, 2, 6)
    bars = Bars.from_arrays(ts, close, close, close, close, interval=minute, symbol="BTCUSDT", venue="test")
    put(store, bars)
    refs = store.manifest([bars.series], *ALWAYS).refs[bars.series]
    assert [(ref.period, ref.layer, ref.rows) for ref in refs] == [(202101, 0, 3), (202102, -1, 3)]
    assert [one.kind for one in store.log(limit=9)] == ["fold", "append", "append"]
    assert all(whole(store, bars)[name].tobytes() == getattr(bars, name).tobytes() for name in BAR_COLUMNS)


def test_a_venue_with_a_colon_is_refused_since_names_are_cut_there(store: BarStore) -> None:
    odd = Bars.from_arrays([YEAR_2021], [5.0], [6.0], [4.0], [5.5], interval=HOUR, symbol="BTCUSDT", venue="te:st")
    with pytest.raises(ParameterError, match="venue=te:st: venue must be a name without a colon"):
        put(store, odd)
