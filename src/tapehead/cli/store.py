"""`tapehead store`: the commits of a store, its size, its count, and what only old snapshots hold."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from tapehead.cli import numbers
from tapehead.cli.closing import next_lines, plural
from tapehead.cli.commands import Group
from tapehead.cli.ink import Ink
from tapehead.cli.quality import quality_lines
from tapehead.cli.session import Session
from tapehead.cli.sizes import size
from tapehead.cli.store_diff import diff
from tapehead.cli.store_export import export
from tapehead.cli.store_lines import lines
from tapehead.cli.store_promote import promote
from tapehead.cli.store_rows import rows
from tapehead.cli.store_verify import verify
from tapehead.library.documents.commits import commit_json
from tapehead.library.limits import MOST_ROWS

if TYPE_CHECKING:
    from tapehead.library.upkeep import StoreStats
    from tapehead.model.history import CommitRecord, StoreFacts

_RAW = 48


@click.group(
    "store",
    cls=Group,
    example="tapehead store log --limit 5",
    help="Look after the store: check it, list and compare its snapshots, give space back, take bars out.",
)
def store() -> None:
    """Group the commands below."""


for _command in (verify, diff, export, lines, promote, rows):
    store.add_command(_command)


@store.command(
    "log",
    example="tapehead store log 3",
    help="List the commits, newest first (times UTC); with COMMIT, show the quality report kept with that one.",
)
@click.argument("commit", type=int, required=False)
@click.option(
    "--limit", type=click.IntRange(1, MOST_ROWS), default=20, show_default=True, metavar="N", help="How many."
)
@click.option("--before", type=click.IntRange(min=1), metavar="COMMIT", help="Only those below it.")
@click.pass_context
def log(context: click.Context, /, commit: int | None, limit: int, before: int | None) -> int:
    """List commits, or show one."""
    session: Session = context.find_root().obj
    if commit is not None:
        return _one(session, commit)
    records = session.store.log(limit, before)
    last = records[-1].number if len(records) == limit and records[-1].number > 1 else None
    if session.json:
        session.put_document("store", {"log": [commit_json(record) for record in records], "before": last})
    elif records:
        session.put(*_log_lines(records, session))
        if last is not None:
            session.say("Older:", *next_lines([(("store", "log", "--before", str(last)), "")], session))
    else:
        commands = [(("import", "PATH"), "CSV or Parquet files"), (("demo",), "a synthetic market of 48")]
        session.put("No commit yet.  Next:", *next_lines(commands, session))
    return 0


def _one(session: Session, commit: int) -> int:
    """Show one commit with its report."""
    record = session.store.commit(commit)
    content = session.store.report(commit)
    report = json.loads(content) if content else None
    if session.json:
        session.put_document("store", {"log": [commit_json(record)], "report": report})
        return 0
    session.put(*_log_lines([record], session))
    if report is None:
        session.put("No quality report is kept with this commit; imports have one.")
    else:
        lines = quality_lines(report, Ink(session.colored), width=session.size[0], verbose=session.verbose)
        session.put("", *lines, "")
    if record.undone_by is None and not record.swept:
        session.put("Next:", *next_lines([(("undo", str(commit)), "take it back")], session))
    return 0


def _log_lines(records: "Sequence[CommitRecord]", session: Session) -> list[str]:
    """Return a line a commit."""
    ink, (width, _) = Ink(session.colored), session.size
    lines = [ink.head(f"{'commit':>6}  {'made (UTC)':<16}  {'kind':<6}  {'segments':>8}  note")]
    for record in records:
        made = numbers.moment(record.at // 60_000_000 * 60_000_000)
        head = f"{record.number:>6}  {made:<16}  {record.kind:<6}  {record.segments:>8,}  "
        state = _state(record)
        room = max(width - len(head) - len(state), 12)
        note = record.note if len(record.note) <= room else f"{record.note[: room - 2]}.."
        lines.append(f"{head}{note}{ink.warn(state)}".rstrip())
    return lines


def _state(record: "CommitRecord") -> str:
    """Return what became of a commit since."""
    words = [f"undone by {record.undone_by}"] if record.undone_by is not None else []
    words += ["given back"] if record.swept else []
    return f"  ({', '.join(words)})" if words else ""


@store.command(
    "gc",
    example="tapehead store gc --keep 7d --dry-run",
    help="Give back what only old snapshots name. The newest snapshot stays, and those that kept runs were made "
    "on, that are being read, or that were the newest within --keep; what was committed since can still be undone.",
)
@click.option("--keep", metavar="30d", default="30d", show_default=True, help="How long a snapshot stays.")
@click.option("--dry-run", is_flag=True, help="Count only; take nothing.")
@click.pass_context
def gc(context: click.Context, /, keep: str, dry_run: bool) -> int:
    """Sweep."""
    session: Session = context.find_root().obj
    swept = session.store.gc(keep, dry_run=dry_run)
    if session.json:
        body = {
            "dry_run": dry_run,
            "snapshots": swept.snapshots,
            "segments": swept.segments,
            "orphans": swept.orphans,
            "size_bytes": swept.size_bytes,
        }
        session.put_document("store", {"gc": body})
        return 0
    verb = "Would give back" if dry_run else "Gave back"
    parts = [plural(swept.snapshots, "snapshot"), plural(swept.segments, "segment"), plural(swept.orphans, "orphan")]
    session.put(f"{verb} {', '.join(parts)}: {size(swept.size_bytes)}.")
    return 0


@store.command("recount", example="tapehead store recount", help="Count the coverage of every series anew.")
@click.pass_context
def recount(context: click.Context) -> int:
    """Recount."""
    session: Session = context.find_root().obj
    wrong = session.store.recount()
    if session.json:
        session.put_document("store", {"recount": {"wrong": wrong}})
    else:
        session.put(f"{wrong:,} series were counted wrong and are right now." if wrong else "Every series was right.")
    return 0


@store.command("stats", example="tapehead store stats", help="Tell how much is held, and what it takes on disk.")
@click.pass_context
def stats(context: click.Context) -> int:
    """Tell sizes."""
    session: Session = context.find_root().obj
    found = session.store.stats()
    if session.json:
        session.put_document("store", {"stats": _stats_json(found)})
    else:
        session.put(*_stats_lines(found, session.store.where))
    return 0


def _bar_bytes(found: "StoreStats") -> float | None:
    """Return the bytes that a bar of a segment takes; None where there is none."""
    bars = found.facts.bars - found.facts.tail_bars
    return found.facts.segment_bytes / bars if bars > 0 else None


def _stats_lines(found: "StoreStats", home: str) -> list[str]:
    """Return a line a figure."""
    facts, per_bar = found.facts, _bar_bytes(found)
    rows = [
        ("store", home),
        ("snapshot", f"{facts.snapshot}; the oldest that can be read is {facts.oldest_snapshot}"),
        ("commits", f"{facts.commits:,}"),
        ("held", f"{plural(facts.instruments, 'instrument')}, {facts.series:,} series, {plural(facts.bars, 'bar')}"),
        ("segments", f"{facts.segments:,} in {size(facts.segment_bytes)}"),
    ]
    if per_bar is not None:
        raw = f"{_RAW} raw ({_RAW / per_bar:.1f} times)"
        csv = f"{found.csv_bar_bytes:.1f} as CSV ({found.csv_bar_bytes / per_bar:.1f} times)"
        rows.append(("bytes a bar", f"{per_bar:.1f}, against {raw}{f' and {csv}' if found.csv_bar_bytes else ''}"))
    rows += [
        ("tail", f"{plural(facts.tail_bars, 'bar')} in {plural(facts.tail_blocks, 'block')}"),
        ("old snapshots", f"{size(facts.kept_bytes)} that only they name"),
        ("databases", size(facts.database_bytes)),
        ("set aside", plural(facts.quarantined, "row")),
        ("roll-ups", _rolled_text(facts)),
    ]
    rows += [(f"{tier.name} tier", f"{size(tier.size_bytes)} of {size(tier.limit_bytes)}") for tier in found.tiers]
    rows.append(("disk", f"{size(found.free_bytes)} left"))
    return [f"{name:<15}{text}" for name, text in rows]


def _rolled_text(facts: "StoreFacts") -> str:
    """Say what is kept of coarser bars, and what of it the next reader brings up to date."""
    if not facts.roll_ups:
        return "none yet; daily and weekly bars are kept when they are read"
    behind = f"{facts.roll_ups_behind:,} of changed series" if facts.roll_ups_behind else "all up to date"
    return f"{facts.roll_ups:,} with {plural(facts.roll_up_bars, 'daily or weekly bar')}, {behind}"


def _stats_json(found: "StoreStats") -> dict[str, Any]:
    """Return plain values."""
    facts, per_bar = found.facts, _bar_bytes(found)
    return {
        "snapshot": facts.snapshot,
        "oldest_snapshot": facts.oldest_snapshot,
        "commits": facts.commits,
        "instruments": facts.instruments,
        "series": facts.series,
        "bars": facts.bars,
        "segments": facts.segments,
        "segment_bytes": facts.segment_bytes,
        "bytes_per_bar": per_bar,
        "csv_bytes_per_bar": found.csv_bar_bytes or None,
        "raw_bytes_per_bar": _RAW,
        "tail_bars": facts.tail_bars,
        "tail_blocks": facts.tail_blocks,
        "kept_bytes": facts.kept_bytes,
        "database_bytes": facts.database_bytes,
        "quarantined": facts.quarantined,
        "roll_ups": facts.roll_ups,
        "roll_up_bars": facts.roll_up_bars,
        "roll_ups_behind": facts.roll_ups_behind,
        "tiers": [
            {"name": one.name, "size_bytes": one.size_bytes, "limit_bytes": one.limit_bytes} for one in found.tiers
        ],
        "free_bytes": found.free_bytes,
    }
