"""One instrument with a cash of its own is its single run: every column of trades and orders, every sum, every flag."""

from __future__ import annotations

from hypothesis import given, settings

from tapehead.indicators.memo import Memo
from tapehead.portfolio.leg import Leg
from tapehead.portfolio.walk import walk_together
from tapehead.simulation.curve import curve
from tapehead.simulation.simulate import simulate
from tests.oracles.trading import Row
from tests.parity.features import World, worlds


@settings(max_examples=200, derandomize=True, deadline=None)
@given(worlds)
def test_one_instrument_is_its_single_run_to_the_last_bit(world: World) -> None:
    whole = world.whole()
    bars, signals, rules = world.bars(), whole.signals(), world.rules()
    want = simulate(bars, signals, rules, Memo(), orders=True)
    got = walk_together([Leg(bars, signals, rules)], max_positions=1, orders=True)
    (leg,) = got.legs
    assert leg.trades.to_bytes() == want.trades.to_bytes()
    assert got.equity.tobytes() == curve(bars, want.ledger, rules).equity.tobytes()
    assert leg.orders is not None
    assert want.orders is not None
    assert [Row(row) for row in leg.orders.rows()] == [Row(row) for row in want.orders.rows()]
    assert (leg.fees_paid, leg.borrow_paid, got.interest) == (want.fees_paid, want.borrow_paid, want.interest)
    assert set(leg.flags) == set(want.flags)
    assert leg.held == want.moments.held == int(got.lived.sum())
    assert leg.position == want.position or repr(leg.position) == repr(want.position)
