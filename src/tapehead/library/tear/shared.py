"""shared: the tear sheet of a portfolio: its account, and what each instrument brought."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tapehead.library.tear import figures, proof
from tapehead.library.tear.charts import Trace, time_chart
from tapehead.library.tear.curves import Curve, all_sections, stacked, trades_distribution
from tapehead.library.tear.facts import Facts
from tapehead.library.tear.figures import toned
from tapehead.library.tear.parts import metric_list, scrolled, section, strip, titled
from tapehead.library.tear.returns import bar_returns
from tapehead.library.tear.single import chips
from tapehead.library.tear.trade_table import trade_section
from tapehead.library.tear.words import MONEY
from tapehead.metrics.account import Account
from tapehead.metrics.gains import Points, returns_of
from tapehead.metrics.tail import tail
from tapehead.model.bars import F64, I64
from tapehead.model.display import sparkline
from tapehead.model.interval import Interval
from tapehead.model.markup import Html, joined, tag
from tapehead.model.result import RunResult
from tapehead.model.spec import RunSpec
from tapehead.model.table import Table

ROWS = 2_000
"""At most so many instruments are listed."""
_MARKET = ("alpha", "beta")
_PAID = {"fees": "Fees", "slippage": "Slippage", "borrow": "Borrow", "dividends": "Dividends"}
_TURNED_AWAY = {"no_cash": "No cash", "no_place": "No place"}


class Shared(NamedTuple):
    """What the sheet of a portfolio is made of.

    `rows` are those of its instruments, by name. `account`, `course` and `shares` are None where the portfolio cannot
    be made again; `trouble` says why. `times` are the instants that trades of the account count from 0, `points` the
    money a point of each instrument.
    """

    result: RunResult
    rows: Mapping[str, RunResult]
    spec: RunSpec
    facts: Facts
    times: I64
    points: Points
    account: Account | None
    course: Table | None
    shares: Table | None
    trouble: str


def head(sheet: Shared) -> Iterator[Html]:
    """Yield title, what it is of, and chips."""
    result, facts = sheet.result, sheet.facts
    step = Interval.parse(result.interval).us
    yield tag("h1", tag("bdi", facts.strategy), f" on {len(sheet.rows):,} instruments, one account", class_="name")
    words = (facts.interval, f"{figures.moment(result.first)} to {figures.moment(result.last + step)} UTC",
             f"{result.bars:,} instants", f"run {facts.short}")  # fmt: skip
    yield tag("p", " · ".join(words), class_="of")
    yield chips(facts, result.flags)


def body(sheet: Shared) -> Iterator[Html]:
    """Yield the sections."""
    result, facts = sheet.result, sheet.facts
    unit = _unit(sheet)
    yield strip(result.metrics, result.why, unit)
    if sheet.trouble:
        yield tag("p", sheet.trouble, class_="note warn", role="note")
    values, why = dict(result.metrics), dict(result.why)
    if sheet.account is not None:
        more, reasons = tail(sheet.account)
        # A shared account is measured as if it were a price: there is no market to hold it against.
        values |= {name: value for name, value in more.items() if name not in _MARKET}
        why |= reasons
    values = {name: value for name, value in values.items() if name != "buy_and_hold_return"}
    rail = (
        section("Metrics", metric_list(values, why, unit), note="Hover over a name for its definition."),
        proof.run_warnings(facts, len(sheet.rows)),
    )
    yield tag("div", stacked(_left(sheet, unit)), tag("div", *rail), class_="sheet")
    yield _instruments(sheet, unit)
    quotes = {one.quote for one in facts.instruments.values()}
    yield trade_section(result, sheet.times, sheet.points, facts, unit=unit, own_prices=bool(quotes - {"", unit}))
    yield tag("div", tag("div", proof.receipt(facts)), tag("div", proof.settings(sheet.spec, facts)), class_="sheet")


def _unit(sheet: Shared) -> str:
    """Return the name of the account's money."""
    own = sheet.spec.portfolio.currency if sheet.spec.portfolio is not None else ""
    return own or sheet.facts.currency() or MONEY


def _left(sheet: Shared, unit: str) -> Iterator[Html]:
    """Yield the charts."""
    account, course, trades = sheet.account, sheet.course, sheet.result.trades
    if account is not None and course is not None:
        closes = account.bars.ts + account.bars.series.interval.us
        cash = account.rules.cash
        returns = bar_returns(account.equity, cash)
        curve = Curve(closes, account.equity, None, cash, unit, closes, returns, account.periods, "bars")
        note = (
            f"{unit}, at the end of each of {len(account.equity):,} instants at which an instrument has a bar, costs "
            f"taken; starting cash {figures.plain(cash)}."
        )
        drawn = list(all_sections(curve, "Equity of the account", sheet.facts.strategy, "", note, "instants"))
        yield drawn[0]
        yield _cash(closes, course, unit)
        yield _positions(closes, course)
        yield from drawn[1:]
    if trades is not None:
        returns = returns_of(trades, sheet.points)
        yield trades_distribution(returns[np.isfinite(returns)], "net profit on the money an entry bought for")


def _cash(closes: I64, course: Table, unit: str) -> Html:
    """Draw what is invested and what is left as cash."""
    title = "Invested and cash"
    note = (
        f"{unit}; the worth of all positions, a short's as a positive number, and the cash beside them. Least cash "
        f"{figures.plain(float(course.cash.min()))}."
    )
    key = tag("p", tag("span", "invested"), tag("span", "cash", class_="bench"), class_="key")
    traces = [Trace(course.invested, "equity"), Trace(course.cash, "bench")]
    chart = time_chart(closes, traces, label=f"{title}, {note}", marks=figures.labels, height=160, floor=0.0)
    return section(title, key, chart, note=note)


def _positions(closes: I64, course: Table) -> Html:
    """Draw how many positions are held."""
    held: F64 = course.positions.astype(np.float64)
    note = f"At the end of each instant; at most {figures.count(float(held.max()))}, {held.mean():.3g} on average."
    chart = time_chart(closes, [Trace(held, "turn")], label=f"Positions held. {note}", marks=figures.labels,
                       height=100, floor=0.0)  # fmt: skip
    return section("Positions held", chart, note=note)


def _instruments(sheet: Shared, unit: str) -> Html:
    """Return a row an instrument: its share of the profit, its costs, and how its line of the account ran."""
    shares = sheet.shares
    if shares is None:
        return section("Share of each instrument", tag("p", "It cannot be made again; see above.", class_="none"))
    order = sorted(range(shares.rows), key=lambda k: (-float(shares.profit[k]), str(shares.instrument[k])))
    paid = {name: title for name, title in _PAID.items() if name == "fees" or shares[name].any()}
    titles = ["#", "Instrument", "Profit", "Share %", *paid.values(), "Trades", *_TURNED_AWAY.values(), "Line"]
    rows = [_row(place, k, sheet, shares, list(paid)) for place, k in enumerate(order[:ROWS], 1)]
    table = tag("table", titled(titles, ("Instrument", "Line")), tag("tbody", *rows), class_="instruments")
    cut = f"The first {ROWS:,} of {len(order):,} are shown; all of them: " if len(order) > ROWS else "Every digit: "
    note = tag(
        "span",
        f"{unit}, by profit, that of what is still held too; the shares and the account's interest are its profit. No "
        "cash and no place: orders that ended so. ",
        cut,
        tag("code", f"tapehead show {sheet.facts.short} account --costs --csv"),
    )
    other = tag(
        "p",
        "Another fee leaves other cash to the orders after it, so others fill: there is no break-even fee to be told "
        "from these fills. ",
        class_="note",
    )
    return section(
        "Share of each instrument", _bars(shares, order, unit), scrolled(table, "Instruments"), other, note=note,
        class_="long",
    )  # fmt: skip


def _row(place: int, k: int, sheet: Shared, shares: Table, paid: Sequence[str]) -> Html:
    """Return one instrument as a row."""
    name, profit, share = str(shares.instrument[k]), float(shares.profit[k]), float(shares.share[k])
    row = sheet.rows.get(name)
    cells = [
        tag("td", place),
        tag("td", tag("bdi", name), class_="words"),
        toned(figures.signed(profit), profit, "td", data_metric="profit", data_value=repr(profit)),
        tag("td", figures.percent(share) if share == share else figures.NONE),
        *(tag("td", figures.plain(float(shares[each][k]))) for each in paid),
        *(tag("td", figures.count(float(shares[each][k]))) for each in ("trades", *_TURNED_AWAY)),
        tag("td", sparkline(row.equity, 96, 20) if row is not None else None),
    ]
    return tag("tr", *cells, data_row=name)


_BARS = 40
"""At most so many instruments have a bar of their profit."""
_BAR_PX = 18


def _bars(shares: Table, order: Sequence[int], unit: str) -> Html | None:
    """Draw the profit of each instrument as a bar to the right or to the left of nothing."""
    if not 1 < len(order) <= _BARS:
        return None
    profits = [float(shares.profit[k]) for k in order]
    low, high = min([0.0, *profits]), max([0.0, *profits])
    span = (high - low) or 1.0
    drawn = []
    for place, (k, profit) in enumerate(zip(order, profits, strict=True)):
        top, zero, end = place * _BAR_PX, (0.0 - low) / span * 72, (profit - low) / span * 72
        symbol = str(shares.instrument[k]).partition(":")[2]
        text = f"{symbol}: {figures.signed(profit)} {unit}"
        box = {"x": f"{20 + min(zero, end):.2f}%", "width": f"{max(abs(end - zero), 0.1):.2f}%", "y": top + 3}
        side = "gain" if profit > 0 else "loss"
        drawn += [
            tag("rect", tag("title", text), **box, height=_BAR_PX - 6, class_=f"bar {side}"),
            tag("text", symbol, x="18.5%", y=top + 13, text_anchor="end"),
            tag("text", figures.signed(profit), x="100%", y=top + 13, text_anchor="end"),
        ]
    label = "Profit of each instrument"
    return tag("svg", tag("title", label), joined(drawn), class_="plot", width="100%", height=len(order) * _BAR_PX,
               role="img", aria_label=label)  # fmt: skip
