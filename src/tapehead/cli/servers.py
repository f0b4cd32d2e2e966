"""`tapehead servers`: a PostgreSQL and a Valkey of one's own."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tapehead.cli.closing import next_lines
from tapehead.cli.commands import Group
from tapehead.cli.ink import Ink
from tapehead.cli.serve import Port
from tapehead.cli.session import Session
from tapehead.errors import NotServedError

if TYPE_CHECKING:
    from tapehead.library.servers import ServerState

_NAMES = ("postgres", "valkey")
_WORDS = {
    "running": "runs",
    "starting": "starts; it does not answer yet",
    "killed": "was killed; the next start recovers it",
    "stopped": "stopped",
    "absent": "never started",
}


@click.group(
    "servers",
    cls=Group,
    example="tapehead servers start",
    help="PostgreSQL and Valkey of your own, in the home folder: no root, no container. They outlive the terminal.",
)
def servers() -> None:
    """Group the commands below."""


def _named(command: Callable[..., Any]) -> Callable[..., Any]:
    """Take the name of one server; without it both."""
    return click.argument("name", type=click.Choice(_NAMES), required=False)(command)


def _showing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Take the flag that shows passwords."""
    return click.option("--show-password", "passwords", is_flag=True, help="Addresses with their passwords.")(command)


@servers.command(
    "start",
    example="tapehead servers start postgres",
    help="Start both, or the one named, and wait until they answer; what runs is left alone. Programs are those of "
    "`pip install 'tapehead[local-servers]'`, or of the folder you name. They listen on this machine only.",
)
@_named
@click.option(
    "--port", type=Port(), metavar="N|free", help="Port of the one named; default the one it had, else a free one."
)
@click.option(
    "--pg-bin",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of PostgreSQL's programs (15 to 18), such as /usr/lib/postgresql/15/bin.",
)
@click.option(
    "--valkey-bin",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of valkey-server or redis-server.",
)
@click.option(
    "--memory",
    "memory_mb",
    type=click.IntRange(8, 1_000_000),
    default=256,
    show_default=True,
    metavar="MIB",
    help="Most that Valkey holds; the least recently used goes first.",
)
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(1, 86_400),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="How long an answer may take; one that recovers from a crash may need longer.",
)
@_showing
@click.pass_context
def start(
    context: click.Context,
    name: str | None,
    port: int | None,
    pg_bin: Path | None,
    valkey_bin: Path | None,
    memory_mb: int,
    wait_s: float,
    passwords: bool,
) -> int:
    """Start them."""
    from tapehead.library.servers import start_servers

    session = _session(context, "servers start")
    if port is not None and name is None:
        raise click.UsageError("--port is for one server; name it, such as tapehead servers start postgres --port free")
    programs, started = {"postgres": pg_bin, "valkey": valkey_bin}, []
    for one in _asked(name):
        (state,) = start_servers(
            session.home,
            [one],
            port=port,
            programs=programs[one],
            memory_mb=memory_mb,
            wait_s=wait_s,
            told=lambda text: session.say(f"{text} ..."),
        )
        started.append(state)
        if not session.json:
            _put(session, state, "started" if state.begun else "runs already", passwords=passwords)
    if session.json:
        _put_document(session, started, passwords=passwords)
        return 0
    if not passwords:
        session.say(
            *next_lines(
                [
                    (("servers", "status", "--show-password"), "their passwords too"),
                    (("servers", "stop"), "stop them; data stays"),
                ],
                session,
            )
        )
    return 0


@servers.command(
    "status",
    example="tapehead servers status postgres --show-password",
    help="How both do, or the one named, and where they are reached. Ends with 1 where the one named does not run.",
)
@_named
@_showing
@click.pass_context
def status(context: click.Context, name: str | None, passwords: bool) -> int:
    """Look at them."""
    from tapehead.library.servers import look_at_servers

    session = _session(context, "servers status")
    states = look_at_servers(session.home, _asked(name))
    if session.json:
        _put_document(session, states, passwords=passwords)
    else:
        for state in states:
            _put(session, state, _WORDS[state.state], passwords=passwords)
    return 1 if name is not None and states[0].state != "running" else 0


@servers.command(
    "url",
    example="tapehead servers url postgres",
    help="The address of one that runs, with its password, and nothing else: for a script or a file. Ends with 1 where "
    "it does not run.",
)
@click.argument("name", type=click.Choice(_NAMES))
@click.pass_context
def url(context: click.Context, name: str) -> int:
    """Tell where one is."""
    from tapehead.library.servers import look_at_servers

    session = _session(context, "servers url")
    (state,) = look_at_servers(session.home, [name])
    if state.state != "running":
        session.say(f"{name} {_WORDS[state.state]}.", *next_lines([(("servers", "start", name), "start it")], session))
        return 1
    if session.json:
        _put_document(session, [state], passwords=True)
    else:
        session.put(state.document(passwords=True)["url"])
    return 0


@servers.command(
    "stop",
    example="tapehead servers stop valkey",
    help="Stop both, or the one named: sessions are ended, data stays. What does not run is left as it is.",
)
@_named
@click.pass_context
def stop(context: click.Context, name: str | None) -> int:
    """Stop them."""
    from tapehead.library.servers import stop_servers

    session = _session(context, "servers stop")
    stopped = []
    for state, ran in stop_servers(session.home, _asked(name)):
        stopped.append(state)
        if not session.json:
            _put(session, state, "stopped" if ran else "did not run", passwords=False)
    if session.json:
        _put_document(session, stopped, passwords=False)
    return 0


def _session(context: click.Context, command: str) -> Session:
    """Return the session; refuse where it looks at a service elsewhere."""
    session: Session = context.find_root().obj
    if session.server is not None:
        raise NotServedError(url=session.server, command=command)
    return session


def _asked(name: str | None) -> tuple[str, ...]:
    """Return the one named, or both."""
    return _NAMES if name is None else (name,)


def _put_document(session: Session, states: Iterable["ServerState"], *, passwords: bool) -> None:
    """Write the one document."""
    session.put_document("servers", {"servers": [state.document(passwords=passwords) for state in states]})


def _put(session: Session, state: "ServerState", word: str, *, passwords: bool) -> None:
    """Write one server: how it does, where it is reached, where it logs."""
    facts = [*([state.version] if state.version else []), *([f"pid {state.pid}"] if state.pid else [])]
    ink, told = Ink(session.colored), f"   {', '.join(facts)}" if facts else ""
    good = state.state == "running"
    session.put(f"{state.name:<10}{word if good else ink.head(word)}{told}")
    shown = state.document(passwords=passwords)
    if state.url is not None:
        session.put(f"{'':<10}{shown['url']}")
        if passwords and state.admin_url != state.url:
            session.put(f"{'':<10}{shown['admin_url']}   superuser")
    if state.state in ("starting", "killed"):
        session.put(f"{'':<10}log {state.log}")
