"""Facts: what a split and a dividend do to a position and to what waits (docs/portfolio.md)."""

from typing import Any, Final

from tapehead.kernels.account import numbers
from tapehead.kernels.jit import part
from tapehead.kernels.levels import beyond, on_tick
from tapehead.kernels.orders import rests

DIVIDEND, SPLIT = numbers(2)
KINDS: Final = ("dividend", "split")


@part
def pay_dividend(a: Any, r: Any, leg: Any, amount: float) -> None:
    """Pay money per unit to what is held; a short pays it."""
    paid = a.side * (a.units * amount * r.multiplier)
    a.cash += paid
    a.gross += paid
    leg.dividends += paid


@part
def split(a: Any, r: Any, leg: Any, ratio: float) -> None:
    """Turn every unit into `ratio` of them, and all that is told of prices with it."""
    leg.mark /= ratio
    if a.units != 0.0:
        a.units *= ratio
        a.average /= ratio
        a.bought *= ratio
        a.sold *= ratio
        a.lowest /= ratio
        a.highest /= ratio
        if a.entries == 1:
            a.raw_in /= ratio
        a.own_stop /= ratio
        a.own_target /= ratio
        a.best /= ratio
        a.best_before /= ratio
        a.stop = on_tick(a.stop / ratio, r.tick, a.side < 0)
        a.target = on_tick(a.target / ratio, r.tick, a.side > 0)
        a.trail = on_tick(a.trail / ratio, r.tick, a.side < 0)
        a.trail_before = a.trail
        a.first_stop /= ratio
        a.first_target /= ratio
        a.first_trail /= ratio
        a.ceiling = beyond(a.target, a.side * r.reach, r.tick)
    a.stop_at /= ratio
    a.target_at /= ratio
    a.trail_at /= ratio
    a.want_volume *= ratio
    if rests(a):
        a.limit = on_tick(a.limit / ratio, r.tick, a.entering < 0)
        a.trigger = on_tick(a.trigger / ratio, r.tick, a.entering > 0)
