"""explain: one trade taken apart: the decision and its values, the fills and their rules, the money on each path."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tapehead.indicators.memo import Memo
from tapehead.layout.columns import FLAG_WORDS, REASONS, TRADED
from tapehead.model.bar_signals import BarSignals
from tapehead.model.bars import Bars
from tapehead.model.orders import Orders
from tapehead.model.rules import Path, Rules
from tapehead.model.signals import CONDITIONS, LINES, Crossing, Signals
from tapehead.model.spec import iso
from tapehead.model.trades import Trades
from tapehead.simulation.simulate import Simulated, simulate

_LEVELS = ("stop", "target", "trail")


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """One result made again on one path: what was traded on, what was wanted, what came of it."""

    bars: Bars
    signals: Signals
    rules: Rules
    memo: Memo
    done: Simulated


class Traded(Protocol):
    """What came of signals: closed trades, every order where asked for, and what a strategy said bar by bar."""

    @property
    def trades(self) -> Trades:
        """Closed ones."""

    @property
    def orders(self) -> Orders | None:
        """In order of decision."""

    @property
    def log(self) -> Any:
        """Of a strategy asked bar by bar."""


class Asked(Protocol):
    """What a trade is explained from: what was traded on, what was wanted, what came of it."""

    @property
    def bars(self) -> Bars:
        """What was traded on."""

    @property
    def signals(self) -> Signals:
        """What was wanted."""

    @property
    def rules(self) -> Rules:
        """By which it was traded."""

    @property
    def memo(self) -> Memo:
        """Indicators that were asked for."""

    @property
    def done(self) -> Traded:
        """What came of it."""


def on_path(made: Made, path: Path) -> Simulated:
    """Return the same signals on another path inside the bars."""
    if made.rules.path == path:
        return made.done
    return simulate(made.bars, made.signals, replace(made.rules, path=path), made.memo)


def explain(asked: Made, pessimistic: Simulated, optimistic: Simulated, row: int) -> dict[str, Any]:
    """Return the explanation of closed trade `row` as plain values.

    Parameters
    ----------
    asked : Made
        The result as it was asked for, its orders included.
    pessimistic, optimistic : Simulated
        The same signals and rules on either path.
    row : int
        Counted from 0.

    Returns
    -------
    dict
        `trade`, `decision`, `entry`, `exit`, `orders`, `paths`; see the guide for each key.
    """
    told = parts_of(asked, row)
    paths = {"pessimistic": pessimistic, "optimistic": optimistic}
    return {**told, "paths": {name: _on_path(done, told["trade"]) for name, done in paths.items()}}


def parts_of(asked: Asked, row: int) -> dict[str, Any]:
    """Return what of the explanation of a closed trade hangs on no other path; `row` is counted from 0."""
    trade = plain_row(asked.done.trades, row)
    return {
        "trade": trade,
        "decision": _decision(asked, trade["decision_bar"]),
        "entry": _side(asked, trade, row, "entry"),
        "exit": {**_side(asked, trade, row, "exit"), "levels": _levels(trade), "decision": _exit_decision(asked, row)},
        "orders": _orders(asked, trade, row),
    }


def plain_row(trades: Trades, row: int) -> dict[str, Any]:
    """Return one trade as plain values; None where a number says nothing."""
    return _plain({name: values[row] for name, values in trades.columns().items()})


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values; None for NaN."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        one = value.item() if isinstance(value, np.generic) else value
        out[name] = None if isinstance(one, float) and one != one else one
    return out


def _bar(bars: Bars, place: int) -> dict[str, Any]:
    """Return one bar, `place` counted from the start."""
    t = place + bars.warm
    prices = {name: float(getattr(bars, name)[t]) for name in ("open", "high", "low", "close", "volume")}
    flags = [word for bit, word in FLAG_WORDS.items() if bars.flags[t] & bit and bit != TRADED]
    if not bars.flags[t] & TRADED:
        flags.append("not traded")
    return {"bar": place, "time": iso(int(bars.ts[t])), **prices, "flags": flags}


def _decision(asked: Asked, place: int) -> dict[str, Any]:
    """Return the decision bar with every wish and value that stood at its close."""
    t = place + asked.bars.warm
    wishes = {name: getattr(asked.signals, name) for name in CONDITIONS}
    lines = {name: getattr(asked.signals, name) for name in LINES}
    if isinstance(asked.signals, BarSignals):
        lines |= asked.signals.lines
    log = asked.done.log
    return {
        **_bar(asked.bars, place),
        "order": None if log is None else log.order_at(t),
        "signals": [_wish(name, one, t) for name, one in wishes.items() if one is not None],
        "lines": _plain({name: one[t] for name, one in lines.items() if one is not None}),
        "indicators": [
            _plain({"name": name, "before": values[t - 1] if t else np.nan, "value": values[t]})
            for name, values in asked.memo.lines(len(asked.bars))
        ],
    }


def _wish(name: str, condition: Any, t: int) -> dict[str, Any]:
    """Return whether a condition held at bar t, and of a crossing the four values it compared."""
    held = bool(np.asarray(condition)[t])
    if not isinstance(condition, Crossing):
        return {"signal": name, "held": held}
    other = np.broadcast_to(np.asarray(condition.b, np.float64), condition.a.shape)
    before = max(t - 1, 0)
    values = {"a_before": condition.a[before], "a": condition.a[t], "b_before": other[before], "b": other[t]}
    return {"signal": name, "held": held, "crosses": "above" if condition.up else "below", **_plain(values)}


def _exit_decision(asked: Asked, row: int) -> dict[str, Any] | None:
    """Return the decision that the last exit of a trade was ordered at; None of one by a level or an end."""
    orders = asked.done.orders
    if orders is None:
        return None
    places = np.flatnonzero((orders.trade == row) & ~orders.opens)
    last = next(iter(places[::-1]), None)
    if last is None or REASONS[orders.reason[last]] not in _ORDERED:
        return None
    return _decision(asked, int(orders.decided[last]))


def _side(asked: Asked, trade: Mapping[str, Any], row: int, which: str) -> dict[str, Any]:
    """Return the bar of a fill, what was wanted and paid, and the rule that made the price."""
    bar = _bar(asked.bars, trade[f"{which}_bar"])
    wanted, price = trade[f"{which}_wanted"], trade[f"{which}_price"]
    rule = _entry_rule(asked, trade, row, bar) if which == "entry" else _exit_rule(trade, bar)
    return {**bar, "wanted": wanted, "price": price, "rule": rule}


def _entry_rule(asked: Asked, trade: Mapping[str, Any], row: int, bar: Mapping[str, Any]) -> str:
    """Say by which rule the entry filled."""
    orders = asked.done.orders
    if orders is not None and np.count_nonzero((orders.trade == row) & orders.opens) > 1:
        return "several entries; the price is their value over their units, each stands among the orders"
    limit, stop = _resting_at(asked, trade["decision_bar"])
    jumped = trade["entry_wanted"] == bar["open"]
    if limit is not None and stop is not None:
        return f"stop-limit order, stop {stop:.10g}, limit {limit:.10g}: filled no worse than its limit"
    if limit is not None:
        how = "the open was there already: filled at the open" if jumped else "price traded through it inside the bar"
        return f"resting limit order at {limit:.10g}: {how}"
    if stop is not None:
        how = "the open lay beyond it: filled at the open" if jumped else "price touched it inside the bar"
        return f"resting stop order at {stop:.10g}: {how}"
    if asked.rules.fill == "close":
        return "market order: filled at the close it was decided at, or of the next traded bar"
    return "market order: decided at the close of the decision bar, filled at the open of the next traded bar"


def _resting_at(asked: Asked, place: int) -> tuple[float | None, float | None]:
    """Return limit and stop that an entry decided at a bar was given, None where none."""
    t = place + asked.bars.warm
    if asked.done.log is not None:
        order = asked.done.log.order_at(t) or {}
        return order.get("limit"), order.get("stop")
    found = _plain({name: line[t] for name in ("limit", "stop") if (line := getattr(asked.signals, name)) is not None})
    return found.get("limit"), found.get("stop")


_AT_OPEN = {
    "stop": "the open lay beyond the stop: filled at the open, never at a level that was not traded",
    "trail": "the open lay beyond the trailing stop: filled at the open, never at a level that was not traded",
    "target": "the open lay beyond the target: filled at the open, which is better",
    "liquidation": "the open lay beyond the liquidation level: filled at the open",
}
_INSIDE = {
    "stop": "price touched the stop inside the bar",
    "trail": "price touched the trailing stop inside the bar",
    "target": "price traded through the target inside the bar",
    "liquidation": "price touched the liquidation level inside the bar",
}
_ORDERED = ("signal", "time", "flip")
"""Reasons of exits that were ordered at a close."""
_DECIDED = {
    "signal": "a wish to leave, decided at a close and filled as a market order",
    "time": "the time stop: decided at the n-th close after the entry bar, filled as a market order",
    "flip": "an entry of the other side closed it and opened at one price",
    "square_off": "the session rule: out at its time of day, or before the night",
    "delist": "the series ended: settled at its last close without fee or slippage",
    "end": "the data ended: sold at the last close",
}


def _exit_rule(trade: Mapping[str, Any], bar: Mapping[str, Any]) -> str:
    """Say by which rule the exit filled."""
    reason = trade["reason"]
    if reason in _DECIDED:
        return _DECIDED[reason]
    jumped = trade["exit_wanted"] == bar["open"]
    return (_AT_OPEN if jumped else _INSIDE).get(reason, str(reason))


def _levels(trade: Mapping[str, Any]) -> dict[str, Any]:
    """Return the levels at entry, and the other level that lay in the exit bar where the order decided."""
    return {**{name: trade[name] for name in _LEVELS}, "other_price": trade["other_price"]}


def _orders(asked: Asked, trade: Mapping[str, Any], row: int) -> list[dict[str, Any]]:
    """Return every order of the trade, and every other order that waited or ended while it lived."""
    orders = asked.done.orders
    return (
        []
        if orders is None
        else [_plain(one) for one in rows_between(orders, trade["decision_bar"], trade["exit_bar"], row)]
    )


def rows_between(orders: Orders, first: int, last: int, trade: int) -> Sequence[dict[str, Any]]:
    """Return the orders of a trade, and those decided in [first, last]."""
    near: NDArray[np.bool_] = (orders.trade == trade) | ((orders.decided >= first) & (orders.decided <= last))
    return [one for one, kept in zip(orders.rows(), near.tolist(), strict=True) if kept]


def _on_path(done: Simulated, trade: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the trade of the same decision became on a path, and the final equity of its whole run."""
    found = np.flatnonzero((done.trades.decision_bar == trade["decision_bar"]) & (done.trades.side == trade["side"]))
    body: dict[str, Any] = {"final_equity": done.final_equity, "trade": None}
    if found.size:
        one = plain_row(done.trades, int(found[0]))
        names = ("exit_bar", "exit_price", "reason", "quantity", "fees", "profit")
        body["trade"] = {name: one[name] for name in names}
    return body
