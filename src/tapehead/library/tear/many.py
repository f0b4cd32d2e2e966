"""many: the tear sheet of a whole run."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tapehead.library.tear import figures, proof
from tapehead.library.tear.charts import distribution
from tapehead.library.tear.curves import Curve, all_sections
from tapehead.library.tear.facts import Facts
from tapehead.library.tear.figures import toned
from tapehead.library.tear.mean import Mean
from tapehead.library.tear.parts import five_numbers, pairs, scrolled, section, titled
from tapehead.library.tear.single import chips
from tapehead.library.tear.words import MONEY, flag_words, metric_word
from tapehead.metrics.account import Account
from tapehead.metrics.hold import buy_and_hold
from tapehead.model.calendar import calendar
from tapehead.model.display import sparkline
from tapehead.model.interval import Interval
from tapehead.model.markup import Html, joined, tag
from tapehead.model.result import RunResult
from tapehead.model.spec import RunSpec

ROWS = 2_000
"""At most so many instruments are listed."""
SPARKS = 1_000
"""At most so many of them with a small curve."""
_TITLES = {
    "total_return": "Return %",
    "cagr": "A year %",
    "sharpe": "Sharpe",
    "max_drawdown": "Max DD %",
    "trades": "Trades",
    "win_rate": "Win %",
    "profit_factor": "PF",
    "exposure": "In mkt %",
    "fees_paid": "Fees",
}
_DAY = Interval.parse("1d")


class Many(NamedTuple):
    """What the sheet of a run is made of: its results, best first, and a call that makes their curves one by one.

    `accounts` is asked once, while the page is written, and yields what can be made again; those that cannot are told
    to `trouble`, a list of sentences.
    """

    results: Sequence[RunResult]
    spec: RunSpec
    facts: Facts
    accounts: Callable[[], Iterator[Account]]
    trouble: list[str]


def head(sheet: Many) -> Iterator[Html]:
    """Yield title, what it is of, and chips."""
    results, facts = sheet.results, sheet.facts
    first, last = min(r.first for r in results), max(r.last for r in results)
    step = Interval.parse(facts.interval).us
    yield tag("h1", tag("bdi", facts.strategy), f" on {len(results):,} instruments", class_="name")
    words = (facts.interval, f"{figures.moment(first)} to {figures.moment(last + step)} UTC",
             f"{sum(r.bars for r in results):,} bars", f"run {facts.short}")  # fmt: skip
    yield tag("p", " · ".join(words), class_="of")
    yield chips(facts)


def body(sheet: Many) -> Iterator[Html]:
    """Yield the sections."""
    yield _strip(sheet)
    mean, calendars = _mean(sheet)
    if sheet.trouble:
        more = f" The same of {len(sheet.trouble) - 1:,} more." if len(sheet.trouble) > 1 else ""
        yield tag("p", f"{len(sheet.trouble):,} of {len(sheet.results):,} curves are missing: {sheet.trouble[0]}{more}",
                  class_="note warn", role="note")  # fmt: skip
    left = joined(_left(mean, calendars, sheet))
    rail = [_medians(sheet), _flags(sheet), proof.run_warnings(sheet.facts, len(sheet.results))]
    yield tag("div", tag("div", left), tag("div", *rail), class_="sheet")
    yield _table(sheet)
    yield tag("div", tag("div", proof.receipt(sheet.facts)), tag("div", proof.settings(sheet.spec, sheet.facts)),
              class_="sheet")  # fmt: skip


def _mean(sheet: Many) -> tuple[Mean, Counter[str]]:
    """Make every curve once and average them; count the calendars they follow."""
    results = sheet.results
    step = Interval.parse(sheet.facts.interval).us
    mean = Mean(min(r.first for r in results), max(r.last for r in results), step)
    calendars: Counter[str] = Counter()
    for account in sheet.accounts():
        held = buy_and_hold(account.bars, account.rules).equity
        mean.add(account.bars.ts + step, account.equity, held, account.rules.cash)
        calendars[account.rules.calendar] += 1
    return mean, calendars


def _left(mean: Mean, calendars: Counter[str], sheet: Many) -> Iterator[Html]:
    """Yield the charts."""
    if mean.count:
        name, every = calendars.most_common(1)[0][0], Interval.parse(sheet.facts.interval)
        longer = max(every, _DAY, key=lambda each: each.us)
        at, returns = mean.daily()
        noun = "days" if longer is _DAY or longer.us == _DAY.us else f"bars of {longer.text}"
        curve = Curve(mean.closes, mean.equity, mean.held, 1.0, "times the cash", at, returns,
                      calendar(name).periods_a_year(longer), noun)  # fmt: skip
        hours = mean.every_us / 3_600_000_000
        note = (
            f"The mean of the instruments' equity, each with its own cash; not a portfolio. {mean.count:,} curves, "
            f"1 is the starting cash, marked every {hours:,.4g} h. An instrument counts with its cash before its first "
            "bar, and with what it ended with after its last."
        )
        yield from all_sections(
            curve, "Mean equity", sheet.facts.strategy, "mean of buying and holding, same costs", note, ""
        )
    yield tag("div", joined(_distributions(sheet.results)), class_="two")


def _distributions(results: Sequence[RunResult]) -> Iterator[Html]:
    """Yield how a metric is distributed over the instruments."""
    for name in ("total_return", "sharpe", "max_drawdown", "win_rate"):
        word = metric_word(name)
        found = [float(value) for r in results if (value := r.metrics.get(name)) is not None]
        title = f"{word.title} of instruments"
        if len(found) < 2:
            yield section(title, tag("p", f"{len(found)} of {len(results):,} instruments have one.", class_="none"))
            continue
        is_share = word.kind in ("percent", "signed_percent")
        bins = int(np.clip(2 * len(found) ** 0.5, 8, 40))
        look = {"percent": is_share, "signed": word.kind.startswith("signed") and name != "max_drawdown"}
        chart = distribution(np.array(found), label=title, noun="instruments", height=120, bins=bins, **look)
        missing = f" {len(results) - len(found):,} have none." if len(found) < len(results) else ""
        told = five_numbers(found, percent=is_share, signed=word.kind.startswith("signed"))
        note = f"{'%. ' if is_share else ''}{told}{missing}"
        yield section(title, chart, note=note)


def _strip(sheet: Many) -> Html:
    """Return the figures that a reader looks for first."""
    results = sheet.results
    returns = _values(results, "total_return")
    beaten = [(r.metrics.get("total_return"), r.metrics.get("buy_and_hold_return")) for r in results]
    compared = [(mine, held) for mine, held in beaten if mine is not None and held is not None]
    fees, money = _values(results, "fees_paid"), sheet.facts.currency() or MONEY
    cells = [
        ("Median return", f"{figures.percent(_median(returns))} %", "median_total_return", _median(returns)),
        ("Above 0", f"{sum(value > 0 for value in returns):,} of {len(results):,}", "above_zero", None),
        (
            "Beat buy and hold",
            f"{sum(mine > held for mine, held in compared):,} of {len(compared):,}",
            "beat_hold",
            None,
        ),
        ("Median Sharpe", figures.signed(_median(_values(results, "sharpe"))), "median_sharpe", None),
        (
            "Median drawdown",
            f"{figures.percent(_median(_values(results, 'max_drawdown')))} %",
            "median_max_drawdown",
            None,
        ),
        ("Trades", figures.count(sum(_values(results, "trades"))), "trades", sum(_values(results, "trades"))),
        ("Fees", f"{figures.plain(sum(fees))} {money}", "fees_paid", sum(fees)),
    ]
    return tag("dl", *(tag("div", tag("dt", title), tag("dd", text, data_metric=name,
                                                          data_value=None if raw is None else repr(raw)))
                       for title, text, name, raw in cells), class_="strip")  # fmt: skip


def _values(results: Sequence[RunResult], name: str) -> list[float]:
    """Return a metric of every result that has it."""
    return [float(value) for r in results if (value := r.metrics.get(name)) is not None]


def _median(values: Sequence[float]) -> float | None:
    """Return the median; None of nothing."""
    return float(np.median(np.array(values))) if values else None


def _medians(sheet: Many) -> Html:
    """Return the median of every metric, and how many instruments have it."""
    results, money = sheet.results, sheet.facts.currency() or MONEY
    rows: list[tuple[object, object]] = []
    for name in results[0].metrics:
        word, found = metric_word(name), _values(results, name)
        unit = money if word.unit == MONEY else word.unit
        text = f"{figures.drawn(word.kind, _median(found))} {unit}".rstrip() if found else figures.NONE
        few = tag("small", f" of {len(found):,}") if len(found) < len(results) else None
        rows.append((tag("span", word.title, title=word.meaning or None), joined((text, few))))
    note = "Of each metric over the instruments that have it."
    return section("Medians", pairs(rows), note=note)


def _flags(sheet: Many) -> Html:
    """Return how many instruments carry each flag."""
    times = Counter(flag for r in sheet.results for flag in r.flags)
    total = len(sheet.results)
    lines = [tag("li", tag("b", f"{count:,} of {total:,} "), f"{flag.replace('_', ' ')}: {flag_words(flag)}")
             for flag, count in times.most_common()]  # fmt: skip
    return section("Flags", tag("ul", *lines, class_="warnings") if lines else tag("p", "None.", class_="none"))


def _table(sheet: Many) -> Html:
    """Return a row an instrument."""
    results, facts = sheet.results, sheet.facts
    shown = results[:ROWS]
    sparks = len(shown) <= SPARKS
    titles = ["#", "Instrument", *_TITLES.values(), *(["Equity"] if sparks else []), "Flags"]
    rows = [_row(place, result, sparks) for place, result in enumerate(shown, 1)]
    table = tag("table", titled(titles, ("Instrument", "Equity", "Flags")), tag("tbody", *rows), class_="instruments")
    cut = f"The best {ROWS:,} of {len(results):,} are shown; all of them: " if len(results) > ROWS else "Every digit: "
    note = tag(
        "span",
        f"By total return, best first. Fees in {facts.currency() or 'the money of each instrument'}. ",
        "Each curve has a scale of its own. " if sparks else None,
        cut,
        tag("code", f"tapehead show {facts.short} --csv"),
    )
    return section("Instruments", scrolled(table, "Instruments"), note=note, class_="long")


def _row(place: int, result: RunResult, spark: bool) -> Html:
    """Return one instrument as a row."""
    cells = [tag("td", place), tag("td", tag("bdi", result.instrument), class_="words")]
    cells += [_cell(name, result) for name in _TITLES]
    if spark:
        cells.append(tag("td", sparkline(result.equity, 96, 20)))
    cells.append(tag("td", ", ".join(flag.replace("_", " ") for flag in result.flags), class_="words flags"))
    return tag("tr", *cells, data_row=result.instrument)


def _cell(name: str, result: RunResult) -> Html:
    """Return one metric as a cell, the raw number with it."""
    value, word = result.metrics.get(name), metric_word(name)
    if value is None:
        why = result.why.get(name, "")
        text = "∞" if why == "no_losses" and word.kind == "ratio" else figures.NONE
        return tag("td", text, data_metric=name, title=why.replace("_", " ") or None)
    text = figures.drawn(word.kind, value)
    given = {"data_metric": name, "data_value": repr(value)}
    return toned(text, value, "td", **given) if word.kind == "signed_percent" else tag("td", text, **given)
