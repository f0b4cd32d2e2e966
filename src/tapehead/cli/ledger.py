"""`tapehead runs ledger`: how much was tried, over all runs, and what is left of the best."""

import json
from typing import TYPE_CHECKING

import click

from tapehead.cli import numbers
from tapehead.cli.cells import cut, folded, padded
from tapehead.cli.closing import next_lines
from tapehead.cli.commands import Command
from tapehead.cli.ink import Ink
from tapehead.cli.live import Ticker
from tapehead.cli.session import Session
from tapehead.cli.table import display_names
from tapehead.library.documents.trials import ledger_json
from tapehead.model.space import short_name

if TYPE_CHECKING:
    from tapehead.library.trials import SeriesTrials, TrialReport

_NAME = 14
_TITLES = (("trials", 9), ("worth", 8), ("sharpe", 8), ("by luck", 9), ("deflated", 10))
_LEAST = 8
_SHORT = 8
SHOWN_ENOUGH = 0.95
"""From this deflated Sharpe ratio on the best counts as more than luck."""


@click.command(
    "ledger",
    cls=Command,
    example="tapehead runs ledger --symbol BTCUSDT",
    help="Count what was tried over all runs, removed ones too, each trial once: a set of parameters of one strategy "
    "on one instrument, range and set of costs. Then hold the best against the luck of so many trials.",
)
@click.option("--symbol", metavar="S", help="Only trials on this instrument.")
@click.option("--strategy", metavar="NAME", help="Only trials of this strategy; luck counts those of all.")
@click.option("--top", type=click.IntRange(min=1), default=10, show_default=True, help="Instruments to show.")
@click.pass_context
def ledger(context: click.Context, symbol: str | None, strategy: str | None, top: int) -> int:
    """Show the ledger."""
    session: Session = context.find_root().obj
    ticker = Ticker(session)
    try:
        found = session.store.ledger(symbol=symbol, strategy=strategy, progress=ticker)
    finally:
        ticker.clear()
    if session.json:
        session.put_document("ledger", ledger_json(found))
    elif not found.trials:
        session.put("No trial yet.  Next:", *next_lines([(("strategies",), "what can be tried")], session))
    else:
        ink, width = Ink(session.colored), session.size[0]
        session.put(*_by_strategy(found, ink), "", *_by_instrument(found, top, width, ink), "", *_meaning(found, width))
    return 0


def _by_strategy(found: "TrialReport", ink: Ink) -> list[str]:
    """Return a line a strategy and, of more than one, their sum."""
    titles = f"{'strategy':<24}{'sources':>9}{'instruments':>13}{'trials':>12}{'runs':>8}"
    lines = [ink.head(titles)]
    for one in found.strategies:
        name = padded(cut(short_name(one.strategy), 23), 24)
        counts = f"{one.sources:>9,}{one.instruments:>13,}{numbers.count(one.trials):>12}{len(one.runs):>8,}"
        lines.append(name + counts)
    if len(found.strategies) > 1:
        lines.append(f"{'together':<46}{numbers.count(found.trials):>12}{len(found.runs):>8,}")
    return lines


def _by_instrument(found: "TrialReport", top: int, width: int, ink: Ink) -> list[str]:
    """Return a line an instrument and interval, the greatest deflated Sharpe ratio first."""
    several = len({one.interval for one in found.series}) > 1
    titles = "".join(f"{title:>{breadth}}" for title, breadth in _TITLES)
    head = f"{'symbol':<{_NAME}}{'bars ' if several else ''}{titles}  "
    lines = [ink.head(f"{head}best")]
    names = display_names([one.instrument for one in found.series])
    for one in found.series[:top]:
        name = padded(cut(names[one.instrument], _NAME - 1), _NAME) + (f"{one.interval:<5}" if several else "")
        cells = "".join(f"{cell:>{breadth}}" for cell, (_, breadth) in zip(_cells(one), _TITLES, strict=True))
        best = cut(_best_words(one), max(width - len(head), _LEAST))
        lines.append(f"{name}{cells}  {best}".rstrip())
    if len(found.series) > top:
        lines.append(ink.head(f"{len(found.series) - top:,} more; --top {len(found.series)} shows all"))
    return lines


def _cells(one: "SeriesTrials") -> list[str]:
    """Return the numbers of a line."""
    luck, best = one.standing.luck, one.standing.best
    sharpe = None if best is None else one.annual(best.sharpe)
    deflated = None if best is None else best.deflated
    ratios = [numbers.signed(value, 2) for value in (sharpe, one.annual(luck.highest))]
    return [numbers.count(one.trials), numbers.plain(luck.effective, 1), *ratios, numbers.plain(deflated, 2)]


def _best_words(one: "SeriesTrials") -> str:
    """Return the best trial: `SmaCross fast=5 slow=30`."""
    best = one.standing.best
    if best is None:
        return "-"
    said = [f"{name}={_plain(value)}" for name, value in json.loads(best.parameters).items()]
    return " ".join((short_name(best.context.strategy), *said))


def _plain(value: float | str) -> str:
    """Return a parameter's value without needless digits."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _meaning(found: "TrialReport", width: int) -> list[str]:
    """Return what the first line says, in a sentence."""
    one = found.series[0]
    luck, best = one.standing.luck, one.standing.best
    name = one.instrument.partition(":")[2]
    if best is None or best.deflated is None:
        reason = best.why if best is not None else "none of them moved"
        return folded(f"No trial on {name} has a deflated Sharpe ratio ({reason}).", width)
    tried = f"{luck.trials:,} trials on {name}, worth {numbers.plain(luck.effective, 1)} independent ones: without any "
    tried += f"skill the best of them has a Sharpe ratio of {numbers.signed(one.annual(luck.highest), 2)} on average"
    if luck.trials == 1:
        tried = f"1 trial on {name}, so that it is held against a Sharpe ratio of 0"
    enough = "more than luck" if best.deflated >= SHOWN_ENOUGH else "not shown to be more than luck; 95 % would be"
    text = (
        f"{tried}. The best here, {_best_words(one)} of run {best.run[:_SHORT]}, truly lies above that with a "
        f"probability of {numbers.share(best.deflated)} %: {enough}."
    )
    return folded(text, width)
