"""The listing of instruments: made once a commit, narrowed without a look at the store."""

from pathlib import Path

import tapehead as th
from tapehead.library.store import Store
from tapehead.model.instrument import Instrument
from tapehead.testing.samples import YEAR_2021
from tests.unit.library.market import HOUR_US, columns_of, house_of, open_market, put


def names(store: Store, **options: str) -> list[str]:
    return [row.instrument.name for row in store.instruments(**options)]


def test_what_is_held_is_told_of_each_instrument(tmp_path: Path) -> None:
    with open_market(tmp_path, symbols=2, rows=30) as store:
        first, second = store.instruments()
        assert first.intervals == (("1h", YEAR_2021, YEAR_2021 + 29 * HOUR_US, 30),)
        assert second.instrument.name == "test:S01"


def test_a_query_narrows_by_name_kind_and_venue(tmp_path: Path) -> None:
    with open_market(tmp_path, symbols=3, rows=30) as store:
        put(house_of(store), [(Instrument("other", "S01", kind="equity", calendar="XNYS"), columns_of(5))])
        assert names(store) == ["other:S01", "test:S00", "test:S01", "test:S02"]
        assert names(store, query="s01") == ["other:S01", "test:S01"]
        assert names(store, kind="equity") == names(store, venue="other") == ["other:S01"]
        assert names(store, query="TEST", kind="equity") == []
        assert names(store, universe="equity") == ["other:S01"]


def test_the_listing_follows_the_commits_of_others(tmp_path: Path) -> None:
    with open_market(tmp_path, symbols=1, rows=30) as store:
        listed = store.instruments()
        listed.clear()
        assert names(store) == ["test:S00"]
        put(house_of(store), [(Instrument("test", "NEW"), columns_of(5, first=20))])
        assert names(store) == ["test:NEW", "test:S00"]
        ts = [YEAR_2021 + at * HOUR_US for at in range(30, 33)]
        store.append(th.Bars.from_arrays(ts, *[[1.0] * 3] * 4, interval="1h", symbol="S00", venue="test"))
        assert store.instruments("S00")[0].intervals[0][3] == 33
