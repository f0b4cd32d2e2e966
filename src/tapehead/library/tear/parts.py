"""Parts that both sheets share: sections, the strip of figures, lists of metrics, months as a heat map."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tapehead.library.tear import figures
from tapehead.library.tear.figures import because, drawn, toned
from tapehead.library.tear.returns import Months
from tapehead.library.tear.words import MONEY, Word, metric_word
from tapehead.model.markup import Html, tag

_TONED = ("signed_percent", "signed_money")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HEATS = 6
"""Steps of colour on either side of 0."""
STRIP = ("total_return", "cagr", "sharpe", "max_drawdown", "trades", "win_rate", "profit_factor", "fees_paid")


def section(title: str, *children: object, note: object = None, class_: str | None = None) -> Html:
    """Return a part of the page with its title and a line of words."""
    words = tag("p", note, class_="note") if note else None
    return tag("section", tag("h2", title), words, *children, class_=class_)


def scrolled(table: Html, label: str) -> Html:
    """Let a wide table scroll by itself on a narrow screen, by keyboard too."""
    return tag("div", table, class_="scroll", tabindex="0", role="region", aria_label=label)


def titled(titles: Sequence[str], left: Sequence[str]) -> Html:
    """Return the head of a table; the titles in `left` stand over words."""
    cells = (tag("th", title, scope="col", class_="words" if title in left else None) for title in titles)
    return tag("thead", tag("tr", *cells))


def metric_value(name: str, value: float | None, why: Mapping[str, str], currency: str) -> Html:
    """Return a metric with its unit; where it has no value, why."""
    word = metric_word(name)
    unit = (currency or MONEY) if word.unit == MONEY else word.unit
    raw = None if value is None else repr(value)
    if value is None:
        none = "∞" if why.get(name) == "no_losses" and word.kind == "ratio" else figures.NONE
        reason = because(why, name)
        shown = tag("span", none, " ", tag("small", reason) if reason else None, class_="undefined")
    else:
        text = drawn(word.kind, value)
        shown = toned(text, value) if word.kind in _TONED else tag("span", text)
        shown = tag("span", shown, f" {unit}" if unit else None)
    return tag("span", shown, data_metric=name, data_value=raw)


def strip(metrics: Mapping[str, float | None], why: Mapping[str, str], currency: str) -> Html:
    """Return the figures that a reader looks for first."""
    cells = [
        tag("div", tag("dt", metric_word(name).title, title=metric_word(name).meaning),
            tag("dd", metric_value(name, metrics[name], why, currency)))
        for name in STRIP
        if name in metrics
    ]  # fmt: skip
    return tag("dl", *cells, class_="strip")


def metric_list(metrics: Mapping[str, float | None], why: Mapping[str, str], currency: str) -> Html:
    """Return every metric with unit and definition."""
    rows = []
    for name, value in metrics.items():
        word = metric_word(name)
        rows.append(_row(word, metric_value(name, value, why, currency)))
    return pairs(rows)


def _row(word: Word, value: Html) -> tuple[object, object]:
    """Return a title with its definition, and a value."""
    return tag("span", word.title, title=word.meaning or None), value


def pairs(rows: Iterable[tuple[object, object]]) -> Html:
    """Return a list of names and values."""
    return tag("table", tag("tbody", *(tag("tr", tag("th", name, scope="row"), tag("td", value))
                                       for name, value in rows)), class_="pairs")  # fmt: skip


def months_table(months: Months) -> Html:
    """Return returns of months as a heat map, with a total for each year, in percent."""
    found = np.abs(months.returns[np.isfinite(months.returns)])
    most = float(np.quantile(found, 0.95)) if found.size else 0.0
    head = tag("tr", tag("th", "Year", scope="col"), *(tag("th", name, scope="col") for name in _MONTHS),
               tag("th", "Total", scope="col"))  # fmt: skip
    rows = []
    for year, returns, total in zip(months.years, months.returns.tolist(), months.totals.tolist(), strict=True):
        cells = [_heat_cell(value, most) for value in returns]
        rows.append(tag("tr", tag("th", year, scope="row"), *cells, _total_cell(total)))
    return tag("table", tag("thead", head), tag("tbody", *rows), class_="heat")


def _heat_cell(value: float, most: float) -> Html:
    """Return one month; the colour grows to that of the 95 % quantile."""
    if not math.isfinite(value):
        return tag("td", figures.NONE, class_="none")
    level = min(math.ceil(abs(value) / most * _HEATS), _HEATS) if most > 0 else 0
    tone = f"{'g' if value > 0 else 'l'}{level}" if level and value else None
    return tag("td", figures.percent(value), class_=tone)


def _total_cell(value: float) -> Html:
    """Return the total of a year."""
    known = value if math.isfinite(value) else None
    return toned(figures.percent(known), known, "td", class_="total")


def five_numbers(values: Sequence[float], *, percent: bool = True, signed: bool = True) -> str:
    """Say median, middle half, and both ends of some values; fractions in percent."""
    low, first, middle, third, high = (float(q) for q in np.quantile(np.array(values), (0, 0.25, 0.5, 0.75, 1)))
    as_share = figures.percent if signed else figures.share
    say, unit = (as_share, " %") if percent else (figures.signed if signed else figures.plain, "")
    return (
        f"Median {say(middle)}{unit}; the middle half lies between {say(first)}{unit} and {say(third)}{unit}, "
        f"all between {say(low)}{unit} and {say(high)}{unit}."
    )
