"""Rows of bars in PostgreSQL, 18 and 15: plain SQL is seen by whoever looks next."""

import hashlib

import numpy as np
import pytest

from tapehead.layout.columns import AFTER_HOLE, BAR_COLUMNS
from tapehead.testing.bar_store import check_equal
from tapehead.testing.samples import sample_bars, sample_columns, sample_draft
from tests.contracts.row_desk import LOOKING, Desk, copy
from tests.unit.stores.processes import finish, start


@pytest.mark.parametrize("table", ["bars", "bars_2021_01"])
def test_every_kind_of_edit_is_seen_by_the_next_look(desk: Desk, table: str) -> None:
    held = desk.settle()
    head = desk.store.head()
    edits = [
        "DELETE FROM bars WHERE series = series_of('AAA', '1h') AND ts = '2021-01-03 05:00Z'",
        (
            "INSERT INTO bars (series, ts, open, high, low, close) "
            "VALUES (series_of('AAA', '1h'), '2021-01-03 05:30Z', 1, 2, 0.5, 1.5)"
        ),
        "UPDATE bars SET close = close * 2, high = high * 2 WHERE ts < '2021-01-09Z'",
        "UPDATE bars SET ts = '2021-01-31 23:45Z' WHERE ts = '2021-01-03 05:30Z'",
        "DELETE FROM bars WHERE series = series_of('AAA', '1h') AND ts BETWEEN '2021-01-30Z' AND '2021-01-31 23:59Z'",
        "COPY bars",
        (
            "INSERT INTO bars (series, ts, open, high, low, close) "
            "VALUES (series_of('AAA', '1h'), '2021-01-31Z', 5, 5, 5, 5) "
            "ON CONFLICT (series, ts) DO UPDATE SET close = 7, high = 7"
        ),
        "TRUNCATE bars",
    ]
    for edit in edits:
        if edit == "COPY bars":
            copy(desk, table, "2021-01-31")
        else:
            desk.psql.execute(edit.replace(" bars", f" {table}"))
        found = desk.settle()
        assert desk.store.head() > head, f"not seen: {edit}"
        assert any(found[name].tobytes() != held[name].tobytes() for name in BAR_COLUMNS)
        head, held = desk.store.head(), found
    if table == "bars":
        assert not len(held["ts"])
        desk.settle("BBB")
    else:
        assert len(desk.settle("BBB")["ts"]) == len(held["ts"])


def test_a_moving_update_and_months_without_partition_are_seen_and_moved_into_their_own(desk: Desk) -> None:
    desk.psql.execute("UPDATE bars SET ts = ts + interval '10 years' WHERE ts < '2021-01-02Z'")
    assert desk.one("SELECT count(*) FROM bars_default") == 48
    assert desk.settle()["ts"][-1] == np.datetime64("2031-01-01T23:00", "us").astype(np.int64)
    (finding,) = desk.store.check(rows=True)
    assert finding.where == "tapehead.bars_default"
    assert "store rows upkeep" in finding.text
    done = desk.choice.keep_partitions(2, None, keep_all=False)
    assert done.moved == 48
    assert done.made <= 6, "the months from now on, and those from the newest bar on; none between"
    assert desk.one("SELECT to_regclass('bars_2030_06') IS NULL")
    assert desk.one("SELECT count(*) FROM bars_2031_01") == 48
    assert desk.one("SELECT count(*) FROM bars_default") == desk.one("SELECT count(*) FROM marks") == 0
    assert desk.one("SELECT to_regclass('bars_2031_03') IS NOT NULL AND to_regclass('bars_2031_04') IS NULL")
    assert not list(desk.store.check(rows=True))
    assert desk.choice.keep_partitions(None, None, keep_all=False).made == 0


def test_a_process_that_was_warm_before_sees_an_edit(desk: Desk) -> None:
    process = start(LOOKING, desk.url)
    asked, told = process.stdin, process.stdout
    assert asked is not None
    assert told is not None

    def look() -> list[str]:
        asked.write("look\n")
        asked.flush()
        return told.readline().split()

    before = look()
    assert look() == before
    desk.psql.execute("UPDATE bars SET close = high WHERE series = series_of('AAA', '1h') AND ts < '2021-01-05Z'")
    number, digest = look()
    assert int(number) == int(before[0]) + 1
    assert digest == hashlib.sha256(desk.rows()["close"].tobytes()).hexdigest() != before[1]
    assert desk.store.head() == int(number)
    finish(process)


def test_holes_are_flagged_where_an_edit_makes_or_fills_them(desk: Desk) -> None:
    whole = desk.settle()
    assert whole["flags"][900] & AFTER_HOLE, "2022 begins after a hole, of which the drafts do not tell"
    gone = whole["ts"][100]
    assert not whole["flags"][101] & AFTER_HOLE
    desk.psql.execute("CREATE TABLE kept AS SELECT * FROM bars WHERE ts = '2021-01-05 06:00Z'")
    desk.psql.execute("DELETE FROM bars USING kept WHERE bars.series = kept.series AND bars.ts = kept.ts")
    holed = desk.settle()
    assert gone not in holed["ts"]
    assert holed["flags"][100] & AFTER_HOLE
    desk.psql.execute("INSERT INTO bars SELECT * FROM kept")
    check_equal(desk.settle(), whole)
    # The last bar of a year: the first one of the next year tells of it.
    desk.store.append([sample_bars(sample_columns(1, start=int(np.datetime64("2021-12-31T23:00", "us").astype(int))))])
    assert desk.one("SELECT flags FROM bars WHERE series = series_of('AAA', '1h') AND ts = '2022-01-01Z'") & 1
    desk.psql.execute("UPDATE bars SET volume = 1 WHERE ts = '2021-12-31 23:00Z'")
    next_year = desk.settle()
    assert not next_year["flags"][next_year["ts"] == np.datetime64("2022-01-01", "us").astype(np.int64)] & AFTER_HOLE


def test_our_own_commits_write_the_rows_and_no_mark(desk: Desk) -> None:
    before, head = desk.rows(), desk.store.head()
    desk.store.append(
        [sample_bars(sample_columns(60, start=int(np.datetime64("2023-05-30", "us").astype(int)), seed=5))]
    )
    check_equal(desk.bars(), desk.rows())
    assert desk.one("SELECT count(*) FROM bars_2023_06") > 0
    desk.store.commit([sample_draft(year=2021, rows=700, seed=9), sample_draft("CCC", rows=10)], note="again")
    check_equal(desk.bars(), desk.rows())
    for number in (desk.store.head(), desk.store.head() - 1):
        desk.store.undo(number)
        check_equal(desk.bars(), desk.rows())
    check_equal(desk.rows(), before)
    assert desk.one("SELECT count(*) FROM marks") == 0
    assert [one.kind for one in desk.store.log(limit=9) if one.number > head] == ["undo", "undo", "import", "append"]


def test_an_import_keeps_an_edit_of_a_bar_that_it_does_not_change(desk: Desk) -> None:
    columns = sample_columns(900, start=int(np.datetime64("2021-01-01", "us").astype(int)), seed=2021)
    columns["close"][500] += 1
    desk.psql.execute("UPDATE bars SET volume = 4.5 WHERE series = series_of('AAA', '1h') AND ts = '2021-01-02Z'")
    draft = sample_draft()
    with desk.store.writing_rows():
        desk.psql.execute("UPDATE bars SET volume = 7.5 WHERE series = series_of('AAA', '1h') AND ts = '2021-01-03Z'")
        desk.store.commit([type(draft)(draft.series, 2021, columns)], note="one bar")
    bars = desk.settle()
    at = dict(zip(bars["ts"].tolist(), bars["volume"].tolist(), strict=True))
    assert at[int(np.datetime64("2021-01-03", "us").astype(int))] == 7.5
    assert bars["close"][500] == columns["close"][500]
