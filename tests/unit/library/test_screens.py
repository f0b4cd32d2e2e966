"""screen: values equal bit for bit to computing them, never stale, and what an expression holds for."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.errors import ParameterError, ScreenError, UndoError
from tapehead.indicators.catalogue import INDICATORS
from tapehead.layout.columns import PRICE_COLUMNS
from tapehead.library.compute import compute
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.bars import Bars
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.segment import Draft
from tapehead.testing.samples import YEAR_2021, sample_columns

HOUR_US = 3_600_000_000
ROWS = {"AAA": 400, "BBB": 320, "CCC": 40, "DDD": 400, "EEE": 5}


def bars_of(symbol: str, rows: int, seed: int, first: int = 0) -> Bars:
    """Return hourly bars, the last of which is the same hour for all."""
    made = sample_columns(rows, seed=seed)
    ts = YEAR_2021 + (400 - rows + first + np.arange(rows, dtype=np.int64)) * HOUR_US
    columns = [made[name] for name in (*PRICE_COLUMNS, "volume")]
    return Bars.from_arrays(ts, *columns, interval="1h", symbol=symbol, venue="test")


def fill(store: Store) -> None:
    """Append five series, two of them short."""
    store.append([bars_of(symbol, rows, seed) for seed, (symbol, rows) in enumerate(ROWS.items())], kind="crypto")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("screens")) as store:
        fill(store)
        yield store


def test_every_line_of_the_catalogue_is_what_computing_it_says(market: Store) -> None:
    own = {"values", "volume", *PRICE_COLUMNS}
    calls = [
        f"{one.name}.{output}" if output else one.name
        for one in INDICATORS
        if set(one.inputs) <= own
        for output in (one.outputs or ("",))
    ]
    assert len(calls) > 60
    bars = market.bars(list(ROWS))
    asked = [one.name for one in INDICATORS if set(one.inputs) <= own]
    made = {name: compute(each, *asked) for name, each in bars.items() if len(each) > 300}
    for at in range(0, len(calls), 50):
        some = calls[at : at + 50]
        for fresh in (False, True):
            market._frames = None if fresh else market._frames
            found = market.screen(None, by="close", show=some)
            assert found.computed == (0 if fresh else 5)
            for row in found:
                name = row["instrument"]
                for call in some if name in made else ():
                    line = made[name].columns[call][-1]
                    assert row[call] == (None if np.isnan(line) else float(line)), (name, call)


def test_a_commit_an_undo_and_a_superseding_bar_make_only_the_touched_anew(tmp_path: Path) -> None:
    with open_store(tmp_path / "home") as store:
        fill(store)
        asked: dict[str, Any] = {"by": "ema(9)", "show": ["change(3)"]}
        first = store.screen("close > 0", **asked)
        commit = store.append(bars_of("BBB", 1, 9, first=1))
        second = store.screen("close > 0", **asked)
        assert (first.computed, second.computed, second.snapshot) == (5, 1, commit.number)
        store.append(bars_of("BBB", 1, 10, first=1))
        third = store.screen("close > 0", **asked)
        assert third.computed == 1
        assert {
            row["instrument"] for row, old in zip(sorted_rows(third), sorted_rows(second), strict=True) if row != old
        } == {"test:BBB"}
        old = store.screen("close > 0", **asked, snapshot=first.snapshot)
        assert list(old) == list(first)
        assert store.screen("close > 0", **asked).computed == 0
        store.undo(third.snapshot)
        assert list(store.screen("close > 0", **asked)) == list(second)
        store._frames = None
        assert store.screen("close > 0", **asked).computed == 0
        assert store.forget_lines() > 0
        assert store.screen("close > 0", **asked).computed == 5


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("bar"), st.sampled_from("ABCX"), st.integers(0, 9)),
        st.tuples(st.just("correct"), st.sampled_from("AB"), st.integers(0, 9)),
        st.tuples(st.just("delete"), st.sampled_from("ABC"), st.just(0)),
        st.tuples(st.just("facts"), st.sampled_from("ABC"), st.integers(0, 1)),
        st.tuples(st.just("undo"), st.just("A"), st.just(0)),
        st.tuples(st.just("fold"), st.just("A"), st.just(0)),
        st.tuples(st.just("look"), st.just("A"), st.just(0)),
    ),
    min_size=3,
    max_size=8,
)


def change(store: Store, what: str, symbol: str, seed: int, step: int) -> None:
    """Change a store of hourly bars of A, B and C, of 300 bars each."""
    house, draft = (
        store.house,
        Draft(Series("test", symbol, Interval.parse("1h")), 2021, sample_columns(280, seed=seed)),
    )
    if what == "bar":
        store.append(bars_of(symbol, 1, seed, first=step + 1), kind="crypto")
    elif what == "correct":
        house.bars.commit([draft], note="older bars, other ones")
    elif what == "delete":
        house.bars.commit([replace(draft, columns=sample_columns(0))], note="none left")
    elif what == "facts":
        named = Instrument("test", symbol, quote="USDT", has_volume=bool(seed))
        house.bars.commit([], note="facts", instruments=[named])
    elif what == "undo":
        with suppress(UndoError):
            store.undo(house.bars.head())
    else:
        house.bars.fold(whole=True)


@settings(max_examples=25, deadline=None)
@given(CHANGES)
def test_what_is_kept_equals_a_fresh_computation_after_any_changes(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, str, int]]
) -> None:
    asked: dict[str, Any] = {"interval": "1h", "by": "ema(9)", "show": ["obv", "rank(volume)", "quote", "close[1]"]}
    with open_store(tmp_path_factory.mktemp("any") / "home") as store:
        store.append([bars_of(symbol, 300, seed) for seed, symbol in enumerate("ABC")], kind="crypto")
        store.screen("close > 0 or bars < 9", **asked)
        for step, (what, *given) in enumerate(changes):
            change(store, what, *given, step)
            kept = store.screen("close > 0 or bars < 9", **asked) if what != "look" or step % 2 else None
            opened, store._frames = store._frames, None
            first = store.screen("close > 0 or bars < 9", **asked)
            store._frames = opened
        store.forget_lines()
        fresh = store.screen("close > 0 or bars < 9", **asked)
        for found in (kept, first):
            assert found is None or (list(found), found.found.absent, found.found.unknown) == (
                list(fresh),
                fresh.found.absent,
                fresh.found.unknown,
            )


def test_a_market_of_another_history_is_not_believed(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("two", 2)):
        with open_store(tmp_path / name) as store:
            store.append(bars_of("AAA", 300, seed), kind="crypto")
            store.screen("close > 0")
    for torn in (False, True):
        shutil.copy(tmp_path / "one" / "runs.db", tmp_path / "two" / "runs.db")
        with open_store(tmp_path / "two") as store:
            if torn:
                store.house.lines.keep_market("1h", 1, store.house.lines.market("1h")[:-1] + b"\0")
            found = store.screen("close > 0", show=["ema(9)"])
            assert found["close"][0] == store.bars("AAA").close[-1]
            assert found["ema(9)"][0] == compute(store.bars("AAA"), "ema(9)")["ema(9)"][-1]
            assert store.screen("close > 0", show=["ema(9)"]).computed == 0


def test_a_bar_of_one_series_costs_no_look_at_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(tmp_path / "home") as store:
        store.append([bars_of(f"S{k:03}", 30, k) for k in range(300)], kind="crypto")
        asked: list[int] = []
        manifest, kept = store.house.bars.manifest, store.house.lines.keep
        written: list[int] = []
        store.screen("close > sma(9)")

        def looked(series: Any, *rest: Any, **more: Any) -> Any:
            asked.append(len(series))
            return manifest(series, *rest, **more)

        def wrote(*given: Any) -> None:
            written.append(1)
            kept(*given)

        monkeypatch.setattr(store.house.bars, "manifest", looked)
        monkeypatch.setattr(store.house.lines, "keep", wrote)
        store.append(bars_of("S007", 1, 9, first=1))
        assert store.screen("close > sma(9)").computed == 1
        assert (asked, written) == ([1, 1], [])
        store._frames = None
        assert store.screen("close > sma(9)").computed == 1
        assert (asked, written) == ([1] * 4, [1])
        store._frames = None
        assert store.screen("close > sma(9)").computed == 0
        assert (asked, written) == ([1] * 5, [1])


def sorted_rows(found: Any) -> list[dict[str, Any]]:
    """The rows of a screen by name."""
    return sorted(found, key=lambda row: row["instrument"])


def test_at_a_moment_only_closed_bars_count(market: Store) -> None:
    at = YEAR_2021 + 399 * HOUR_US
    found = market.screen(None, by="sma(30)", at="2021-01-17T15:00:00")
    assert {int(ts) + HOUR_US for ts in found["ts"]} == {at}
    for row in found:
        bars = market.bars(row["instrument"], end="2021-01-17T15:00:00")
        assert row["sma(30)"] == (compute(bars, "sma(30)")["sma(30)"][-1] if len(bars) >= 30 else None)
    assert market.screen(None, by="close", at="2021-01-17T14:59:59")["ts"].max() == at - 2 * HOUR_US


def test_what_is_not_known_is_no_match_and_is_told(market: Store) -> None:
    found = market.screen("not sma(200) < 0")
    assert found.instruments == ["test:AAA", "test:BBB", "test:DDD"]
    (missing,) = found.found.missing
    assert (found.found.asked, found.found.unknown) == (5, 2)
    assert (missing.line, missing.instruments, missing.fewest_bars, missing.most_bars) == (
        "sma(close, period=200)",
        2,
        5,
        40,
    )
    assert len(market.screen("sma(200) < 0 or close > 0")) == 5
    divided = market.screen("close / (close - close) > 0 and sma(200) > 0").found
    assert divided.unknown == 5
    assert [(one.line, one.instruments) for one in divided.missing] == [
        ("sma(close, period=200)", 2),
        ("a sum that divides by 0 or is too large", 3),
    ]


def test_places_and_orders(market: Store) -> None:
    closes = {row["instrument"]: row["close"] for row in market.screen("close > 0")}
    largest = sorted(closes, key=lambda name: -closes[name])
    assert market.screen("rank(close) <= 2").instruments == sorted(largest[:2])
    assert market.screen("top(3, close)").instruments == sorted(largest[:3])
    assert market.screen("percentile(close) <= 40").instruments == sorted(largest[3:])
    assert market.screen("close > 0", by="close", top=2).instruments == largest[:2]
    assert market.screen(None, by="close", ascending=True).instruments == largest[::-1]
    assert market.screen(None, by="sma(200)", top=5).found.columns["sma(200)"].shape == (3,)
    assert market.screen("kind == 'crypto' and symbol in ['AAA', 'EEE']").instruments == ["test:AAA", "test:EEE"]
    pair = market.screen("rank(close) == 1", symbols=["AAA", "BBB"])
    assert len(pair) == 1
    market.screen("top(2, close)", save="big")
    assert market.universe("big").symbols == tuple(sorted(largest[:2]))
    assert market.screen("close > 0", universe="big").found.asked == 2


def test_a_match_that_has_an_older_bar_is_told(tmp_path: Path) -> None:
    with open_store(tmp_path / "home") as store:
        store.append(
            [bars_of("AAA", 30, 1), bars_of("BBB", 30, 2, first=-50), bars_of("CCC", 30, 3, first=-800)], kind="crypto"
        )
        found = store.screen("close > 0").found
        assert found.newest == YEAR_2021 + 399 * HOUR_US
        assert found.behind().tolist() == [0, 50 * HOUR_US]
        assert (found.quiet, found.matched) == (1, 2)


LINES: dict[str, Callable[[Bars, int], float]] = {
    "close": lambda bars, back: bars.close[-1 - back],
    "volume": lambda bars, back: bars.volume[-1 - back],
    "sma(50)": lambda bars, back: (
        bars.close[len(bars) - 50 - back : len(bars) - back].mean() if len(bars) >= 50 + back else np.nan
    ),
    "change(2)": lambda bars, back: (
        bars.close[-1 - back] / bars.close[-3 - back] - 1 if len(bars) >= 3 + back else np.nan
    ),
}
NUMBERS = st.recursive(
    st.one_of(
        st.sampled_from(sorted(LINES)).flatmap(
            lambda name: st.tuples(st.just("line"), st.just(name), st.integers(0, 2))
        ),
        st.tuples(st.just("number"), st.sampled_from([-1.0, 0.0, 0.5, 90.0, 1e5])),
    ),
    lambda part: st.tuples(st.sampled_from("+-*/"), part, part),
    max_leaves=3,
)
TESTS = st.tuples(st.sampled_from(["<", ">=", "==", "crosses_above"]), NUMBERS, NUMBERS)
CONDITIONS = st.recursive(
    TESTS,
    lambda part: st.one_of(st.tuples(st.just("not"), part), st.tuples(st.sampled_from(["and", "or"]), part, part)),
    max_leaves=4,
)


def text_of(node: tuple[Any, ...]) -> str:
    """Write a tree as a screen reads it."""
    if node[0] == "line":
        return f"{node[1]}[{node[2]}]" if node[2] else node[1]
    if node[0] == "number":
        return repr(node[1])
    if node[0] == "not":
        return f"not ({text_of(node[1])})"
    if node[0] == "crosses_above":
        return f"crosses_above({text_of(node[1])}, {text_of(node[2])})"
    return f"({text_of(node[1])}) {node[0]} ({text_of(node[2])})"


def has_line(node: tuple[Any, ...]) -> bool:
    """Say whether a tree of numbers names a line."""
    return node[0] == "line" or (node[0] != "number" and any(has_line(part) for part in node[1:]))


def number(node: tuple[Any, ...], bars: Bars, back: int) -> float | None:
    """What a tree of numbers is of one instrument, None where it is not known."""
    if node[0] == "number":
        return node[1]
    if node[0] == "line":
        value = LINES[node[1]](bars, node[2] + back)
        return None if np.isnan(value) else float(value)
    a, b = number(node[1], bars, back), number(node[2], bars, back)
    if a is None or b is None or (node[0] == "/" and b == 0):
        return None
    return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b}[node[0]]()


def truth(node: tuple[Any, ...], bars: Bars) -> bool | None:
    """What a tree of conditions is of one instrument, None where it is not known."""
    if node[0] == "not":
        inner = truth(node[1], bars)
        return None if inner is None else not inner
    if node[0] in ("and", "or"):
        parts = [truth(part, bars) for part in node[1:]]
        decides = node[0] == "or"
        return decides if decides in parts else None if None in parts else not decides
    a, b = number(node[1], bars, 0), number(node[2], bars, 0)
    if node[0] == "crosses_above":
        before = number(node[1], bars, 1), number(node[2], bars, 1)
        now = None if a is None or b is None else a > b
        then = None if None in before else before[0] <= before[1]
        return False if False in (now, then) else None if None in (now, then) else True
    return None if a is None or b is None else {"<": a < b, ">=": a >= b, "==": a == b}[node[0]]


def named(node: tuple[Any, ...]) -> bool:
    """Say whether every comparison of a tree names a line, as the language wants."""
    if node[0] in ("not", "and", "or"):
        return all(named(part) for part in node[1:])
    return has_line(node[1]) or has_line(node[2])


@settings(max_examples=60, deadline=None)
@given(CONDITIONS.filter(named))
def test_expressions_hold_for_whom_plain_python_says(market: Store, tree: tuple[Any, ...]) -> None:
    bars = market.bars(list(ROWS))
    said = {name: truth(tree, each) for name, each in bars.items()}
    found = market.screen(text_of(tree))
    assert found.instruments == [name for name in sorted(said) if said[name]]
    assert found.found.unknown == sum(value is None for value in said.values())


REFUSED = {
    "": (1, "it is empty"),
    "rsi(14 < 30": (4, "does not read"),
    "rsi(14)  <  smma(20)": (13, "nothing is called 'smma'; did you mean 'sma'?"),
    "bollinger(20) < 3": (1, "name one, such as bollinger(20).upper"),
    "close > macd.signl": (9, "has no line 'signl'; did you mean 'signal'?"),
    "rsi(0) < 3": (5, "an integer of at least 2 for period"),
    "rsi(14, n=2) < 3": (11, "a call without n"),
    "rsi(99999999999) < 3": (5, "at most 2,147,483,647 for period"),
    "close > 1 & volume > 2": (9, "join conditions by and, or, not"),
    "sma(kind, 4) > 2": (1, "and not of kind"),
    "beta(20) > 1": (1, "and not of benchmark"),
    "sector == 'Energy'": (1, "the store holds no facts of companies yet"),
    "close > 1 and universe == 'majors'": (15, "beside the expression: --universe NAME"),
    "\u00e9 > 1": (1, "nothing is called"),
    "kind == '\u0440' and closs > 1": (9, "no kind is"),
    "quote != '\u0440\u0440' and closs > 1": (19, "did you mean 'close'?"),
    "kind == 'cripto'": (9, "did you mean 'crypto'?"),
    "kind + 1 > 2": (1, "'kind' is a word"),
    "rsi(14)": (1, "is a value and no condition"),
    "top(3)": (1, "top takes two parts"),
    "top(0, volume)": (5, "top takes a whole number"),
    "top(2, volume) > 1": (1, "is a condition and no number"),
    "rank(5) < 1": (6, "a number of each instrument is wanted"),
    "crosses_above(1, 2)": (1, "two constants never cross"),
    "close[-1] > 2": (7, "from 0 to 1,000"),
    "close[600][600] > 2": (1, "more than 1,000 bars back"),
    "change > 0": (1, "such as change(20)"),
    "close() > 0": (1, "close stands without parentheses"),
    "__import__('os').system('x') > 1": (1, "the name of an indicator"),
    "(lambda: 1)() > 1": (1, "the name of an indicator"),
    "[x for x in close] > 1": (1, "no part of a screen"),
    "close > 1 and " + "(" * 30 + "-" * 30 + "close" + ")" * 30 + " > 1": (65, "nested more than 20 levels"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_does_not_read_says_where(market: Store, text: str) -> None:
    with pytest.raises(ScreenError) as caught:
        market.screen(text)
    assert REFUSED[text][1] in str(caught.value)
    assert caught.value.facts["position"] == REFUSED[text][0]


def test_what_cannot_be_ordered(market: Store) -> None:
    with pytest.raises(ParameterError, match="with by to say of what"):
        market.screen("close > 0", top=3)
    for by in ("kind", "5", "close > 1"):
        with pytest.raises(ScreenError) as caught:
            market.screen("close > 0", by=by)
        assert caught.value.facts["name"] == "by"
    with pytest.raises(ScreenError, match="more than 64 lines"):
        market.screen("close > 0", show=[f"sma({n})" for n in range(2, 80)])
