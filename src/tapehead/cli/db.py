"""`tapehead db`: the database behind the store."""

from typing import TYPE_CHECKING, Any

import click

from tapehead.cli.closing import next_lines
from tapehead.cli.commands import Group
from tapehead.cli.db_use import use_lines
from tapehead.cli.session import Session
from tapehead.errors import NotServedError

if TYPE_CHECKING:
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
    "stand.",
)
@click.pass_context
def status(context: click.Context) -> int:
    """Tell how it stands."""
    from tapehead.library.database_use import look_at_use, use_document
    from tapehead.library.schema import look_at_database

    session = _here(context, "status")
    report = look_at_database(session.home)
    use = look_at_use(session.home)
    if session.json:
        session.put_document("db", {**_document(report), **({} if use is None else use_document(use))})
        return 0 if report.is_newest else 1
    session.put(*_lines(report), *(() if use is None else use_lines(use)))
    if not report.is_newest:
        session.say(*next_lines([(("db", "upgrade"), "bring it to the newest step")], session))
    return 0 if report.is_newest else 1


@db.command(
    "upgrade",
    example="tapehead db upgrade",
    help="Bring the schema to the newest step: all steps in one transaction, or none. Bars and runs stay as they are. "
    "A folder is brought there by whatever opens it, too.",
)
@click.pass_context
def upgrade(context: click.Context) -> int:
    """Move the schema."""
    from tapehead.library.schema import bring_up

    session = _here(context, "upgrade")
    before, after = bring_up(session.home)
    if session.json:
        session.put_document("db", {**_document(after), "before": before.found or None})
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
    from tapehead.library.schema import take_back

    session = _here(context, "downgrade")
    before, after = take_back(session.home, step)
    if session.json:
        session.put_document("db", {**_document(after), "before": before.found or None})
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


def _document(report: "SchemaReport") -> dict[str, Any]:
    """Return plain values."""
    return {
        "where": report.where,
        "server": report.server,
        "found": report.found or None,
        "newest": report.newest,
        "is_newest": report.is_newest,
    }


def _lines(report: "SchemaReport") -> list[str]:
    """Return what a person reads."""
    stands = report.found or "no store yet"
    return [
        f"store   {report.where}",
        f"server  {report.server}",
        f"schema  {stands}" + ("" if report.is_newest else f"; wanted is {report.newest}"),
    ]
