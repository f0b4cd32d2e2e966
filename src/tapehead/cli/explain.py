"""`tapehead explain`: one trade taken apart, so that it can be checked with a pencil."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import click

from tapehead.cli import numbers
from tapehead.cli.commands import Command
from tapehead.cli.explain_account import account_lines
from tapehead.cli.ink import Ink
from tapehead.cli.session import Session
from tapehead.cli.table import headed

_LABEL = 13


@click.command(
    "explain",
    cls=Command,
    example="tapehead explain 01JD8Q7K SOLUSDT 12",
    help="Say why a trade is what it is: decision, bars, levels, rules, orders beside it, and the money on each path "
    "inside its bars; of a portfolio the cash, the places and the queue that it met. TRADE is its number in: show "
    "RUN SYMBOL --trades. Times are UTC.",
)
@click.argument("run")
@click.argument("symbol")
@click.argument("trade", type=click.IntRange(min=1))
@click.pass_context
def explain(context: click.Context, run: str, symbol: str, trade: int) -> int:
    """Make the one result again on both paths and tell of the trade."""
    session: Session = context.find_root().obj
    kept = session.store.run(run)
    told = kept.explain(symbol, trade)
    if session.json:
        session.put_document("explain", {"run": kept.id, **told})
        return 0
    ink = Ink(session.colored)
    shared = told.get("account")
    account = account_lines(shared, told["instrument"], told["trade"]["side"]) if shared else []
    parts = (
        _head(told, session.size[0], ink),
        _decision_lines(told),
        _fill_lines(told, "entry"),
        _fill_lines(told, "exit"),
        [_line(*line) for line in account],
        _money_lines(told, ink),
        _order_lines(told["orders"], ink),
        _path_lines(told),
    )
    for place, lines in enumerate(part for part in parts if part):
        session.put(*([""] if place else []), *(part for line in lines for part in _folded(line, session.size[0])))
    return 0


def _head(told: Mapping[str, Any], width: int, ink: Ink) -> list[str]:
    """Return what the trade is of."""
    side = "long" if told["trade"]["side"] > 0 else "short"
    words = [
        told["instrument"],
        told["interval"],
        f"trade {told['number']:,} of {told['trades']:,}",
        side,
        told["strategy"],
    ]
    return headed(words, width, ink)


def _folded(line: str, width: int) -> list[str]:
    """Return a line in as many as the window asks for, each under the texts."""
    if len(line) <= width or "\x1b" in line:
        return [line]
    return textwrap.wrap(line, max(width, 40), subsequent_indent=" " * _LABEL, drop_whitespace=True)


def _line(label: str, *texts: str) -> str:
    """Return a label and its texts in columns."""
    return f"{label:<{_LABEL}}{'   '.join(texts)}".rstrip()


def _decision_lines(told: Mapping[str, Any]) -> list[str]:
    """Return the decision bar and every value that stood at its close."""
    decision = told["decision"]
    lines = [_line("decided", f"at the close of {_moment(decision)}", _prices(decision))]
    wishes = decision["signals"]
    lines += [_line("", f"{one['signal']:<12} {'yes' if one['held'] else 'no '}", _crossing(one)) for one in wishes]
    lines += _said(decision)
    lines += [
        _line("", f"{name:<12} {_number(value)}") for name, value in decision["lines"].items() if value is not None
    ]
    known = decision["indicators"]
    lines += [_line("", f"{one['name']} {_number(one['value'])}, bar before {_number(one['before'])}") for one in known]
    return lines


def _said(decision: Mapping[str, Any]) -> list[str]:
    """Return the order that a strategy asked bar by bar gave at a close."""
    order = decision.get("order")
    if order is None:
        return []
    words = ", ".join(f"{word}={_number(value)}" for word, value in order.items() if word != "call")
    return [_line("", f"said         orders.{order['call']}({words})")]


def _crossing(one: Mapping[str, Any]) -> str:
    """Return the values that a crossing compared."""
    if "a" not in one:
        return ""
    now, before = (f"{_number(one['a' + when])} against {_number(one['b' + when])}" for when in ("", "_before"))
    return f"crosses {one['crosses']}: {now}, bar before {before}"


def _fill_lines(told: Mapping[str, Any], which: str) -> list[str]:
    """Return the bar of a fill, its rule and its price."""
    fill = told[which]
    lines = [_line(which, _moment(fill), _prices(fill)), _line("", fill["rule"])]
    slipped = "" if fill["wanted"] == fill["price"] else f"slipped from {numbers.price(fill['wanted'])}"
    lines.append(_line("", f"filled at {numbers.price(fill['price'])}", *([slipped] if slipped else [])))
    if which == "exit":
        lines += _ordered(fill.get("decision"))
        levels = [
            f"{name} {numbers.price(fill['levels'][name])}"
            for name in ("stop", "target", "trail")
            if fill["levels"][name]
        ]
        if levels:
            lines.append(_line("", f"levels at entry: {', '.join(levels)}"))
        if fill["levels"]["other_price"]:
            other = numbers.price(fill["levels"]["other_price"])
            lines.append(_line("", f"the other level, {other}, lay in this bar too: its order inside is unknown"))
    return lines


def _ordered(decision: Mapping[str, Any] | None) -> list[str]:
    """Return when an exit was ordered, and which wishes held then."""
    if decision is None:
        return []
    held = [one["signal"] for one in decision["signals"] if one["held"]]
    words = [f"decided at the close of {_moment(decision)}", *([", ".join(held)] if held else [])]
    return [_line("", *words), *_said(decision)]


def _money_lines(told: Mapping[str, Any], ink: Ink) -> list[str]:
    """Return what the trade made."""
    trade = told["trade"]
    costs = [f"fees {_money(trade['fees'])}", f"slippage {_money(trade['slippage'])}"]
    if trade["borrow"]:
        costs.append(f"borrow {_money(trade['borrow'])}")
    profit = ink.money(f"{_money(trade['profit'])}", trade["profit"])
    best = f"while held {numbers.percent(trade['worst'])} % to {numbers.percent(trade['best'])} %"
    lines = [_line("money", f"{trade['quantity']:,.8g} units", *costs, f"net {profit}"), _line("", best)]
    if trade["shortfall"]:
        lines.append(_line("", f"{_money(trade['shortfall'])} could not be lost: the account stood at 0"))
    return lines


def _order_lines(orders: Sequence[Mapping[str, Any]], ink: Ink) -> list[str]:
    """Return a line an order of the trade, or beside it."""
    lines = [ink.head(_line("orders", f"{'decided':>9} {'ended':>9}  {'':<5} {'price':>12}  what became of it"))]
    for one in orders:
        word = ("buy" if one["side"] > 0 else "sell") + ("" if one["opens"] else "*")
        ended = "-" if one["bar"] < 0 else f"{one['bar']:,}"
        price = numbers.price(one["price"]) if one["price"] is not None else "-"
        status = one["status"] + (f" by {one['reason']}" if not one["opens"] and one["status"] == "filled" else "")
        lines.append(_line("", f"{one['decided']:>9,} {ended:>9}  {word:<5} {price:>12}  {status}"))
    lines.append(_line("", "bars are counted from the start; * closes"))
    return lines


def _path_lines(told: Mapping[str, Any]) -> list[str]:
    """Return the trade and the whole result under either order of prices inside a bar."""
    lines = []
    for name, path in told["paths"].items():
        one = path["trade"]
        made = (
            f"{one['reason']} at {numbers.price(one['exit_price'])}, net {_money(one['profit'])}"
            if one
            else "no such trade"
        )
        lines.append(_line(name, made, f"whole run ends at {_money(path['final_equity'])}"))
    return lines


def _moment(bar: Mapping[str, Any]) -> str:
    """Return the open time of a bar."""
    return str(bar["time"])[:16].replace("T", " ")


def _prices(bar: Mapping[str, Any]) -> str:
    """Return open, high, low and close, and what is odd about the bar."""
    prices = " ".join(f"{name[0]} {numbers.price(bar[name])}" for name in ("open", "high", "low", "close"))
    return f"{prices}{'  (' + ', '.join(bar['flags']) + ')' if bar['flags'] else ''}"


def _number(value: float | None) -> str:
    """Return a value of an indicator."""
    return "unknown" if value is None else f"{value:.6g}"


def _money(value: float) -> str:
    """Return money with cents."""
    return numbers.plain(value, 2)
