"""Runs on a universe by filter: who takes part, which entries count, and what the receipt says of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tapehead.errors import ExpressionError, ParameterError, UniverseError
from tapehead.layout.columns import BAR_COLUMNS
from tapehead.library.run import Run
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.bars import frozen_bars
from tapehead.model.events import Started
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.segment import Draft
from tapehead.testing.samples import HOUR, YEAR_2021, Columns
from tests.oracles.membership import Bar, Known, both, member_days
from tests.unit.library.market import DAY_US, HOUR_US, columns_of, house_of, put, write_strategy

FIRST_DAY = YEAR_2021 // DAY_US
SYMBOLS = {"AAA": (0, 3_000), "BBB": (400, 2_600), "CCC": (0, 900)}
WHERE = "age_days >= 20 and change(5) > 0"
ALTERNATE = """\
n = np.arange(len(bars))
return Signals(enter=n % 37 == 5, leave=n % 37 == 29)
"""


def held(symbol: str) -> Columns:
    first, rows = SYMBOLS[symbol]
    return columns_of(rows, first=first, seed=first + rows, holes=symbol == "AAA")


def expected(symbol: str, columns: Columns | None = None) -> list[int]:
    """The days of the filter above, by the plain walk."""
    made = held(symbol) if columns is None else columns
    bars = [
        Bar(int(ts), int(ts) + HOUR_US, float(close), float(volume))
        for ts, close, volume in zip(made["ts"], made["close"], made["volume"], strict=True)
    ]

    def ask(known: Known) -> bool | None:
        change = known.change(5)
        return both(known.age_days() >= 20, None if change is None else change > 0)

    return member_days(bars, ask, FIRST_DAY, FIRST_DAY + 130)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home") as store:
        put(house_of(store), [(Instrument("test", symbol), held(symbol)) for symbol in SYMBOLS])
        store.create_universe("rising", where=WHERE)
        yield store


def alternate(store: Store, body: str = ALTERNATE, name: str = "mine") -> str:
    return write_strategy(store.home.parent / f"{name}.py", body)


def trades_of(run: Run) -> dict[str, bytes]:
    return {result.instrument: result.trades.to_bytes() for result in run if result.trades is not None}


def test_entries_count_while_a_member_and_exits_always(store: Store) -> None:
    """Equal to the same strategy on a list whose entries were struck out by hand, day by day."""
    by_hand = {f"test:{symbol}": expected(symbol) for symbol in SYMBOLS}
    assert all(len(days) > 3 for days in by_hand.values())
    mask = f"days = {by_hand!r}[bars.series.instrument]\nmember = np.isin(bars.ts // {DAY_US}, days)\n"
    masked = alternate(store, mask + ALTERNATE.replace("n % 37 == 5", "(n % 37 == 5) & member"), "masked")
    run = store.backtest(alternate(store), universe="rising")
    free = trades_of(store.backtest(alternate(store), universe="crypto"))
    assert trades_of(run) == trades_of(store.backtest(masked, universe="crypto"))
    assert all(run[symbol].trades.to_bytes() != free[f"test:{symbol}"] for symbol in SYMBOLS)  # type: ignore[union-attr]  # kept


@pytest.mark.parametrize("start", ["2021-01-03", "2021-02-10"])
def test_a_range_takes_in_who_was_ever_a_member_in_it(store: Store, start: str) -> None:
    end = FIRST_DAY + (44 if start < "2021-02" else 60)
    run = store.backtest(alternate(store), universe="rising", start=start, end=end * DAY_US, period=2)
    begin = int(np.datetime64(start, "D").astype(int))
    wanted = {s: [day for day in expected(s) if begin <= day < end] for s in SYMBOLS}
    last = {s: (SYMBOLS[s][0] + SYMBOLS[s][1]) // 24 + FIRST_DAY for s in SYMBOLS}
    assert sorted(trades_of(run)) == [f"test:{s}" for s in SYMBOLS if any(day <= last[s] for day in wanted[s])]
    assert run.warnings == [] or all(event.code != "store.no_bars" for event in run.warnings)


def test_the_receipt_names_filter_and_members_and_the_run_can_be_made_again(store: Store) -> None:
    run = store.backtest(alternate(store), universe="rising").wait()
    receipt = run.receipt
    assert receipt is not None
    assert receipt.where == WHERE
    assert sorted(receipt.memberships) == ["test:AAA", "test:BBB", "test:CCC"]
    store.create_universe("rising", where="close > 1e9")
    with pytest.raises(UniverseError, match="No instrument is a member of universe rising"):
        store.backtest(alternate(store), universe="rising")
    store.delete_universe("rising")
    assert store.verify(run.id, apart=False).verdict == "identical"


def test_membership_is_part_of_the_key(store: Store) -> None:
    mine = alternate(store)
    store.backtest(mine, universe="rising").wait()
    store.create_universe("rising", where=f"{WHERE} and age_days < 1000")
    assert [event for _, event in store.backtest(mine, universe="rising").events()][-1].reused
    store.create_universe("rising", where="age_days >= 21 and change(5) > 0")
    assert not [event for _, event in store.backtest(mine, universe="rising").events()][-1].reused


def test_later_bars_change_no_earlier_trade(store: Store) -> None:
    mine = alternate(store)
    end = YEAR_2021 + 2_990 * HOUR_US
    before = trades_of(store.backtest(mine, universe="rising", end=end))
    more = columns_of(400, first=3_100, seed=5)
    more["close"] *= 9.0
    bars = frozen_bars(Series("test", "AAA", HOUR), {name: more[name].copy() for name in BAR_COLUMNS})
    house_of(store).bars.append([bars])
    again = store.backtest(mine, universe="rising", end=end, fresh=True)
    assert trades_of(again) == before


def test_the_roll_of_a_day(store: Store) -> None:
    for day in (0, 19, 21, 40, 77):
        roll = store.members("rising", (FIRST_DAY + day) * DAY_US + 5 * HOUR_US)
        assert roll.day == (FIRST_DAY + day) * DAY_US
        assert list(roll.members) == [f"test:{s}" for s in SYMBOLS if FIRST_DAY + day in expected(s)]
    newest = store.members("rising")
    assert newest.day == max(-(-(int(held(s)["ts"][-1]) + HOUR_US) // DAY_US) for s in SYMBOLS) * DAY_US
    days = [day for s in SYMBOLS for day in expected(s) if day * DAY_US <= newest.day]
    (year,) = newest.years
    assert (year.year, year.ever) == (2021, 3)
    assert year.mean == pytest.approx(len(days) / (newest.day // DAY_US - min(days) + 1))
    assert [row.instrument.name for row in store.instruments(universe="rising")] == list(newest.members)
    assert store.members("crypto", "2021-01-02").members == ("test:AAA", "test:BBB", "test:CCC")
    with pytest.raises(ParameterError, match="at=soon"):
        store.members("rising", "soon")


def test_figures_come_from_the_longest_interval_up_to_a_day_unless_one_is_named(store: Store) -> None:
    daily = columns_of(60, seed=3)
    daily["ts"] = YEAR_2021 + np.arange(60) * DAY_US
    weekly = {name: values[:8].copy() for name, values in daily.items()}
    weekly["ts"] = YEAR_2021 + 3 * DAY_US + np.arange(8) * 7 * DAY_US
    for text, columns in (("1d", daily), ("7d", weekly)):
        house_of(store).bars.commit(
            [Draft(Series("test", "AAA", Interval.parse(text)), 0, columns)], note="more", instruments=[]
        )
    store.create_universe("long", where="bars >= 60")
    at = YEAR_2021 + 60 * DAY_US
    assert store.members("long", at).members == ("test:AAA", "test:BBB", "test:CCC")
    assert store.members("long", at - DAY_US).members == ("test:BBB", "test:CCC")
    assert store.members("long", at - DAY_US, interval="1h").members == ("test:AAA", "test:BBB", "test:CCC")


def test_a_snapshot_has_its_own_members(store: Store) -> None:
    put(house_of(store), [(Instrument("test", "DDD"), columns_of(1_000, seed=8))])
    store.create_universe("any", where="close > 0")
    at = YEAR_2021 + 20 * DAY_US
    assert "test:DDD" in store.members("any", at).members
    assert "test:DDD" not in store.members("any", at, snapshot=1).members
    run = store.backtest(alternate(store), universe="any", snapshot=1)
    assert sorted(trades_of(run)) == ["test:AAA", "test:BBB", "test:CCC"]
    listed = store.backtest(alternate(store), universe="crypto", snapshot=1)
    assert sorted(trades_of(listed)) == ["test:AAA", "test:BBB", "test:CCC"]


def test_made_up_instruments_belong_only_where_the_filter_asks_for_a_venue(store: Store) -> None:
    put(house_of(store), [(Instrument("demo", "DEMO1"), columns_of(1_000, seed=8))])
    at = YEAR_2021 + 30 * DAY_US
    store.create_universe("any", where="close > 0")
    store.create_universe("made", where='venue == "demo" and close > 0')
    assert "demo:DEMO1" not in store.members("any", at).members
    assert store.members("made", at).members == ("demo:DEMO1",)


def stamps(run: Run) -> Any:
    started = next(event for _, event in run.events())
    assert isinstance(started, Started)
    run.wait()
    assert run.receipt is not None
    assert run.receipt.stamps == started.stamps == run.header.stamps
    return started.stamps


def test_a_universe_in_which_nothing_ever_ends_says_so(store: Store) -> None:
    mine = alternate(store)
    assert stamps(store.backtest(mine, universe="crypto")) == ()
    store.create_universe("alive", ["AAA", "BBB"])
    assert stamps(store.backtest(mine, universe="alive")) == ("survivorship: unknown",)
    assert stamps(store.backtest(mine, universe="alive", end="2021-03-01")) == ("survivorship: unknown",)
    assert stamps(store.backtest(mine, universe="crypto", end="2021-02-01")) == ()
    assert stamps(store.backtest(mine, symbols=["AAA", "BBB"])) == ()
    put(house_of(store), [(Instrument("test", "AAA", delisted_at=YEAR_2021 + 200 * DAY_US), held("AAA"))])
    assert stamps(store.backtest(mine, universe="alive")) == ()


def test_what_cannot_be_kept_is_refused(store: Store) -> None:
    with pytest.raises(ExpressionError, match="did you mean 'change'"):
        store.create_universe("bad", where="chance(3) > 0")
    with pytest.raises(UniverseError, match="a list or a filter, not both"):
        store.create_universe("bad", ["AAA"], where=WHERE)
    with pytest.raises(UniverseError, match="would be empty"):
        store.create_universe("bad")
    assert [each.name for each in store.universes()] == ["all", "crypto", "rising"]
    assert store.universe("rising").where == WHERE
