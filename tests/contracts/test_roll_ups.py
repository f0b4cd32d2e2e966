"""Daily and weekly bars that are kept: always those of resampling from scratch, and only what changed is made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tapehead.jobs import rolled
from tapehead.jobs.absent import read_empties
from tapehead.jobs.resample import Resampled, resample
from tapehead.jobs.roll_up import KEPT
from tapehead.layout.columns import BAR_COLUMNS
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.calendar import calendar
from tapehead.model.history import EmptyRange
from tapehead.model.instrument import Instrument
from tapehead.model.interval import Interval
from tapehead.model.segment import Draft
from tapehead.testing.samples import HOUR, YEAR_2021, Columns, sample_bars, sample_columns, sample_series
from tests.servers import PostgresServer

DAY, WEEK = KEPT
AAA = sample_series("AAA")
YEARS = (2021, 2022, 2023)
Open = Callable[[], Store]


@pytest.fixture(params=["embedded", "postgres"])
def make(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Opens empty stores of one kind."""
    stores: list[Store] = []
    urls: list[str] = []

    def fresh() -> Store:
        if request.param == "postgres":
            server: PostgresServer = request.getfixturevalue("postgres_server")
            urls.append(server.make())
            stores.append(open_store(urls[-1]))
        else:
            stores.append(open_store(tmp_path_factory.mktemp("store")))
        return stores[-1]

    yield fresh
    for store in stores:
        store.close()
    for url in urls:
        request.getfixturevalue("postgres_server").drop(url)


def year(number: int, rows: int = 8_000, seed: int = 0) -> Draft:
    """Hours of a year from its first on."""
    start = int(np.datetime64(f"{number}-01-01", "us").astype(np.int64))
    return Draft(AAA, number, sample_columns(rows, start=start, seed=seed))


def fill(store: Store, calendar_of: str = "24/7", rows: int = 8_000) -> None:
    """Three years of hours, one commit each."""
    one = Instrument("test", "AAA", calendar=calendar_of)
    for number in YEARS:
        store.house.bars.commit([year(number, rows)], note=str(number), instruments=[one])


def from_scratch(store: Store, to: Interval, snapshot: int | None = None) -> Resampled:
    """Coarser bars of all finer ones of a snapshot, made by nobody who keeps any."""
    fine = store.bars("AAA", "1h", snapshot=snapshot)
    number = store.house.bars.head() if snapshot is None else snapshot
    (one,) = store.house.bars.instruments(number)
    empty = read_empties(store.house.bars, [AAA], number).get(AAA, [])
    return resample(fine, to, calendar(one.calendar), empty)


def check(store: Store, snapshot: int | None = None) -> None:
    """Compare what is read with what is made from scratch, whole and of a part, bit for bit."""
    for to in KEPT:
        scratch = from_scratch(store, to, snapshot)
        wanted = scratch.bars
        (reading,) = store.look_up(["AAA"], to.text, snapshot=snapshot)
        assert reading.outside == scratch.outside
        found = reading.bars
        lo, hi = len(wanted) // 3, len(wanted) // 2
        cuts = [(found, slice(0, len(wanted)))]
        if hi > lo:
            span = np.array([wanted.ts[lo], wanted.ts[hi]], "datetime64[us]").tolist()
            cuts.append((store.bars("AAA", to.text, *span, snapshot=snapshot), slice(lo, hi)))
        for got, part in cuts:
            for name in BAR_COLUMNS:
                assert getattr(got, name).tobytes() == getattr(wanted, name)[part].tobytes(), f"{name} of {to}"


def made(store: Store) -> list[int]:
    """How many bars the last making made anew, by interval."""
    return [store.house.bars.roll_ups([AAA], to)[AAA].made for to in KEPT]


def told(store: Store) -> tuple[int, int]:
    """How many are kept, and of how many the series changed since."""
    facts = store.house.bars.facts()
    return facts.roll_ups, facts.roll_ups_behind


def edited(columns: Columns, *at: int) -> Columns:
    """The same bars, some with another close."""
    close = columns["close"].copy()
    close[list(at)] += 0.25
    return {**columns, "close": close, "high": np.maximum(columns["high"], close)}


def test_only_what_changed_is_made_anew_and_an_old_snapshot_stays_as_it_was(make: Open) -> None:
    store = make()
    fill(store)
    assert told(store) == (0, 0)
    check(store)
    assert told(store) == (2, 0)
    assert made(store) == [1_020, 150]
    bars = store.house.bars
    # One old bar: its day and its week.
    bars.commit([Draft(AAA, 2022, edited(dict(year(2022).columns), 5_000))], note="one bar")
    assert told(store) == (2, 2)
    check(store)
    assert (made(store), told(store)) == ([1, 1], (2, 0))
    # Bars of two days of one week, and one of another.
    bars.commit([Draft(AAA, 2022, edited(dict(year(2022).columns), 100, 101, 130, 3_000, 5_000))], note="more")
    check(store)
    assert made(store) == [3, 2]
    # New bars touch the day and the week that they lie in.
    bars.append([sample_bars(sample_columns(5, start=int(year(2023).columns["ts"][-1]) + HOUR.us, seed=1))])
    check(store)
    assert made(store) == [1, 1]
    # Folding moves blocks and changes no bar.
    bars.fold(whole=True)
    check(store)
    assert made(store) == [0, 0]
    bars.undo(5)
    check(store)
    assert made(store) == [3, 2]
    # What the source says is empty decides which bars are whole.
    gap = int(year(2021).columns["ts"][-1]) + 30 * HOUR.us
    bars.commit([], note="closed", empties=[EmptyRange(AAA, gap, gap + 3 * HOUR.us)])
    check(store)
    for snapshot in (3, 4, 5, 6):
        check(store, snapshot)
    assert told(store) == (2, 0)
    # Blocks of then that gc gave back, and no tier has, cannot be compared: all is made anew.
    bars.commit([Draft(AAA, 2021, edited(dict(year(2021).columns), 7))], note="one more")
    bars.sweep(list, 2**62)
    store.house.shelf.tiers.clear()
    check(store)
    assert made(store) == [1_021, 150]
    bars.commit([year(number, 0) for number in YEARS], note="nothing is left")
    bars.sweep(list, 2**62)
    assert told(store) == (0, 0)


def test_a_bar_changed_by_sql_makes_its_own_day_and_week_anew(postgres: str) -> None:
    with open_store(postgres) as store:
        fill(store)
        store.rows_on()
        check(store)
        # The first edit mends the flags of holes before the two later years, whose bars change with it.
        for at, days in ((5_000, 3), (5_100, 1)):
            with psycopg.connect(postgres, options="-c search_path=tapehead") as link:
                link.execute(
                    "UPDATE bars SET volume = volume + 1 WHERE series = series_of('AAA', '1h') "
                    "AND ts = to_timestamp(%s / 1000000)",
                    (int(year(2022).columns["ts"][at]),),
                )
            check(store)
            assert (made(store), told(store)) == ([days, days], (2, 0))


def test_a_series_that_goes_takes_what_is_kept_of_it_along(make: Open) -> None:
    store = make()
    fill(store)
    check(store)
    holdings = store.house.bars.holdings()
    with holdings.writing():
        for table in ("coverage", "segments", "series"):
            holdings.drop(table, [row[:1] for row in holdings.rows(table)])
    assert told(store) == (0, 0)


def test_what_rotted_is_not_believed_and_what_cannot_be_kept_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    with open_store(tmp_path) as store:
        fill(store)
        check(store)
        link = sqlite3.connect(tmp_path / "bars.db")
        link.execute("UPDATE rollups SET columns = zeroblob(length(columns))")
        link.commit()
        assert store.house.bars.roll_ups([AAA], DAY) == {}
        check(store)
        assert made(store) == [1_020, 150]
        link.execute("DELETE FROM rollups")
        link.commit()
        link.close()
        # Of a part nothing is kept: the year alone is read.
        store.bars("AAA", "1d", "2022-02-01", "2022-03-01")
        assert told(store) == (0, 0)
    with open_store(tmp_path) as store:
        monkeypatch.setattr(type(store.house.bars), "keep_roll_ups", lambda *_: False)
        check(store)
        assert told(store) == (0, 0)


@pytest.mark.parametrize("market", ["24/7", "XNYS"])
def test_any_order_of_writes_equals_resampling_from_scratch(
    make: Open, market: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rolled, "FEWEST", 1)
    verbs = st.sampled_from(["append", "append", "append", "draft", "edit", "undo", "undo", "fold", "sweep", "empty"])
    piece = st.tuples(verbs, st.integers(0, 900), st.integers(1, 60), st.integers(0, 3))

    @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(piece, min_size=2, max_size=7))
    def any_order(pieces: list[tuple[str, int, int, int]]) -> None:
        store = make()
        fill(store, market, rows=700)
        check(store)
        for verb, place, rows, seed in pieces:
            write(store, verb, place, rows, seed)
            check(store)
        check(store, store.house.bars.head())

    any_order()


def write(store: Store, verb: str, place: int, rows: int, seed: int) -> None:
    """Do one thing to the store."""
    bars = store.house.bars
    start = YEAR_2021 + place * HOUR.us
    if verb == "append":
        bars.append([sample_bars(sample_columns(rows, start=start, seed=seed))])
    elif verb == "draft":
        bars.commit([year(2021 + seed % 3, 600 + rows, seed)], note="draft")
    elif verb == "edit":
        bars.commit([Draft(AAA, 2022, edited(dict(year(2022, 700).columns), place % 700))], note="edit")
    elif verb == "empty":
        bars.commit([], note="empty", empties=[EmptyRange(AAA, start, start + rows * HOUR.us)])
    elif verb == "sweep":
        bars.sweep(list, 2**62)
    elif verb == "fold":
        bars.fold(whole=True)
    else:
        undo(store)


def undo(store: Store) -> None:
    """Take back the newest commit that can be, but for the first three."""
    from tapehead.errors import UndoError

    for record in store.log():
        if record.number <= len(YEARS):
            return
        try:
            store.house.bars.undo(record.number)
        except UndoError:
            continue
        return
