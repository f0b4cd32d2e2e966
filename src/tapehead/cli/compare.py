"""`tapehead runs compare`: two kept runs side by side."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from tapehead.cli import numbers
from tapehead.cli.cells import cut, padded
from tapehead.cli.closing import next_lines, plural
from tapehead.cli.commands import Command
from tapehead.cli.ink import Ink
from tapehead.cli.session import Session
from tapehead.cli.table import display_names, headed, wrapped
from tapehead.library.documents.comparisons import comparison_json
from tapehead.model.pooling import ACCOUNT

if TYPE_CHECKING:
    from tapehead.jobs.compare import Pair, TradePair
    from tapehead.library.compare import Comparison, TradesApart
    from tapehead.ports.runs import RunRecord

_SHOWN_TRADES = 3
_MOST_APART = 1_000
"""Instruments whose trades are listed: a service lists no more."""
_NAMED = 14


@click.command(
    "compare",
    cls=Command,
    example="tapehead runs compare 01JD8Q7K 01JD8Q9M --top 20",
    help="Show two runs side by side: settings that differ, results of both, and trades that differ, with what may be "
    "the reason: data, costs, other settings (spec), code of the strategy, or engine. Times are UTC.",
)
@click.argument("a")
@click.argument("b")
@click.option("--top", type=click.IntRange(min=1), default=10, show_default=True, help="Instruments to show.")
@click.pass_context
def compare(context: click.Context, a: str, b: str, top: int) -> int:
    """Compare."""
    session: Session = context.find_root().obj
    found = session.store.compare(a, b, instruments=min(top, _MOST_APART))
    if session.json:
        session.put_document("compare", comparison_json(found))
        return 0
    ink, width = Ink(session.colored), session.size[0]
    for lines in (_head(found, width, ink), _results(found, top, ink), _trades(found, ink, width)):
        session.put(*lines)
    session.put("Next:", *next_lines([(("verify", found.a.run), "make A again and compare every bit")], session))
    return 0


def _head(found: "Comparison", width: int, ink: Ink) -> list[str]:
    """Return both runs and what they differ in."""
    lines = [_run_line(name, one, ink) for name, one in (("A", found.a), ("B", found.b))]
    for one in found.settings:
        words = [f"  {one.name:<22}", f"A {_value(one.a)}", f"B {_value(one.b)}"]
        lines += wrapped(words, width)
    return [*lines, f"  differ in: {', '.join(found.reasons) or 'nothing'}", ""]


def _run_line(name: str, record: "RunRecord", ink: Ink) -> str:
    """Return one run in a line."""
    strategy = record.spec["strategy"].rpartition("/")[2].rpartition(":")[2]
    made = numbers.moment(record.created_at // 1_000_000 * 1_000_000)
    words = (record.run, strategy[:_NAMED], f"made {made}", f"{record.count:,} results")
    return f"{ink.strong(name)}  {'  '.join(words)}"


def _value(value: Any) -> str:
    """Return a setting as it stands in JSON."""
    text = "default" if value is None else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 40 else f"{text[:38]}.."


def _results(found: "Comparison", top: int, ink: Ink) -> list[str]:
    """Return a line an instrument, those that moved most first."""
    titles = ("return % A", "B", "sharpe A", "B", "trades A", "B")
    lines = [ink.head(f"{'symbol':<{_NAMED}}" + "".join(f"{title:>11}" for title in titles))]
    names = display_names([pair.instrument for pair in found.results])
    ranked = sorted(found.results, key=lambda pair: (-_moved(pair), pair.instrument))
    for pair in ranked[:top]:
        cells = [text for both in _cells(pair) for text in both]
        lines.append(padded(cut(names[pair.instrument], _NAMED - 1), _NAMED) + "".join(f"{cell:>11}" for cell in cells))
    if len(ranked) > top:
        lines.append(ink.head(f"{len(ranked) - top:,} more; --top {len(ranked)} shows all"))
    return [*lines, ""]


def _cells(pair: "Pair") -> Iterator[list[str]]:
    """Yield return, Sharpe ratio and trades of both."""
    for name, draw in (
        ("total_return", numbers.percent),
        ("sharpe", lambda value: numbers.signed(value, 2)),
        ("trades", numbers.count),
    ):
        yield ["-" if one is None else draw(one.metrics.get(name)) for one in (pair.a, pair.b)]


def _moved(pair: "Pair") -> float:
    """Return how far apart the returns are; most where only one run has any."""
    values = [None if one is None else one.metrics.get("total_return") for one in (pair.a, pair.b)]
    return float("inf") if values[0] is None or values[1] is None else abs(values[0] - values[1])


def _trades(found: "Comparison", ink: Ink, width: int) -> list[str]:
    """Return the first trades that differ."""
    if not found.apart:
        return ["Trades: the same in both, bit for bit."]
    account = any(pair.instrument == ACCOUNT and pair.same_trades is False for pair in found.results)
    lines = [f"Trades differ on {plural(found.apart - account, 'instrument')}{' and the account' if account else ''}:"]
    for one in found.trades:
        lines += _trade_lines(one, ink, width)
    rest = found.apart - account - sum(one.instrument != ACCOUNT for one in found.trades)
    return [*lines, *([ink.head(f"  {plural(rest, 'more instrument')}")] if rest else [])]


def _trade_lines(one: "TradesApart", ink: Ink, width: int) -> list[str]:
    """Return the trades of one instrument."""
    count = len(one.trades) + one.more
    head = headed([one.instrument, plural(count, "trade"), ", ".join(one.reasons)], width - 2, ink)
    lines = [f"  {line}" for line in head]
    for trade in one.trades[:_SHOWN_TRADES]:
        lines += [f"    {line}" for line in wrapped(_trade_words(trade), width - 4)]
    rest = count - _SHOWN_TRADES
    return [*lines, *([ink.head(f"    {rest:,} more")] if rest > 0 else [])]


def _trade_words(trade: "TradePair") -> Sequence[str]:
    """Return what is to be said of a trade that differs."""
    head = f"{trade.entry_time[:16].replace('T', ' ')} {'long' if trade.side > 0 else 'short'}"
    if trade.a is None or trade.b is None:
        return [head, f"only in {'B' if trade.a is None else 'A'}"]
    shown = ("exit_time", "exit_price", "reason", "profit")
    named = [name for name in shown if name in trade.differing] or list(trade.differing[:2])
    return [head, *(f"{name} {_value(trade.a[name])} | {_value(trade.b[name])}" for name in named)]
