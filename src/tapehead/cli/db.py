"""`tapehead db`: the database behind the store."""

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from tapehead.cli.closing import next_lines
from tapehead.cli.commands import Group
from tapehead.cli.db_use import use_lines
from tapehead.cli.session import Session
from tapehead.errors import NotServedError, SurroundingsError
from tapehead.model.spec import iso
from tapehead.settings import read_settings

if TYPE_CHECKING:
    from tapehead.database.use import Use
    from tapehead.library.schema import SchemaReport


@click.group(
    "db",
    cls=Group,
    example="tapehead db status",
    help="The database behind the store: SQLite in a folder, or PostgreSQL 15 to 18 where --home or TAPEHEAD_HOME is "
    "its URL. An empty database gets its tables when a store is first opened there.",
)
def db() -> None:
    """Group the commands below."""


@db.command(
    "status",
    example="tapehead db status",
    help="Which database it is, at which step its schema stands, and which step this Tapehead wants. Ends with 1 where "
    "the two differ. Of PostgreSQL also who has it open, in every process, and how the replicas of TAPEHEAD_REPLICAS "
    "stand. With --server the service tells it of its own.",
)
@click.option(
    "--watch",
    is_flag=False,
    flag_value=2.0,
    type=click.FloatRange(0.2, 3600),
    metavar="[SECONDS]",
    help="Look again every 2 seconds, or as many, until Ctrl-C; a database that is away is told of too.",
)
@click.pass_context
def status(context: click.Context, watch: float | None) -> int:
    """Tell how it stands."""
    session: Session = context.find_root().obj
    if watch is None:
        return _tell(session, *_look(session))
    stands = 0
    try:
        while True:
            # Before anything of it is told: who reads it may end this at once.
            stands, tell = _looked(session)
            _begin_anew(session)
            tell()
            sys.stdout.flush()
            time.sleep(watch)
    except KeyboardInterrupt:
        return stands


def _look(session: Session) -> "tuple[SchemaReport, Use | None]":
    """Return how the database stands, here or behind a service."""
    if session.server is not None:
        from tapehead.library.documents.databases import database_from

        return database_from(session.remote.database())
    from tapehead.library.database_use import use_of
    from tapehead.library.schema import schema_of

    settings = read_settings(home=session.home)
    return schema_of(settings), use_of(settings)


def _tell(session: Session, report: "SchemaReport", use: "Use | None") -> int:
    """Write it; return the exit code."""
    from tapehead.library.documents.databases import database_json

    if session.json:
        session.put_document("db", database_json(report, use))
        return 0 if report.is_newest else 1
    session.put(*_lines(report), *(() if use is None else use_lines(use)))
    if report.is_newer:
        session.say("A newer Tapehead moved it: use that one, or let it take the steps back.")
    elif not report.is_newest:
        session.say(*next_lines([(("db", "upgrade"), "bring it to the newest step")], session))
    return 0 if report.is_newest else 1


def _looked(session: Session) -> tuple[int, Callable[[], Any]]:
    """Look; return the exit code, and what tells of it."""
    try:
        report, use = _look(session)
    except SurroundingsError as error:
        return error.exit_code, partial(_tell_away, session, error)
    return 0 if report.is_newest else 1, partial(_tell, session, report, use)


def _tell_away(session: Session, error: SurroundingsError) -> None:
    """Write why nothing is known of it now."""
    if session.json:
        told = {"at": iso(time.time_ns() // 1000), "code": error.code, "text": str(error)}
        session.put_document("db", {"error": told})
    else:
        session.put(str(error))


def _begin_anew(session: Session) -> None:
    """Clear the screen of a terminal; elsewhere a line with the time divides one look from the next."""
    if session.interactive:
        sys.stdout.write("\x1b[H\x1b[2J")
    if not session.json:
        session.put(f"{iso(time.time_ns() // 1_000_000 * 1000)} (UTC), Ctrl-C ends")


@db.command(
    "upgrade",
    example="tapehead db upgrade",
    help="Bring the schema to the newest step: all steps in one transaction, or none. Bars and runs stay as they are. "
    "A folder is brought there by whatever opens it, too.",
)
@click.pass_context
def upgrade(context: click.Context) -> int:
    """Move the schema."""
    from tapehead.library.documents.databases import database_json
    from tapehead.library.schema import bring_up

    session = _here(context, "upgrade")
    before, after = bring_up(session.home)
    if session.json:
        session.put_document("db", {**database_json(after, None), "before": before.found or None})
        return 0
    session.put(*_lines(after))
    session.say("It stood there before." if before.is_newest else f"Before: {before.found or 'no store'}.")
    return 0


@db.command(
    "downgrade",
    example="tapehead db downgrade runs=2",
    help="Take steps of the schema back for an older Tapehead, to STEP: 0002 of PostgreSQL, runs=2 of a folder. "
    "Refused where bars, runs or anything else would be lost; all steps or none.",
)
@click.argument("step")
@click.pass_context
def downgrade(context: click.Context, /, step: str) -> int:
    """Move the schema back."""
    from tapehead.library.documents.databases import database_json
    from tapehead.library.schema import take_back

    session = _here(context, "downgrade")
    before, after = take_back(session.home, step)
    if session.json:
        session.put_document("db", {**database_json(after, None), "before": before.found or None})
        return 0
    session.put(*_lines(after))
    session.say(
        f"Before: {before.found}. For this Tapehead:", *next_lines([(("db", "upgrade"), "bring it up again")], session)
    )
    return 0


def _here(context: click.Context, command: str) -> Session:
    """Return the session of a store that is not behind a service."""
    session: Session = context.find_root().obj
    if session.server is not None:
        raise NotServedError(url=session.server, command=f"db {command}")
    return session


def _lines(report: "SchemaReport") -> list[str]:
    """Return what a person reads."""
    stands = report.found or "no store yet"
    return [
        f"store   {report.where}",
        f"server  {report.server}",
        f"schema  {stands}" + ("" if report.is_newest else f"; wanted is {report.newest}"),
    ]
