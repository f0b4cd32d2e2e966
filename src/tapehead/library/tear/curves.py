"""Sections that follow from equity at bar closes: equity, drawdown, months, the moving Sharpe ratio, bar returns."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.library.tear import figures
from tapehead.library.tear.charts import Trace, distribution, time_chart
from tapehead.library.tear.page import switch
from tapehead.library.tear.parts import five_numbers, months_table, scrolled, section
from tapehead.library.tear.returns import bar_returns, drawdown, monthly, rolling_sharpe
from tapehead.model.markup import Html, joined, tag

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


class Curve(NamedTuple):
    """Equity (money) at `closes` (us UTC), from `cash` on, beside what it is compared with; `unit` names the money.

    `returns` and `periods` are those the moving Sharpe ratio is made of, at the times `at`; `noun` says what they are
    returns of.
    """

    closes: I64
    equity: F64
    bench: F64 | None
    cash: float
    unit: str
    at: I64
    returns: F64
    periods: float
    noun: str


def equity_section(curve: Curve, title: str, name: str, bench: str, note: str) -> Html:
    """Draw equity on a linear and on a logarithmic axis, one of which is seen."""
    line, cash = curve.equity, curve.cash
    traces = [Trace(line, "equity")]
    known = [line]
    if curve.bench is not None:
        traces.append(Trace(curve.bench, "bench"))
        known.append(curve.bench)
    label = (
        f"Equity from {figures.plain(cash)} to {figures.plain(float(line[-1]))} {curve.unit}, deepest drawdown "
        f"{figures.percent(float(drawdown(line, cash).min()))} %"
    )
    plain = time_chart(curve.closes, traces, label=label, marks=figures.labels)
    key = tag(
        "p", tag("span", name), tag("span", bench, class_="bench") if curve.bench is not None else None, class_="key"
    )
    if not all(float(each[np.isfinite(each)].min()) > 0 for each in known):
        return section(title, key, plain, note=note)
    log = time_chart(curve.closes, traces, label=f"{label}; logarithmic", marks=figures.labels, log=True)
    picks = switch("scale", (("scale-linear", "Linear"), ("scale-log", "Logarithmic")), (None, "pick-log"))
    views = [tag("div", plain, class_="linear"), tag("div", log, class_="log")]
    return section(title, key, tag("div", *picks, *views, class_="scales"), note=note)


def drawdown_section(curve: Curve) -> Html:
    """Draw how far equity lay below its peak."""
    deep = drawdown(curve.equity, curve.cash)
    place = int(np.argmin(deep))
    note = (
        f"%, from the peak so far, at bar closes. Deepest {figures.percent(float(deep[place]))} % at "
        f"{figures.moment(int(curve.closes[place]))} UTC."
    )
    chart = time_chart(curve.closes, [Trace(deep, "deep", filled=True)], label=f"Drawdown in {note}",
                       marks=_percent, height=120, ceiling=0.0)  # fmt: skip
    return section("Drawdown", chart, note=note)


def months_section(curve: Curve) -> Html:
    """Return the months as a heat map."""
    table = months_table(monthly(curve.closes, curve.equity, curve.cash))
    note = "%, by calendar month, UTC, at bar closes; the first and the last month may be parts of one."
    return section("Return by month", scrolled(table, "Return by month, percent"), note=note)


def rolling_section(curve: Curve) -> Html:
    """Draw the Sharpe ratio of a moving window."""
    found = rolling_sharpe(curve.returns, curve.periods)
    title = "Moving Sharpe ratio"
    if found is None:
        words = f"The range is too short: a window wants at least 30 {curve.noun}, and the range two windows."
        return section(title, tag("p", words, class_="none"))
    note = (
        f"Of the last {found.words}, {found.window:,} {curve.noun}; annualised by √{curve.periods:,.6g}, "
        "the riskless rate taken as 0."
    )
    chart = time_chart(curve.at[found.ends], [Trace(found.sharpe, "turn")], label=f"{title}. {note}",
                       marks=_signed, height=140, floor=0.0, ceiling=0.0)  # fmt: skip
    return section(title, chart, note=note)


def returns_section(curve: Curve, noun: str) -> Html:
    """Draw the distribution of returns; those of bars without a position are 0 and are counted beside it."""
    returns = bar_returns(curve.equity, curve.cash)
    moved = returns[np.isfinite(returns) & (returns != 0)]
    title = f"Returns of {noun}"
    if moved.shape[0] < 2:
        return section(title, tag("p", "Equity did not move.", class_="none"))
    still = returns.shape[0] - moved.shape[0]
    chart = distribution(moved, label=f"{title}, percent", noun=noun)
    note = f"%. {_spread(moved)}" + (f" {still:,} {noun} without a change are left out." if still else "")
    return section(title, chart, note=note)


def trades_distribution(returns: F64, unit_words: str) -> Html:
    """Draw the distribution of the returns of closed trades."""
    title = "Returns of trades"
    if returns.shape[0] < 2:
        return section(title, tag("p", f"{returns.shape[0]} closed trade.", class_="none"))
    chart = distribution(returns, label=f"{title}, percent", noun="trades")
    return section(title, chart, note=f"%, {unit_words}. {five_numbers(returns.tolist())}")


def _spread(values: F64) -> str:
    """Say mean, deviation and both ends of returns."""
    mean, deviation = float(values.mean()), float(values.std(ddof=1))
    low, high = float(values.min()), float(values.max())
    return (
        f"Mean {figures.percent(mean, 3)} %, deviation {figures.share(deviation, 2)} %, worst "
        f"{figures.percent(low, 2)} %, best {figures.percent(high, 2)} %."
    )


def _percent(values: Sequence[float]) -> list[str]:
    """Return fractions in percent as the labels of an axis."""
    return figures.labels(values, percent=True)


def _signed(values: Sequence[float]) -> list[str]:
    """Return numbers with their signs as the labels of an axis."""
    return figures.labels(values, sign=True)


def all_sections(curve: Curve, title: str, name: str, bench: str, note: str, noun: str) -> Iterator[Html]:
    """Yield every section of a curve, in the order of the page."""
    yield equity_section(curve, title, name, bench, note)
    yield drawdown_section(curve)
    yield months_section(curve)
    yield rolling_section(curve)
    if noun:
        yield returns_section(curve, noun)


def stacked(parts: Iterator[Html]) -> Html:
    """Return sections below each other as one column."""
    return tag("div", joined(parts))
