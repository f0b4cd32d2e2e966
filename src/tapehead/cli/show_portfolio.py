"""What `tapehead show` says of a portfolio: trades, orders and course of its account, what each instrument brought."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tapehead.cli import numbers
from tapehead.cli.backtest_words import portfolio_words
from tapehead.cli.ink import Ink
from tapehead.cli.session import Session
from tapehead.cli.table import display_names
from tapehead.model.pooling import ACCOUNT

if TYPE_CHECKING:
    from tapehead.library.run import Run
    from tapehead.model.result import RunResult

_WIDE = 104
"""From so many columns on there is room for prices of trades and units of orders."""
_NAME = 10
_OTHER_FEE = 0.0005
_MONEY = ("slippage", "borrow", "dividends")
"""Shown where any instrument has some."""


def is_account(run: "Run", result: "RunResult") -> bool:
    """Say whether a result is the account that the instruments of a portfolio share."""
    return run.spec.portfolio is not None and result.instrument == ACCOUNT


def account_trade_lines(rows: Iterable[dict[str, Any]], width: int, ink: Ink) -> list[str]:
    """Return a line a trade of an account, with its instrument; prices where there is room."""
    listed = list(rows)
    if not listed:
        return ["no closed trade"]
    names = display_names(sorted({row["instrument"] for row in listed}))
    wide = width >= _WIDE
    price = f" {'price':>10}" if wide else ""
    titles = f"{'#':>4} {'symbol':<{_NAME}} {'entry (UTC)':<16}{price} {'exit (UTC)':<16}{price} "
    lines = [ink.head(f"{titles}{'profit':>10} {'return %':>9}  exit by")]
    for place, row in enumerate(listed, 1):
        gain, profit = f"{numbers.percent(row['return']):>9}", f"{numbers.plain(row['profit'], 2):>10}"
        prices = [f" {numbers.price(row[name]):>10}" if wide else "" for name in ("entry_price", "exit_price")]
        gap = "  across gap" if row["across_gap"] and wide else ""
        lines.append(
            f"{place:>4} {_cut(names[row['instrument']])} {_minute(row['entry_time'])}{prices[0]} "
            f"{_minute(row['exit_time'])}{prices[1]} {ink.money(profit, row['profit'])} "
            f"{ink.money(gain, row['return'])}  {row['reason']}{gap}"
        )
    return lines


def account_order_lines(rows: Iterable[dict[str, Any]], width: int, ink: Ink) -> list[str]:
    """Return a line an order of an account, with its instrument; units where there is room."""
    listed = list(rows)
    if not listed:
        return ["no order"]
    names = display_names(sorted({row["instrument"] for row in listed}))
    units = f" {'units':>9}" if width >= _WIDE else ""
    titles = f"{'#':>4} {'symbol':<{_NAME}} {'decided (UTC)':<16} {'order':<5} {'ended (UTC)':<16} {'price':>10}"
    lines = [ink.head(f"{titles}{units} by")]
    for place, row in enumerate(listed, 1):
        word = ("buy" if row["side"] > 0 else "sell") + ("" if row["opens"] else "*")
        filled = row["status"] == "filled"
        ended = _minute(row["time"]) if row["time"] else "-"
        price = numbers.price(row["price"]) if filled else ""
        many = f" {format(row['quantity'], '.5g') if filled else '':>9}" if units else ""
        lines.append(
            f"{place:>4} {_cut(names[row['instrument']])} {_minute(row['decided_time'])} {word:<5} {ended:<16} "
            f"{price:>10}{many} {row['reason'] if filled else row['status']}"
        )
    return [*lines, "  * closes"]


def course_lines(rows: Iterable[dict[str, Any]], ink: Ink) -> list[str]:
    """Return a line a point of an account: equity, cash, what is invested and in how many positions."""
    titles = f"{'instant':>9}  {'begins (UTC)':<16} {'equity':>14} {'cash':>14} {'invested':>14}  held"
    lines = [ink.head(titles)]
    for row in rows:
        money = " ".join(f"{numbers.plain(row[name], 2):>14}" for name in ("equity", "cash", "invested"))
        lines.append(f"{row['bar']:>9,}  {_minute(row['time'])} {money}  {row['positions']:>4}")
    return lines


def share_lines(rows: Sequence[dict[str, Any]], ink: Ink) -> list[str]:
    """Return a line an instrument: profit, its share of all, costs, and how many orders found no cash or no place."""
    names = display_names([row["instrument"] for row in rows])
    paid = [name for name in _MONEY if any(row[name] for row in rows)]
    money = "".join(f" {name:>9}" for name in ("fees", *paid))
    titles = f"  {'symbol':<{_NAME}} {'profit':>11} {'share %':>8}{money} {'trades':>7} {'no_cash':>7} {'no_place':>8}"
    lines = [ink.head(titles)]
    for row in sorted(rows, key=lambda one: (-one["profit"], one["instrument"])):
        share = "-" if row["share"] is None else numbers.percent(row["share"])
        costs = "".join(f" {numbers.plain(row[name], 2):>9}" for name in ("fees", *paid))
        profit = ink.money(f"{numbers.plain(row['profit'], 2):>11}", row["profit"])
        counts = f"{row['trades']:>7,} {row['no_cash']:>7,} {row['no_place']:>8,}"
        lines.append(f"  {_cut(names[row['instrument']])} {profit} {share:>8}{costs} {counts}")
    return lines


def no_other_fee(session: Session, run: "Run") -> str:
    """Say why a portfolio has no return at other fees; the next step makes it at another one."""
    from tapehead.library.verify import where_of

    spec, record = run.spec, run.record
    fee = _OTHER_FEE if spec.rules.fee != _OTHER_FEE else 2 * _OTHER_FEE
    other = replace(spec, rules=replace(spec.rules, fee=fee))
    words, lacking = portfolio_words(other, where_of(spec, record), record.snapshot)
    without = f" (no flag can say {', '.join(lacking)})" if lacking else ""
    return (
        "No break-even fee: another fee leaves other cash to the orders after it, so others fill. "
        f"Run it at another fee{without}: {session.command(*words)}"
    )


def _cut(name: str) -> str:
    """Return a name as wide as its column; the end of a longer one says most."""
    return f"{name if len(name) <= _NAME else '~' + name[1 - _NAME :]:<{_NAME}}"


def _minute(time: str) -> str:
    """Return an ISO time to the minute."""
    return time[:16].replace("T", " ")
