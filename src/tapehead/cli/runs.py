"""`tapehead runs` and `tapehead verify`: the kept runs, and whether they can be made again."""

from typing import TYPE_CHECKING

import click

from tapehead.cli import numbers
from tapehead.cli.cells import cut, padded, width_of
from tapehead.cli.closing import next_lines
from tapehead.cli.commands import Command, Group
from tapehead.cli.compare import compare
from tapehead.cli.ink import Ink
from tapehead.cli.ledger import ledger
from tapehead.cli.runs_import import import_trades
from tapehead.cli.session import Session
from tapehead.library.documents.runs import listed_json
from tapehead.library.limits import MOST_ROWS

if TYPE_CHECKING:
    from tapehead.ports.runs import RunRecord

_SHORT = 8
_LEAST_ROOM = 12
_LIMIT = click.option(
    "--limit", type=click.IntRange(1, MOST_ROWS), default=20, show_default=True, metavar="N", help="How many."
)
_BEFORE = click.option("--before", metavar="RUN", help="Only those that are older than this one.")


@click.group(
    "runs",
    cls=Group,
    example="tapehead runs list --limit 5",
    invoke_without_command=True,
    help="List the kept runs, newest first; compare two, remove one, or keep trades of another program as one.",
)
@_LIMIT
@_BEFORE
@click.pass_context
def runs(context: click.Context, limit: int, before: str | None) -> int:
    """List where no other command is named."""
    return 0 if context.invoked_subcommand else _list(context.find_root().obj, limit, before)


@runs.command("list", example="tapehead runs list --limit 5", help="List the kept runs, newest first (times UTC).")
@_LIMIT
@_BEFORE
@click.pass_context
def list_(context: click.Context, limit: int, before: str | None) -> int:
    """List runs."""
    return _list(context.find_root().obj, limit, before)


@runs.command("rm", example="tapehead runs rm 01JD8Q7K", help="Remove a run with its results; a unique prefix will do.")
@click.argument("run")
@click.pass_context
def rm(context: click.Context, run: str) -> int:
    """Remove a run."""
    session: Session = context.find_root().obj
    record = session.store.run(run).record
    session.store.delete_run(record.run)
    if session.json:
        session.put_document("runs", {"removed": record.run})
    else:
        session.put(f"Run {record.run} is removed.")
    return 0


runs.add_command(compare)
runs.add_command(ledger)
runs.add_command(import_trades)


def _list(session: Session, limit: int, before: str | None) -> int:
    """Write the list of runs."""
    records = session.store.runs(limit, before)
    last = records[-1].run if len(records) == limit and session.store.runs(1, records[-1].run) else None
    if session.json:
        session.put_document("runs", {"runs": [listed_json(record) for record in records], "before": last})
    elif not records:
        session.put("No run yet.  Next:", *next_lines([(("strategies",), "what can be run")], session))
    else:
        ink, (width, _) = Ink(session.colored), session.size
        session.put(ink.head(f"{'run':<10}{'made (UTC)':<18}{'strategy':<16}{'on':<14}{'results':>8}  state"))
        session.put(*(_line(one, short, width) for one, short in zip(records, _short_ids(records), strict=True)))
        if last is not None:
            session.say("Older:", *next_lines([(("runs", "list", "--before", last), "")], session))
    return 0


def _short_ids(records: "list[RunRecord]") -> list[str]:
    """Return the shortest prefixes, at least 8 long, that tell these runs apart."""
    ids, length = [record.run for record in records], _SHORT
    while len({one[:length] for one in ids}) < len(ids) and length < 26:
        length += 1
    return [one[:length] for one in ids]


def _line(record: "RunRecord", short: str, width: int) -> str:
    """Return one run in a line; its parameters where the window has room for them."""
    spec = record.spec
    symbols = spec.get("symbols") or []
    on = spec.get("universe") or (symbols[0] if len(symbols) == 1 else f"{len(symbols)} symbols")
    state = state_word(record.state) + (f", {record.failed} failed" if record.failed else "")
    when = numbers.moment(record.created_at // 60_000_000 * 60_000_000)
    name = cut(_name(spec["strategy"]), 14)
    line = f"{short:<10}{when:<18}{padded(name, 16)}{padded(cut(on, 12), 14)}{record.count:>8,}  {state:<12}"
    room = width - width_of(line)
    parameters = " ".join(f"{name}={_plain(value)}" for name, value in spec["parameters"].items())
    if "grid" in spec:
        parameters = f"sweep {' x '.join(f'{len(values)} {name}' for name, values in spec['grid'].items())}"
    return f"{line}{cut(parameters, room)}".rstrip() if room >= _LEAST_ROOM else line.rstrip()


def state_word(state: str) -> str:
    """Return a run's state; `running` is kept by a killed process too, and only its end could have changed it."""
    return "not finished" if state == "running" else state


def _plain(value: float | str) -> str:
    """Return a parameter's value without needless digits."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _name(strategy: str) -> str:
    """Return the name of a strategy without its file or module."""
    return strategy.rpartition("/")[2].rpartition(":")[2]


@click.command(
    "verify",
    cls=Command,
    example="tapehead verify 01JD8Q7K",
    help="Make a run again, in a fresh process and from its segments alone, and compare every bit.",
)
@click.argument("run")
@click.pass_context
def verify(context: click.Context, run: str) -> int:
    """Verify; exit 1 when anything differs."""
    session: Session = context.find_root().obj
    verification = session.store.verify(run, apart=False)
    differs = verification.verdict == "differs"
    if session.json:
        session.put_document("verify", {k: v for k, v in verification.to_json().items() if k != "schema"})
    else:
        session.put(verification.verdict)
        session.put(f"  {verification.compared:,} results compared, digest {verification.digest[:16]}")
        if verification.first_difference:
            session.put(f"  first difference: {verification.first_difference}")
        session.put(*(f"  changed since: {what}" for what in verification.changed))
    return 1 if differs else 0
