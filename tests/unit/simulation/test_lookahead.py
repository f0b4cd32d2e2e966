"""The look-ahead test: it finds each strategy that knows later bars, every time, and blames no other one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tapehead.errors import SignalsError
from tapehead.indicators.memo import Memo
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.simulation.lookahead import CUTS, Probed, probe
from tapehead.simulation.tails import TAILS, Copied
from tapehead.strategies.strategy import instance
from tapehead.wiring.plugins import BUILT_IN, load_strategy
from tests.unit.simulation.planted import DAY_US, HONEST, PEEKING, Plan, honest, next_bar
from tests.unit.strategies.beside import reference_of, shown

HOUR_US = 3_600_000_000
ROWS = 1_500
SEEDS = 60


def market(seed: int = 0, rows: int = ROWS, decimals: int | None = 2, price: float = 100.0) -> Bars:
    """Hourly bars of a random walk; with `decimals`, as an exchange quotes them, else as a vendor adjusts them."""
    random = np.random.default_rng(seed)
    close = price * np.cumprod(1 + random.normal(0, 0.01, rows))
    opened = np.concatenate(([price], close[:-1])) * (1 + random.normal(0, 0.001, rows))
    high = np.maximum(opened, close) * (1 + random.uniform(0, 0.004, rows))
    low = np.minimum(opened, close) * (1 - random.uniform(0, 0.004, rows))
    columns = {"open": opened, "high": high, "low": low, "close": close}
    if decimals is not None:
        columns = {name: np.round(values, decimals) for name, values in columns.items()}
    ts = 1_609_459_200_000_000 + HOUR_US * np.arange(rows)
    volume = np.floor(random.lognormal(3, 1, rows)) * (random.random(rows) > 0.02)
    return Bars.from_arrays(ts, **columns, volume=volume, interval="1h")


def asked(plan: Plan, bars: Bars, seed: int = 0, **settings: Any) -> Probed:
    def ask(shown: Bars, memo: Memo) -> Signals:
        with memo:
            signals = plan(shown)
        signals.check(len(shown), "Planted", "test:AAA")
        return signals

    given = {"n_bars": len(bars), "least": 30, "seed": seed, "spent": lambda: False, **settings}
    return probe(ask, bars, **given)


@pytest.mark.parametrize("tails", [1, 3])
@pytest.mark.parametrize("name", PEEKING)
def test_what_knows_later_bars_is_found_every_time(name: str, tails: int) -> None:
    bars = [market(seed) for seed in range(3)]
    found = [asked(PEEKING[name], bars[seed % 3], seed, tails=tails) for seed in range(SEEDS)]
    missed = [seed for seed, probed in enumerate(found) if probed.finding is None]
    assert missed == [], f"{len(missed)} of {SEEDS}"
    assert {probed.finding.fault for probed in found if probed.finding} == {"look_ahead"}


def test_one_cut_at_random_would_miss_most_of_it() -> None:
    """Why cuts stand right after signals: a cut anywhere sees a peek at the next bar only where it happens to lie."""
    hits = 0
    for seed in range(SEEDS):
        bars, keep = market(1), int(np.random.default_rng(seed).integers(30, ROWS))
        copied = Copied(bars, ROWS)
        other = PEEKING["next_bar_now_and_then"](copied.with_tail(keep, ROWS, "walk", np.random.default_rng(seed)))
        whole = PEEKING["next_bar_now_and_then"](bars)
        hits += any(
            not np.array_equal(np.asarray(getattr(other, side))[:keep], np.asarray(getattr(whole, side))[:keep])
            for side in ("enter", "leave")
        )
    assert hits < SEEDS / 6


def markets() -> Iterator[Bars]:
    """Prices of every kind that has given exact sums trouble."""
    for seed in range(3):
        yield market(seed)
    yield market(4, decimals=None)
    yield market(5, decimals=8, price=0.00001234)
    yield market(6, decimals=8, price=43_210.12345678)
    yield market(7, decimals=0, price=90.0)
    flat = market(8)
    columns = {name: np.full(ROWS, 0.07) for name in ("open", "high", "low", "close")}
    yield Bars.from_arrays(flat.ts, **columns, interval="1h")
    below = market(9)
    yield Bars.from_arrays(below.ts, -below.open, -below.low, -below.high, -below.close, interval="1h")
    late = market(10, decimals=None)
    early = market(10)
    # From the middle on a vendor adjusts what was quoted before: the first half is exact, the second is not.
    half = {n: np.where(np.arange(ROWS) < 700, getattr(early, n), getattr(late, n)) for n in ("open", "high", "low")}
    close = np.where(np.arange(ROWS) < 700, early.close, late.close)
    yield Bars.from_arrays(late.ts, **half, close=close, interval="1h")


@pytest.mark.parametrize("name", HONEST)
def test_what_knows_no_later_bar_passes_every_time(name: str) -> None:
    for bars in markets():
        for seed in range(3):
            probed = asked(HONEST[name], bars, seed, thorough=True)
            assert probed.finding is None, (seed, probed)
            if name in ("recursive", "so_far") and bars.close[0] < 0.0:
                # They lay down prices, and an order at a price below 0 is refused before it can be tested.
                assert "must be a price above 0" in probed.refused
            else:
                assert (probed.cuts, probed.refused) == (CUTS, "")


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_built_in_strategy_passes_every_time(name: str) -> None:
    made = load_strategy(name).made
    strategy = instance(made, {each.name: each.default for each in made.params})
    for bars in markets():
        beside = reference_of(bars)
        probed = asked(lambda seen, beside=beside: strategy.signals(shown(strategy, seen, beside)), bars)
        assert probed.finding is None, probed
        assert (probed.cuts, probed.refused) == (CUTS, "")


def test_a_finding_names_signal_bar_and_cut() -> None:
    bars = market()
    finding = asked(next_bar, bars, 3).finding
    assert finding is not None
    bar = finding.change.bar
    assert bar == finding.keep - 1
    assert (finding.ts, finding.cut_ts) == (int(bars.ts[bar]), int(bars.ts[bar + 1]))
    assert finding.change.changed == 1
    on = {name: bool(np.asarray(getattr(next_bar(bars), name))[bar]) for name in ("enter", "leave")}
    assert (finding.change.was == "on") == on[finding.change.signal]
    assert {finding.change.was, finding.change.now} == {"on", "off"}


def test_a_level_is_named_with_both_values() -> None:
    bars = market()
    finding = asked(PEEKING["stop_under_the_next_low"], bars).finding
    assert finding is not None
    assert finding.change.signal == "stop_loss_at"
    bar = finding.change.bar
    assert float(finding.change.was) == 0.999 * bars.low[bar + 1]
    assert float(finding.change.now) != float(finding.change.was)


def test_a_difference_in_the_last_bit_counts() -> None:
    def nearly(bars: Bars) -> Signals:
        level = bars.close * 0.9
        level[5] = np.nextafter(level[5], 0.0) if bars.close[-1] > bars.close[0] else level[5]
        return honest(bars, stop_loss_at=level)

    finding = asked(nearly, market()).finding
    assert finding is not None
    assert (finding.change.signal, finding.change.bar, finding.change.changed) == ("stop_loss_at", 5, 1)


@dataclass(frozen=True, slots=True, eq=False)
class AskedBarByBar(Signals):
    """What a strategy gives that is asked bar by bar: no signals yet, but lines it made of all bars."""

    lines: dict[str, NDArray[np.float64]] = field(default_factory=dict)


def test_lines_of_a_strategy_that_is_asked_bar_by_bar_are_compared() -> None:
    def leaks(bars: Bars) -> Signals:
        return AskedBarByBar(lines={"far": bars.close - bars.close.mean()})

    def honest_lines(bars: Bars) -> Signals:
        return AskedBarByBar(lines={"far": bars.close - np.cumsum(bars.close) / np.arange(1, len(bars) + 1)})

    finding = asked(leaks, market()).finding
    assert finding is not None
    assert (finding.change.signal, finding.change.bar) == ("lines()['far']", 0)
    assert asked(honest_lines, market(), thorough=True).finding is None


def test_unknown_values_are_equal_whatever_their_bits() -> None:
    def unknown(bars: Bars) -> Signals:
        level = np.full(len(bars), np.nan)
        return honest(bars, stop_loss_at=-level if bars.close[-1] > bars.close[0] else level)

    assert asked(unknown, market()).finding is None


class Drawn:
    """Random numbers without a seed."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(1)

    def __call__(self, bars: Bars) -> Signals:
        return Signals(enter=self.random.random(len(bars)) > 0.9)


class Counting:
    """Every second answer is another one."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, bars: Bars) -> Signals:
        self.calls += 1
        return honest(bars, size=np.full(len(bars), float(1 + self.calls % 2)))


class Late:
    """Another answer from the tenth question on, which a test without a second look would not hear."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, bars: Bars) -> Signals:
        self.calls += 1
        return honest(bars, size=np.full(len(bars), 1.0 if self.calls <= 1 + 3 * CUTS else 2.0))


@pytest.mark.parametrize("kind", [Drawn, Counting, Late])
def test_an_answer_that_changes_by_itself_is_named_as_that(kind: type[Any]) -> None:
    finding = asked(kind(), market(), thorough=True).finding
    assert finding is not None
    assert finding.fault == "impure"
    assert finding.change.was != finding.change.now


def writes_a_price(bars: Bars) -> Signals:
    bars.close.flags.writeable = True
    bars.close[7] = 1.0
    return honest(bars)


def writes_a_price_more_each_time(bars: Bars) -> Signals:
    bars.close.flags.writeable = True
    bars.close[:] *= 1.01
    return honest(bars)


def writes_volume(bars: Bars) -> Signals:
    bars.volume.flags.writeable = True
    bars.volume[3] += 1
    return honest(bars)


@pytest.mark.parametrize(
    ("plan", "column", "bar"),
    [(writes_a_price, "close", 7), (writes_a_price_more_each_time, "close", 0), (writes_volume, "volume", 3)],
)
def test_what_writes_to_its_bars_is_named_as_that(plan: Plan, column: str, bar: int) -> None:
    bars = market()
    before = bars.content()
    finding = asked(plan, bars, thorough=True).finding
    assert finding is not None
    assert (finding.fault, finding.change.signal, finding.change.bar) == ("writes_bars", column, bar)
    assert bars.content() == before


def test_bars_are_read_only_for_a_strategy() -> None:
    def careless(bars: Bars) -> Signals:
        bars.close[0] = 1.0
        return honest(bars)

    with pytest.raises(ValueError, match="read-only"):
        asked(careless, market())


def test_what_cannot_be_asked_is_no_finding() -> None:
    def choosy(bars: Bars) -> Signals:
        if len(bars) < ROWS:
            raise SignalsError(strategy="Choosy", instrument="test:AAA", cause="too few bars")
        return honest(bars)

    probed = asked(choosy, market())
    assert probed.finding is None
    assert probed.cuts <= 1
    assert "too few bars" in probed.refused
    assert asked(lambda bars: honest(bars, size=bars.close[:5]), market()).cuts == 0


def test_time_ends_the_test_after_the_first_cut() -> None:
    probed = asked(honest, market(), spent=lambda: True)
    assert (probed.cuts, probed.finding) == (1, None)
    left = iter(range(4))
    probed = asked(honest, market(), tails=1, spent=lambda: next(left, None) is None)
    assert probed.cuts == 5


def test_counts_are_those_of_the_bars_before_the_last_cut() -> None:
    bars = market()
    probed = asked(honest, bars, 5)
    assert ROWS - ROWS // 10 <= probed.bars < ROWS
    events = np.asarray(honest(bars).enter) | np.asarray(honest(bars).leave)
    assert probed.signals == int(events[: probed.bars].sum())


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 4, 5, 12])
def test_few_bars(rows: int) -> None:
    bars = market(rows=max(rows, 1)).slice(0, rows)
    probed = asked(HONEST["averages"], bars, least=2)
    assert probed.finding is None
    assert (probed.cuts > 0) == (rows >= 3)
    assert probed.cuts < max(rows, 1)
    if rows == 12:
        assert asked(next_bar, bars, least=2).finding is not None


def test_a_part_of_the_bars_is_enough() -> None:
    shown = []

    def noting(bars: Bars) -> Signals:
        shown.append(len(bars))
        return next_bar(bars)

    assert asked(noting, market(), n_bars=200).finding is not None
    assert max(shown) == 200


@pytest.mark.parametrize("tail", TAILS)
def test_a_tail_is_made_of_real_bars_and_put_back(tail: Any) -> None:
    random = np.random.default_rng(2)
    for bars in markets():
        copied = Copied(bars, ROWS)
        for keep, end in ((1, 60), (700, 705), (ROWS - 40, ROWS), (ROWS - 1, ROWS)):
            shown = copied.with_tail(keep, end, tail, random)
            check_bars(shown, bars, keep, end)
            copied.put_back(keep, end)
        assert copied.written(ROWS) is None


def check_bars(shown: Bars, bars: Bars, keep: int, end: int) -> None:
    assert len(shown) == end
    assert (shown.high >= np.maximum(shown.open, shown.close)).all()
    assert (shown.low <= np.minimum(shown.open, shown.close)).all()
    assert np.array_equal(np.sign(shown.close), np.sign(bars.close[:end]))
    assert np.array_equal(shown.volume > 0, bars.volume[:end] > 0)
    assert shown.ts.tobytes() == bars.ts[:end].tobytes()
    assert shown.flags.tobytes() == bars.flags[:end].tobytes()
    assert not any(getattr(shown, name).flags.writeable for name in ("ts", "open", "close", "volume", "flags"))
    for name in ("open", "high", "low", "close", "volume"):
        mine, theirs = getattr(shown, name), getattr(bars, name)
        assert np.isfinite(mine).all()
        assert mine[:keep].tobytes() == theirs[:keep].tobytes()
        assert end - keep < 5 or not np.array_equal(mine[keep:], theirs[keep:end]) or not theirs.any()
        if np.array_equal(theirs, np.round(theirs, 2)):
            assert np.array_equal(mine, np.round(mine, 2))


def test_days_and_hours_are_as_planted() -> None:
    """The plants rely on hourly bars that begin at midnight."""
    assert int(market().ts[0]) % DAY_US == 0
