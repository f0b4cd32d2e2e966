"""explain_shared: one trade of a portfolio taken apart: what its fills found in the account, and its queue.

All of it is what the walk wrote down when the portfolio was made again; a queue is in the order of rule P4
(docs/portfolio.md).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tapehead.indicators.memo import Memo
from tapehead.jobs.explain import parts_of
from tapehead.jobs.remade import Remade
from tapehead.jobs.task import signals_of
from tapehead.layout.columns import ORDER_STATUSES
from tapehead.model.bars import I64, Bars
from tapehead.model.instrument import Instrument
from tapehead.model.orders import AccountOrders, Orders
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.model.spec import iso
from tapehead.model.trades import Trades
from tapehead.portfolio.fills import PHASES, Fills
from tapehead.portfolio.leg import Leg

_NEAR: Final = 1e-9
_AT_A_FILL: Final = (
    "filled",
    "rounds_to_zero",
    "below_minimum",
    "level_behind_fill",
    "expired_in_gap",
    "no_stop",
    "no_cash",
    "no_place",
)
"""How an order ends when it is its turn; the others end before that."""


@dataclass(frozen=True, slots=True, eq=False)
class _Done:
    """What came of the signals of one instrument."""

    trades: Trades
    orders: Orders | None
    log: None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """One instrument of a portfolio, as a trade is explained from."""

    bars: Bars
    signals: Signals
    rules: Rules
    memo: Memo
    done: _Done


def explain_shared(remade: Remade, name: str, row: int) -> dict[str, Any]:
    """Return the explanation of closed trade `row` (from 0) of an instrument as plain values.

    Returns
    -------
    dict
        As `jobs.explain.explain`, with `account` beside: `max_positions settle`, the account at `entry` and at `exit`,
        `queue before turned_away` of the entry, and every fill of the trade. `paths` is empty: on another path others
        would have had other cash. Money is of the account.
    """
    leg, done = remade.leg(name)
    memo = Memo()
    bench = remade.course.bench
    item = next(one for one in bench.plan.items if one.instrument.name == name)
    signals_of(bench, item, leg.bars, memo, bench.plan.spec.parameters)
    signals = remade.signals[name]
    came = _Done(done.trades, done.orders)
    told = parts_of(_Asked(leg.bars, signals, leg.rules, memo, came), row)
    # What the strategy said decides; what filled is an order of the leg, where weights were made of it another one.
    traded = parts_of(_Asked(leg.bars, leg.signals, leg.rules, memo, came), row)
    told["entry"]["rule"] = traded["entry"]["rule"]
    weights = leg.signals.target
    if weights is not None and signals.target is None:
        told["decision"]["lines"]["target"] = float(weights[told["trade"]["decision_bar"] + leg.bars.warm])
    return {**told, "paths": {}, "account": _account(remade, item.instrument, leg, told["trade"], row)}


def _account(remade: Remade, instrument: Instrument, leg: Leg, trade: dict[str, Any], row: int) -> dict[str, Any]:
    """Return the account at the fills of a trade."""
    fills, pooling = remade.walked.fills, remade.course.pooling
    assert fills is not None  # noqa: S101 - a Remade is walked with its orders
    place = remade.names.index(instrument.name)
    mine = _fills_of(fills, place, row)
    first, last = int(mine[0]), int(mine[-1])
    states = [_state(remade, fills, int(at)) for at in mine]
    queue, turned_away = _queue(remade, fills, first)
    number = next((k for k, one in enumerate(queue, 1) if one["instrument"] == instrument.name), None)
    entry = {**states[0], **_size(leg, fills, first, trade), "queue_place": number, "queue": queue}
    entry |= {"turned_away": turned_away, "before": _before(remade, fills, first)}
    return {
        "max_positions": pooling.max_positions,
        "settle": pooling.settle,
        "entry": entry,
        "exit": {**states[-1], "before": _before(remade, fills, last) if last != first else entry["before"]},
        "fills": states,
    }


def _fills_of(fills: Fills, leg: int, row: int) -> I64:
    """Return the fills of a trade of an instrument, the one that turned the position round into it among them."""
    turned = fills.units * fills.units_after < 0.0
    own = (fills.trade == row) | (turned & (fills.trade == row - 1))
    return np.flatnonzero((fills.leg == leg) & own)


def _state(remade: Remade, fills: Fills, at: int) -> dict[str, Any]:
    """Return what the account was before a fill, and what the fill made of it."""
    one, most = fills.row(at), remade.course.pooling.max_positions
    flow = one["cash_after"] - one["cash"]
    passed = one["units"] == one["units_after"] == 0.0
    change = one["units_after"] - one["units"]
    # Two sums of money that one step made have no price of their own.
    several = passed or one["joined"] or one["units"] * one["units_after"] < 0.0
    value = None if several else abs(flow + one["fee"])
    own = one["own"] if value is None else one["units"] * value / abs(change)
    buys = bool(fills.buys()[at])
    return {
        "time": iso(int(remade.walked.clock[one["instant"]])),
        "phase": PHASES[one["phase"]],
        "equity": one["cash"] + one["beside"] + own,
        "cash": one["cash"],
        "locked": one["locked"] if buys else None,
        "cash_after": one["cash_after"],
        "positions": one["held"],
        "taken": one["taken"] if buys else None,
        "places_free": most - one["held"] - one["taken"] if buys and most is not None else None,
        "units": one["units"],
        "units_after": one["units_after"],
        "value": value,
        "fee": one["fee"],
    }


def _size(leg: Leg, fills: Fills, at: int, trade: dict[str, Any]) -> dict[str, Any]:
    """Return what decided the size of an entry: rank, weight and size at its decision, and whether it took all cash."""
    t = trade["decision_bar"] + leg.bars.warm
    found: dict[str, Any] = {"rank": _known(leg.signals.rank, t), "weight": _known(leg.signals.target, t)}
    found |= {"sizing": "weight" if found["weight"] is not None else leg.rules.sizing, "size": leg.rules.size}
    if leg.signals.size is not None and found["weight"] is None:
        found["size"] = _known(leg.signals.size, t) or leg.rules.size
    one = fills.row(at)
    spent = one["cash"] - one["cash_after"]
    there = one["cash"] - one["locked"]
    return {**found, "all_cash": bool(spent > 0.0 and spent >= there * (1.0 - _NEAR))}


def _known(line: Any, t: int) -> float | None:
    """Return a line at a bar; None where there is none, or nothing is known."""
    value = float("nan") if line is None else float(line[t])
    return None if value != value else value


def _before(remade: Remade, fills: Fills, at: int) -> list[dict[str, Any]]:
    """Return what was booked before a fill in its instant, in its order."""
    names, bought = remade.names, fills.buys()
    rows = np.flatnonzero(fills.instant[:at] == fills.instant[at])
    told = []
    for row in rows.tolist():
        state = _state(remade, fills, row)
        what = "opened or added" if bought[row] else "closed or reduced"
        kept = {name: state[name] for name in ("phase", "value", "fee", "cash", "cash_after")}
        told.append({"instrument": names[int(fills.leg[row])], "what": what, **kept})
    return told


def _queue(remade: Remade, fills: Fills, at: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return who wanted to buy at the moment of a fill, in the order of the queue; and who rested and found nothing.

    In which part of its bar one that rested was turned away is written nowhere, so it is told apart.
    """
    orders, instant = remade.orders, int(fills.instant[at])
    if not isinstance(orders, AccountOrders):
        return [], []
    phase = int(fills.phase[at])
    buys = np.flatnonzero(fills.buys() & (fills.instant == instant))
    phases: dict[str, list[int]] = {}
    for row in buys.tolist():
        phases.setdefault(remade.names[int(fills.leg[row])], []).append(row)
    queue, apart = [], []
    for row in np.flatnonzero((orders.bar == instant) & orders.opens).tolist():
        status = ORDER_STATUSES[orders.status[row]]
        if status not in _AT_A_FILL:
            continue
        name = str(orders.instrument[row])
        one, rested = _stand(remade, name, int(orders.decided[row]), status)
        if status == "filled":
            booked = phases.get(name)
            at = booked.pop(0) if booked else -1
            # What was added and left again in one step of its bar was both inside.
            if (PHASES.index("inside") if at < 0 else int(fills.phase[at])) == phase:
                queue.append({**one, "value": None if at < 0 else _state(remade, fills, at)["value"]})
        elif rested:
            apart.append(one)
        elif PHASES[phase] == ("open" if remade.legs[0].rules.fill == "next_open" else "close"):
            queue.append({**one, "value": None})
    return sorted(queue, key=_turn), sorted(apart, key=_turn)


def _stand(remade: Remade, name: str, decided: int, status: str) -> tuple[dict[str, Any], bool]:
    """Return an order to buy with the rank it was decided at, and whether it rested at a level."""
    leg = remade.leg(name)[0]
    t = int(np.searchsorted(leg.bars.ts, remade.walked.clock[decided]))
    rested = any(_known(line, t) is not None for line in (leg.signals.limit, leg.signals.stop))
    return {"instrument": name, "rank": _known(leg.signals.rank, t), "status": status}, rested


def _turn(one: dict[str, Any]) -> tuple[float, str]:
    """Return the key of P4: greatest rank first, none last, then by name."""
    rank = one["rank"]
    return (float("inf") if rank is None else -rank, one["instrument"])
