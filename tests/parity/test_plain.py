"""The plain walk = the step, bit for bit: only a run that asks for its orders is stepped through."""

from __future__ import annotations

import random
from dataclasses import fields
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.indicators.memo import Memo
from tapehead.kernels.jit import config
from tapehead.model.bars import Bars
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.simulation.score import SUMS, score
from tapehead.simulation.simulate import Simulated, simulate
from tests.parity.markets import make_table, to_bars

SHARES = (None, 0.01, 0.03, 0.1, 0.4)


def plain_rules(**drawn: Any) -> Rules:
    """Rules that have the plain walk; only a position of either side flips."""
    return Rules(**{**drawn, "flip": drawn["flip"] and drawn["side"] == "both"})


rules_of_the_plain_walk = st.builds(
    plain_rules,
    fill=st.sampled_from(["next_open", "close"]),
    fee=st.sampled_from([0.0, 0.001, 0.0123, 0.25]),
    slippage=st.sampled_from([0.0, 0.0002, 0.01, 0.2]),
    size=st.sampled_from([1.0, 0.5]),
    cash=st.sampled_from([10_000.0, 777.77]),
    max_wait=st.sampled_from([None, None, 0, 1]),
    on_conflict=st.sampled_from(["nothing", "enter", "ignore"]),
    close_at_end=st.booleans(),
    side=st.sampled_from(["long", "short", "both", "both"]),
    flip=st.booleans(),
    stop_loss=st.sampled_from(SHARES),
    take_profit=st.sampled_from(SHARES),
    trail=st.sampled_from(SHARES),
    path=st.sampled_from(["pessimistic", "both"]),
)


def traded_bars(seed: int) -> Bars:
    """Bars that all traded, on some of which the open lies outside the bar, as in some feeds it does."""
    table, rng = make_table(seed), random.Random(seed)
    table.traded, table.partial = [True] * len(table.ts), [False] * len(table.ts)
    if rng.random() < 0.3:
        table.open = [price * rng.choice([1.0, 1.0, 0.9, 1.1]) for price in table.open]
    return to_bars(table)


def wishes(bars: Bars, rng: random.Random) -> Signals:
    """Four conditions, none too dense for a position to live a while, some of them the same."""
    made: list[Any] = [np.array([rng.random() < rng.choice([0.05, 0.3]) for _ in bars.ts]) for _ in range(4)]
    if rng.random() < 0.5:
        made[2], made[3] = made[1], made[0]
    made[rng.randrange(4)] = rng.choice([None, made[0]])
    return Signals(*made)


def told(done: Simulated) -> list[str]:
    """Everything of a run but its orders."""
    columns = [repr(list(done.trades.rows())), done.ledger.rows.tobytes().hex(), done.blocks.tobytes().hex()]
    rest = [one.name for one in fields(done) if one.name not in ("trades", "ledger", "blocks", "orders")]
    return columns + [f"{name}={getattr(done, name)!r}" for name in rest]


@settings(max_examples=80 if config.DISABLE_JIT else 700, derandomize=True, deadline=None)
@given(st.integers(0, 2**40), rules_of_the_plain_walk)
def test_the_plain_walk_is_the_step(seed: int, rules: Rules) -> None:
    bars, rng = traded_bars(seed), random.Random(-seed)
    sets = [wishes(bars, rng) for _ in range(3)]
    stepped = [simulate(bars, signals, rules, Memo(), orders=True) for signals in sets]
    for signals, want in zip(sets, stepped, strict=True):
        assert told(simulate(bars, signals, rules, Memo())) == told(want)
    many = score(bars, sets, rules, Memo())
    assert [row.tobytes() for row in many.decisions] == [want.trades.digest() for want in stepped]
    assert many.blocks.tobytes() == b"".join(want.blocks.tobytes() for want in stepped)
    for name, have in (("final_equity", "final_equity"), ("fees_paid", "fees_paid")):
        assert many.sums[:, SUMS.index(name)].tolist() == [getattr(want, have) for want in stepped]


def test_a_short_whose_price_doubles_is_taken_away_in_both() -> None:
    opens = np.array([100.0, 100.0, 101.0, 120.0, 150.0, 180.0, 230.0, 240.0])
    high, low, closes = opens * 1.02, opens * 0.99, opens * 1.01
    volume, ts = np.full(8, 10.0), np.arange(8, dtype=np.int64) * 3_600_000_000
    names = {"symbol": "UP", "interval": "1h"}
    bars = Bars.from_arrays(ts=ts, open=opens, high=high, low=low, close=closes, volume=volume, **names)
    signals = Signals(None, None, np.arange(8) == 1, None)
    for path in ("pessimistic", "both"):
        rules = Rules(side="short", path=path)
        want = simulate(bars, signals, rules, Memo(), orders=True)
        assert len(want.trades) == 1
        assert want.final_equity < 1.0
        assert told(simulate(bars, signals, rules, Memo())) == told(want)


def test_a_stop_that_slippage_puts_above_the_open_of_the_entry_is_met_inside_the_bar_in_both() -> None:
    opens = np.array([100.0, 100.0, 100.0, 101.0, 102.0, 103.0])
    high, low, closes = opens * 1.3, opens * 0.97, opens * 1.01
    volume, ts = np.full(6, 10.0), np.arange(6, dtype=np.int64) * 3_600_000_000
    names = {"symbol": "SLIPPED", "interval": "1h"}
    bars = Bars.from_arrays(ts=ts, open=opens, high=high, low=low, close=closes, volume=volume, **names)
    signals = Signals(np.arange(6) == 1, None, None, None)
    rules = Rules(slippage=0.2, stop_loss=0.01)
    want = simulate(bars, signals, rules, Memo(), orders=True)
    assert list(want.trades.exit_bar) == list(want.trades.entry_bar) == [2]
    assert told(simulate(bars, signals, rules, Memo())) == told(want)
