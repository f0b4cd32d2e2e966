"""`tapehead store diff`: what changed between two snapshots."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from tapehead.cli import numbers
from tapehead.cli.commands import Command
from tapehead.cli.ink import Ink
from tapehead.cli.live import Ticker
from tapehead.cli.session import Session
from tapehead.cli.table import headed
from tapehead.model.spec import iso

if TYPE_CHECKING:
    from tapehead.jobs.diff import BarChange, InstrumentDiff, SeriesDiff, SnapshotDiff

_SHOWN = 12
_FIELDS = ("open", "high", "low", "close", "volume", "flags")


@click.command(
    "diff",
    cls=Command,
    example="tapehead store diff 2 3",
    help="Compare two snapshots bar by bar: added, removed and changed bars of each series, with the first changed "
    "ones (times UTC); instruments and factors too. Snapshots have the numbers of commits, see: tapehead store log.",
)
@click.argument("before", metavar="A", type=click.IntRange(min=0))
@click.argument("after", metavar="B", type=click.IntRange(min=0))
@click.pass_context
def diff(context: click.Context, /, before: int, after: int) -> int:
    """Compare."""
    session: Session = context.find_root().obj
    ticker = Ticker(session)
    try:
        found = session.store.diff(before, after, progress=ticker)
    finally:
        ticker.clear()
    if session.json:
        session.put_document("store", {"diff": _document(found)})
    else:
        session.put(*_lines(found, Ink(session.colored), session.size[0], None if session.verbose else _SHOWN))
    return 0


def _lines(found: "SnapshotDiff", ink: Ink, width: int, most: int | None) -> list[str]:
    """Return a line a series, its first changed bars below it, then instruments and factors; the first of each."""
    head = f"From snapshot {found.before} to {found.after}: "
    if not found:
        return [f"{head}nothing differs."]
    lines = [f"{head}{len(found.series):,} series differ{'s' * (len(found.series) == 1)}"]
    for one in found.series[:most]:
        lines += _series_lines(one, ink, width)
    lines += _more(found.series[most:] if most else (), "series")
    lines += [_instrument_line(each) for each in found.instruments[:most]]
    lines += _more(found.instruments[most:] if most else (), "instruments")
    lines += [f"{name}: other factors" for name in found.factors[:most]]
    return lines + _more(found.factors[most:] if most else (), "with other factors")


def _more(hidden: Sequence[object], what: str) -> list[str]:
    """Return how many are not shown."""
    return [f"{len(hidden):,} more {what}; -v shows all"] if hidden else []


def _series_lines(one: "SeriesDiff", ink: Ink, width: int) -> list[str]:
    """Return the counts of one series and its first changed bars."""
    counts = (("added", one.added), ("removed", one.removed), ("changed", one.changed), ("reflagged", one.reflagged))
    text = ", ".join(f"{count:,} {word}" for word, count in counts if count)
    lines = headed([f"{one.series.instrument} {one.series.interval}", f"bars: {text}"], width, ink)
    for change in one.first:
        moved = [
            f"{name} {was!r} to {now!r}"
            for name, was, now in zip(_FIELDS, change.before, change.after, strict=True)
            if was != now
        ]
        lines.append(f"  {numbers.moment(change.ts):<16}  {', '.join(moved)}")
    more = one.changed + one.reflagged - len(one.first)
    return [*lines, f"  {more:,} more"] if more > 0 else lines


def _instrument_line(one: "InstrumentDiff") -> str:
    """Return an instrument that came, went or changed."""
    if one.before is None or one.after is None:
        return f"{one.instrument}: instrument {'added' if one.before is None else 'removed'}"
    moved = ", ".join(f"{name} {one.before[name]!r} to {one.after[name]!r}" for name in one.before)
    return f"{one.instrument}: {moved}"


def _document(found: "SnapshotDiff") -> dict[str, Any]:
    """Return plain values."""
    sums = {
        name: sum(getattr(one, name) for one in found.series) for name in ("added", "removed", "changed", "reflagged")
    }
    return {
        "before": found.before,
        "after": found.after,
        "total": {"series": len(found.series), **sums},
        "series": [_series_json(one) for one in found.series],
        "instruments": [
            {"instrument": one.instrument, "before": _facts(one.before), "after": _facts(one.after)}
            for one in found.instruments
        ],
        "factors": list(found.factors),
    }


def _series_json(one: "SeriesDiff") -> dict[str, Any]:
    """Return plain values of one series."""
    return {
        "instrument": one.series.instrument,
        "interval": one.series.interval.text,
        "added": one.added,
        "removed": one.removed,
        "changed": one.changed,
        "reflagged": one.reflagged,
        "first": [_change_json(change) for change in one.first],
    }


def _change_json(change: "BarChange") -> dict[str, Any]:
    """Return plain values of one changed bar."""
    before, after = (dict(zip(_FIELDS, values, strict=True)) for values in (change.before, change.after))
    return {"time": iso(change.ts), "before": before, "after": after}


def _facts(facts: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return facts with times as text."""
    if facts is None:
        return None
    return {name: iso(value) if name.endswith("_at") and value is not None else value for name, value in facts.items()}
