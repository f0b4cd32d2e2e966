"""single: the tear sheet of one instrument."""

from collections.abc import Iterator
from typing import NamedTuple

from tapehead.library.tear import figures, proof
from tapehead.library.tear.curves import Curve, all_sections, stacked, trades_distribution
from tapehead.library.tear.facts import Facts
from tapehead.library.tear.parts import metric_list, pairs, section, strip
from tapehead.library.tear.returns import bar_returns
from tapehead.library.tear.trade_table import trade_section
from tapehead.library.tear.words import MONEY
from tapehead.metrics.account import Account
from tapehead.metrics.gains import returns_of
from tapehead.metrics.hold import buy_and_hold
from tapehead.metrics.tail import tail
from tapehead.model.bars import F64, I64
from tapehead.model.interval import Interval
from tapehead.model.markup import Html, joined, tag
from tapehead.model.result import RunResult
from tapehead.model.spec import RunSpec

_CHARGES = {"slippage": "Slippage", "borrow": "Borrowed units", "shortfall": "Not lost: the account was empty"}


class Single(NamedTuple):
    """What the sheet of one instrument is made of.

    `account` is None where the curve cannot be made again; `trouble` says why, or what is odd about it. `times` are the
    open times of the bars counted from the start, `point` is the money a point of price.
    """

    result: RunResult
    spec: RunSpec
    facts: Facts
    times: I64
    point: float
    account: Account | None
    trouble: str


def head(sheet: Single) -> Iterator[Html]:
    """Yield title, what it is of, and chips."""
    result, facts = sheet.result, sheet.facts
    venue, _, symbol = result.instrument.partition(":")
    step = Interval.parse(result.interval).us
    yield tag("h1", tag("bdi", symbol), class_="name")
    span = f"{figures.moment(result.first)} to {figures.moment(result.last + step)} UTC"
    words = (facts.strategy, venue, result.interval, span, f"{result.bars:,} bars", f"run {facts.short}")
    yield tag("p", joined(tag("bdi", each) if place == 0 else f" · {each}" for place, each in enumerate(words)),
              class_="of")  # fmt: skip
    yield chips(facts, result.flags)


def chips(facts: Facts, flags: tuple[str, ...] = ()) -> Html:
    """Return the verdict of the look-ahead test, stamps and flags as chips."""
    words, bad = proof.verdict_words(facts)
    tone = "loss" if bad else "warn" if facts.look_ahead is None else None
    out = [tag("li", words, class_=tone)]
    if facts.record.state != "completed":
        out.append(tag("li", f"run {'not finished' if facts.record.state == 'running' else facts.record.state}",
                       class_="warn"))  # fmt: skip
    out += [tag("li", text.replace("_", " "), class_="warn") for text in (*facts.stamps, *flags)]
    return tag("ul", *out, class_="chips")


def body(sheet: Single) -> Iterator[Html]:
    """Yield the sections."""
    result, facts = sheet.result, sheet.facts
    currency = facts.currency(result.instrument)
    yield strip(result.metrics, result.why, currency)
    if sheet.trouble:
        yield tag("p", sheet.trouble, class_="note warn", role="note")
    values, why = dict(result.metrics), dict(result.why)
    if sheet.account is not None:
        more, reasons = tail(sheet.account)
        values, why = {**values, **more}, {**why, **reasons}
    left = stacked(_left(sheet, currency or MONEY))
    rail = (
        section("Metrics", metric_list(values, why, currency), note="Hover over a name for its definition."),
        _costs(sheet, currency or MONEY),
        proof.instrument_warnings(result.flags, facts, result.instrument),
    )
    yield tag("div", left, tag("div", *rail), class_="sheet")
    yield trade_section(result, sheet.times, sheet.point, facts, unit=currency or MONEY)
    yield tag("div", tag("div", proof.receipt(facts)), tag("div", proof.settings(sheet.spec, facts)), class_="sheet")


def _left(sheet: Single, unit: str) -> Iterator[Html]:
    """Yield the charts."""
    account, trades = sheet.account, sheet.result.trades
    if account is not None:
        note = (
            f"{unit}, at the close of each of {len(account.equity):,} bars, costs taken; starting cash "
            f"{figures.plain(account.rules.cash)}."
        )
        yield from all_sections(
            _curve(account, unit), "Equity", sheet.facts.strategy, "buy and hold, same costs", note, "bars"
        )
    if trades is not None:
        yield trades_distribution(returns_of(trades, sheet.point), "net profit on the money an entry bought for")


def _curve(account: Account, unit: str) -> Curve:
    """Return what is drawn of an account."""
    closes = account.bars.ts + account.bars.series.interval.us
    held: F64 | None = buy_and_hold(account.bars, account.rules).equity
    returns = bar_returns(account.equity, account.rules.cash)
    kept = (account.rules.cash, unit, closes, returns, account.periods, "bars")
    return Curve(closes, account.equity, held, *kept)


def _costs(sheet: Single, unit: str) -> Html:
    """Return what trading cost, as money and against the starting cash."""
    fees, trades, cash = sheet.result.metrics.get("fees_paid"), sheet.result.trades, sheet.spec.rules.cash
    rows: list[tuple[object, object]] = []
    if fees is not None:
        rows.append(("Fees", f"{figures.plain(fees)} {unit}, {figures.share(fees / cash)} % of the starting cash"))
    if trades is not None and len(trades):
        rows += [(words, f"{figures.plain(total)} {unit}") for name, words in _CHARGES.items()
                 if (total := float(getattr(trades, name).sum()))]  # fmt: skip
        net = float(trades.profit.sum())
        before = net + sum(float(getattr(trades, name).sum()) for name in ("fees", "slippage", "borrow"))
        rows.append(("Profit before costs", f"{figures.signed(before)} {unit}, of closed trades"))
        rows.append(("Profit after costs", f"{figures.signed(net)} {unit}, of closed trades"))
    return section("Costs", pairs(rows) if rows else tag("p", "No costs.", class_="none"))
