"""Many sets at once = set after set, bit for bit: any rules, any signals, any order, any number."""

from __future__ import annotations

import itertools
import random
from math import fsum
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tapehead.errors import SignalsError
from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.indicators.ema import ema
from tapehead.indicators.memo import Memo
from tapehead.indicators.rsi import rsi
from tapehead.indicators.sma import sma
from tapehead.model.bars import Bars
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.simulation.score import Scores, score, score_each
from tapehead.simulation.simulate import simulate
from tapehead.simulation.together import SETS
from tapehead.strategies.bar_strategy import bar_strategy
from tests.oracles import metrics
from tests.parity.features import World, worlds

COLUMNS = ("sums", "blocks", "flags", "decisions")


@bar_strategy
class Dips:
    """Buys after a fall; asked bar by bar."""

    def on_bar(self, bar: Any, position: Any, orders: Any) -> None:
        if position.side == 0 and bar.index > 0 and bar.close[-1] < bar.close[-2]:
            orders.buy()
        elif position.side != 0 and bar.index % 3 == 0:
            orders.close()


def same(got: Scores, want: Scores) -> None:
    for name in COLUMNS:
        one, other = getattr(got, name), getattr(want, name)
        assert one.dtype == other.dtype, name
        assert one.shape == other.shape, name
        assert one.tobytes() == other.tobytes(), name
    assert got.observations == want.observations


def lazy(bars: Bars, rng: random.Random) -> Signals:
    """Crossings of lines and levels, shared between sets and directions, or not."""
    lines = [bars.close, bars.open, sma(bars.close, rng.randint(1, 4)), ema(bars.close, 3), rsi(bars.close, 2)]
    wishes: list[Any] = []
    for _ in range(4):
        a, b = rng.sample(lines, 2)
        other = rng.choice([b, b, float(np.median(bars.close)), 50.0, float("nan")])
        wishes.append(rng.choice([crossed_above, crossed_below])(a, other))
    if rng.random() < 0.5:
        up, down = crossed_above(lines[0], lines[2]), crossed_below(lines[0], lines[2])
        wishes = [up, down, down, up]
    wishes[rng.randrange(4)] = rng.choice([None, wishes[0], np.array([rng.random() < 0.4 for _ in bars.ts])])
    return Signals(*wishes)


def some_sets(world: World, bars: Bars, seed: int) -> list[Signals]:
    """What the world wants with its lines, without them, and what other strategies would."""
    rng, own = random.Random(seed), world.whole().signals()
    sets = [own, Signals(own.enter, own.leave, own.enter_short, own.leave_short), Signals()]
    sets += [lazy(bars, rng) for _ in range(rng.randint(0, 6))]
    rng.shuffle(sets)
    return sets


@settings(max_examples=250, derandomize=True, deadline=None)
@given(worlds, st.integers(0, 2**20))
def test_any_sets_under_any_rules(world: World, seed: int) -> None:
    bars, rules, memo = world.bars(), world.rules(), Memo()
    with memo:
        sets = some_sets(world, bars, seed)
    want = score_each(bars, sets, rules, Memo())
    same(score(bars, iter(sets), rules, memo), want)
    without = score(bars, sets, rules, memo, decisions=False)
    assert without.decisions.shape == (0, 32)
    assert without.sums.tobytes() == want.sums.tobytes()
    turned = score(bars, sets[::-1], rules, memo)
    assert turned.decisions[::-1].tobytes() == want.decisions.tobytes()


@settings(max_examples=100, derandomize=True, deadline=None)
@given(worlds)
def test_blocks_are_those_of_the_equity(world: World) -> None:
    """The sums of r to r^4 in 16 equal parts of the scored bars, against exact sums of the oracle's equity."""
    equity = world.oracle().equity
    assume(min(equity) > 0)
    returns = metrics.bar_returns(equity, world.settings.cash, range(len(equity)))
    blocks, n = world.simulate(orders=False).blocks, len(returns)
    assert blocks.shape == (16, 4)
    for k, power in itertools.product(range(16), range(1, 5)):
        part = [r**power for r in returns[k * n // 16 : (k + 1) * n // 16]]
        size = fsum(map(abs, part))
        # A return is the difference of two numbers near 1, so that below 2^-52 nothing of it is known.
        assert abs(blocks[k, power - 1] - fsum(part)) <= 1e-12 * size + 4e-16 * power * len(part), (k, power)


def dense(n: int, **more: Any) -> tuple[Bars, Signals]:
    """A walk, in on every even bar and out on every odd one."""
    close = 100 * np.cumprod(1 + np.random.default_rng(3).normal(0, 0.01, n))
    bars = Bars.from_arrays(np.arange(n) * 3_600_000_000, close, close, close, close, interval="1h", **more)
    even = np.arange(n) % 2 == 0
    return bars, Signals(enter=even, leave=~even)


def test_more_trades_than_there_is_room_to_pack() -> None:
    """The kernel is called again for the sets whose trades found no room."""
    bars, busy = dense(6_000)
    up = crossed_above(bars.close, sma(bars.close, 2))
    sets = [busy, Signals(enter=up, leave=crossed_below(bars.close, 100.0))] * SETS
    rules = Rules(cash=1e4, fee=0.001, fill="next_open")
    same(score(bars, sets, rules, Memo()), score_each(bars, sets, rules, Memo()))


def test_no_sets_and_one_bar() -> None:
    bars, busy = dense(1)
    rules = Rules(cash=1e4, fee=0.0, fill="close")
    none = score(bars, [], rules, Memo())
    assert none.sums.shape == (0, 14)
    assert none.blocks.shape == (0, 16, 4)
    same(score(bars, [busy, Signals()], rules, Memo()), score_each(bars, [busy, Signals()], rules, Memo()))


def test_sets_that_are_asked_bar_by_bar_stand_in_their_place() -> None:
    bars, busy = dense(90, warm=7)
    sets = [busy, Dips().signals(bars), Signals(), Dips().signals(bars), busy]
    rules = Rules(cash=1e4, fee=0.001, fill="next_open")
    got = score(bars, sets, rules, Memo())
    same(got, score_each(bars, sets, rules, Memo()))
    assert got.decisions[1].tobytes() == simulate(bars, sets[1], rules, Memo()).trades.digest()
    assert got.decisions[0].tobytes() == got.decisions[4].tobytes() != got.decisions[1].tobytes()


def test_a_weight_beyond_the_leverage_is_refused() -> None:
    bars, busy = dense(20)
    with pytest.raises(SignalsError, match="within the leverage"):
        score(bars, [busy, Signals(target=np.full(20, 2.0))], Rules(cash=1e4, fee=0.0, fill="close"), Memo())


def test_lines_of_another_kind_are_read_as_they_are() -> None:
    """A crossing made by hand may hold whole numbers, or every second value of a longer line."""
    bars, _ = dense(200)
    wide = np.repeat(np.asarray(bars.close), 2)[::2]
    whole = np.asarray(bars.close).astype(np.int64)
    for a, b in ((wide, whole), (whole, wide), (wide.astype(np.float32), 100.0)):
        sets = [Signals(enter=crossed_above(a, b)._replace(a=a), leave=crossed_below(a, b)._replace(a=a))]
        rules = Rules(cash=1e4, fee=0.001, fill="close")
        same(score(bars, sets, rules, Memo()), score_each(bars, sets, rules, Memo()))


def test_the_memo_keeps_what_near_sets_read_and_no_more_than_it_may() -> None:
    """In Morton order 64 sets make 16 lines not even twice each while 9 fit; crossings take no place among them."""
    bars, _ = dense(1_000)
    made: list[tuple[str, int]] = []
    memo = Memo(9 * bars.close.nbytes)

    def line(kind: str, period: int) -> Any:
        def make() -> Any:
            made.append((kind, period))
            held = np.array(sma(bars.close, period))
            held.flags.writeable = False
            return held

        return memo.get((kind, period), (bars.close,), make)

    def place(at: int) -> tuple[int, int]:
        bits = [(at >> bit) & 1 for bit in range(6)]
        return bits[0] + 2 * bits[2] + 4 * bits[4], bits[1] + 2 * bits[3] + 4 * bits[5]

    def sets() -> Any:
        for fast, slow in map(place, range(64)):
            a, b = line("fast", 3 + fast), line("slow", 20 + slow)
            assert memo.size_bytes <= memo.limit_bytes
            yield Signals(enter=crossed_above(a, b), leave=crossed_below(a, b))

    rules = Rules(cash=1e4, fee=0.001, fill="next_open")
    found = score(bars, sets(), rules, memo)
    assert found.sums.shape[0] == 64
    assert len(made) <= 32
    assert memo.size_bytes <= memo.limit_bytes
