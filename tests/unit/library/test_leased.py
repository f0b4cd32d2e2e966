"""Whoever reads a snapshot holds it: a commit and a gc in the middle take nothing from under the reader."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tapehead.jobs.append import append
from tapehead.jobs.measure_csv import csv_bar_bytes
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.instrument import Instrument, Series
from tapehead.testing.samples import HOUR
from tests.unit.library.market import columns_of, house_of, put

BTC = Instrument("test", "BTCUSDT", kind="crypto")
SERIES = Series("test", "BTCUSDT", HOUR)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home") as opened:
        put(house_of(opened), [(BTC, columns_of(200, seed=1))])
        yield opened


class GcWithinRead:
    """A store of bars in which all bars are replaced and gc runs once segments are named, before they are read."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._bars = house_of(store).bars

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bars, name)

    def manifest(self, *asked: Any, **how: Any) -> Any:
        found = self._bars.manifest(*asked, **how)
        put(house_of(self._store), [(BTC, columns_of(200, seed=2))])
        self._store.gc("0d")
        return found


def hour(place: int) -> Bars:
    return frozen_bars(SERIES, columns_of(1, first=place))


def test_the_members_of_a_filter_as_of_an_old_snapshot(store: Store) -> None:
    store.create_universe("liquid", where="bars > 10")
    put(house_of(store), [(BTC, columns_of(5, seed=2))])
    told: list[str] = []

    def beside(*_: object) -> None:
        told.append(str(store.gc("0d").snapshots))

    assert store.members("liquid", "2021-01-05", snapshot=1, progress=beside).members == ("test:BTCUSDT",)
    assert told == ["0"]
    assert store.gc("0d").snapshots == 1


def test_what_a_line_of_csv_takes(store: Store) -> None:
    assert 40 < csv_bar_bytes(GcWithinRead(store), house_of(store).direct.tiers) < 100
    assert store.gc("0d").segments == 1


def test_an_append_out_of_order(store: Store) -> None:
    house = house_of(store)
    append(GcWithinRead(store), house.codec, [hour(100)], kind=None, now=2**60)
    assert store.gc("0d").segments == 1
