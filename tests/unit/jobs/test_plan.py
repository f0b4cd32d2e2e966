"""make_plan: what a run reads, in which order, by which rules, and the key that names its result."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tapehead.errors import EmptyRangeError, NoBarsError, ParameterError
from tapehead.jobs.plan import Code, Plan, choose_interval, make_plan
from tapehead.jobs.read import read_bars
from tapehead.jobs.universes import select
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.bars import frozen_bars
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.rules import Rules
from tapehead.model.segment import Draft
from tapehead.model.spec import RunSpec
from tapehead.testing.samples import HOUR, YEAR_2021
from tests.house.commands import cut, fault_in
from tests.unit.library.market import HOUR_US, columns_of, house_of, put

CODE = Code(b"s" * 32, b"e" * 32)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home") as store:
        put(
            house_of(store),
            [(Instrument("test", name), columns_of(1_500, first=first, seed=first)) for name, first in FIRSTS.items()],
        )
        yield store


FIRSTS = {"AAA": 0, "BBB": 500, "CCC": 5_000, "DDD": 9_000}
END = YEAR_2021 + 10_500 * HOUR_US


def spec_of(**changes: Any) -> RunSpec:
    given: dict[str, Any] = {"strategy": "Mine", "parameters": {"period": 14}, "interval": "1h"}
    if "symbols" not in changes:
        given["universe"] = "crypto"
    return RunSpec(**{**given, **changes})


def plan_of(
    store: Store, spec: RunSpec | None = None, *, code: Code = CODE, warm: int = 0, at: int | None = None
) -> Plan:
    house = house_of(store)
    return make_plan(house.bars, house.shelf, spec or spec_of(), code, warm=warm, snapshot=at)


def names(plan: Plan) -> list[str]:
    return [item.instrument.symbol for item in plan.items]


def test_every_instrument_with_its_bars(store: Store) -> None:
    plan = plan_of(store)
    assert names(plan) == ["AAA", "BBB", "CCC", "DDD"]
    assert plan.absent == ()
    assert (plan.first, plan.last, plan.warm, plan.snapshot) == (YEAR_2021, END, 0, 1)
    for item in plan.items:
        assert item.refs == house_of(store).bars.manifest([item.series], -(2**62), 2**62).refs[item.series]
        assert item.wider == ()


def test_what_is_hot_comes_first(store: Store) -> None:
    house = house_of(store)
    items = {item.instrument.symbol: item for item in plan_of(store).items}
    for symbol in ("DDD", "BBB"):
        read_bars(house.shelf, items[symbol].series, items[symbol].refs, None, None, 0)
    assert names(plan_of(store)) == ["BBB", "DDD", "AAA", "CCC"]
    assert plan_of(store).key == make_plan(house.bars, house.direct, spec_of(), CODE, warm=0, snapshot=None).key


def test_who_has_no_bar_in_the_range_is_named(store: Store) -> None:
    plan = plan_of(store, spec_of(start=YEAR_2021 + 4_000 * HOUR_US, end=YEAR_2021 + 6_000 * HOUR_US), warm=70)
    assert names(plan) == ["CCC"]
    assert plan.absent == ("test:AAA", "test:BBB", "test:DDD")
    assert (plan.first, plan.last, plan.warm) == (YEAR_2021 + 4_000 * HOUR_US, YEAR_2021 + 6_000 * HOUR_US, 70)


def test_one_instrument_gets_twice_the_warm_up(store: Store) -> None:
    start = YEAR_2021 + 9_200 * HOUR_US
    plan = plan_of(store, spec_of(start=start), warm=70)
    assert [bool(item.wider) for item in plan.items] == [True]
    assert all(not item.wider for item in plan_of(store, warm=70).items)


def check_says(caught: pytest.ExceptionInfo[Exception], *parts: str) -> None:
    text = str(caught.value)
    for part in parts:
        assert part in text
    steps = list(cut(text))
    assert steps or "--start" in text, text
    for step in steps:
        assert fault_in(step) is None, step


def test_a_symbol_without_bars_in_the_range(store: Store) -> None:
    with pytest.raises(NoBarsError) as caught:
        plan_of(store, spec_of(symbols=("test:AAA", "test:CCC"), end=YEAR_2021 + 9 * HOUR_US))
    check_says(
        caught,
        "No bars for CCC 1h in [the first bar, 2021-01-01T09:00:00Z)",
        "[2021-07-28T08:00:00Z, 2021-09-28T20:00:00Z)",
        "import PATH --symbol CCC",
    )


def test_a_universe_without_bars_in_the_range(store: Store) -> None:
    with pytest.raises(NoBarsError) as caught:
        plan_of(store, spec_of(start=END))
    check_says(
        caught, "universe crypto 1h in [2022-03-14T12:00:00Z, the last bar)", "[2021-01-01T00:00:00Z, 2022-03-14"
    )
    with pytest.raises(NoBarsError) as caught:
        plan_of(store, spec_of(interval="4h"))
    check_says(caught, "universe crypto 4h", "none of it")


@pytest.mark.parametrize("hours", [0, 5])
def test_an_empty_range(store: Store, hours: int) -> None:
    start = YEAR_2021 + 10 * HOUR_US
    with pytest.raises(EmptyRangeError) as caught:
        plan_of(store, spec_of(start=start, end=start - hours * HOUR_US))
    check_says(caught, f"[2021-01-01T10:00:00Z, 2021-01-01T{10 - hours:02}:00:00Z) is empty")
    proposed = str(caught.value).split()[-4:]
    assert proposed[::2] == ["--start", "--end"]
    assert proposed[1] < proposed[3]


def test_the_only_interval_is_taken_and_several_must_be_chosen_from(store: Store) -> None:
    bars = house_of(store).bars
    every = select(bars, "crypto", None)
    assert choose_interval(bars, every, None, "universe crypto") == HOUR
    assert choose_interval(bars, every, "15m", "universe crypto") == Interval.parse("15m")
    with pytest.raises(ParameterError):
        choose_interval(bars, every, "7x", "universe crypto")
    daily = columns_of(30)
    daily["ts"] = YEAR_2021 + 24 * (daily["ts"] - YEAR_2021)
    bars.commit([Draft(Series("test", "AAA", Interval.parse("1d")), 0, daily)], note="daily")
    with pytest.raises(ParameterError, match=r"the store holds 1h, 1d of .*: --interval 1h"):
        choose_interval(bars, every, None, "universe crypto")
    assert choose_interval(bars, every[1:], None, "universe crypto") == HOUR
    with pytest.raises(NoBarsError) as caught:
        choose_interval(bars, [], None, "universe fx")
    check_says(caught, "No bars for universe fx")


def test_delisting_that_is_known_counts_up_to_the_end(store: Store) -> None:
    middle = YEAR_2021 + 1_000 * HOUR_US
    put(house_of(store), [(Instrument("test", "GONE", delisted_at=middle), columns_of(1_000, seed=9))])

    def delisted(end: int | None) -> bool:
        plan = plan_of(store, spec_of(symbols=("test:GONE",), end=end))
        return plan.items[0].rules.delisted

    assert delisted(None)
    assert delisted(middle)
    assert not delisted(middle - 1)


def test_rules_carry_the_calendar_of_the_instrument(store: Store) -> None:
    put(house_of(store), [(Instrument("xnys", "SPY", kind="equity", calendar="XNYS"), columns_of(40, first=10))])
    plan = plan_of(store, spec_of(universe="equity", rules=Rules(fee=0.001)))
    assert plan.items[0].rules == Rules(fee=0.001, calendar="XNYS")


def test_equal_requests_have_equal_keys(store: Store) -> None:
    one, two = plan_of(store), plan_of(store, spec_of(rules=Rules(fee=0.0, fill="next_open", cash=10_000.0)))
    assert one.key == two.key
    assert one.key.receipt() == one.key.digest().hex()[:8]


def test_what_differs_shows_in_its_part_of_the_key(store: Store) -> None:
    first = plan_of(store).key

    def parts(other: Plan) -> list[str]:
        return [name for name in first._fields if getattr(first, name) != getattr(other.key, name)]

    assert parts(plan_of(store, spec_of(parameters={"period": 15}))) == ["spec"]
    assert parts(plan_of(store, spec_of(rules=Rules(fee=0.001)))) == ["spec"]
    assert parts(plan_of(store, code=Code(b"t" * 32, b"e" * 32))) == ["strategy"]
    assert parts(plan_of(store, code=Code(b"s" * 32, b"f" * 32))) == ["engine"]
    assert parts(plan_of(store, spec_of(symbols=("test:AAA",)))) == ["spec", "data"]


def test_the_snapshot_is_not_in_the_key_but_its_data_are(store: Store) -> None:
    before = plan_of(store)
    put(house_of(store), [(Instrument("xnys", "SPY", kind="equity"), columns_of(40))])
    after = plan_of(store)
    assert (before.snapshot, after.snapshot) == (1, 2)
    assert after.key == before.key
    more = columns_of(10, first=1_500, seed=77)
    series = Series("test", "AAA", HOUR)
    house_of(store).bars.append([frozen_bars(series, {name: values.copy() for name, values in more.items()})])
    assert plan_of(store).key.data != before.key.data
    assert plan_of(store, at=2).key == before.key


def test_a_fact_of_an_instrument_is_part_of_the_data(store: Store) -> None:
    before = plan_of(store).key
    put(house_of(store), [(Instrument("test", "AAA", delisted_at=END), columns_of(1_500))])
    assert plan_of(store).snapshot >= 1
    after = plan_of(store).key
    assert (after.spec, after.data == before.data) == (before.spec, False)
