"""`tapehead serve`: the store over HTTP until it is told to end."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from tapehead.cli.commands import Command
from tapehead.cli.session import Session
from tapehead.errors import MissingPackageError
from tapehead.settings import read_log_settings

PORT = 8750


class Port(click.ParamType[int]):
    """`free` or a number from 1 to 65535; free is 0."""

    name = "port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the number."""
        if value == "free":
            return 0
        if not re.fullmatch(r"[0-9]{1,5}", str(value)) or not 1 <= int(value) <= 65_535:
            self.fail(f"'{value}' is neither free nor a number from 1 to 65535, such as --port {PORT}", param, ctx)
        return int(value)


@click.command(
    "serve",
    cls=Command,
    example="tapehead serve --port 8750 --open",
    help="Serve the store over HTTP until Ctrl-C: runs and their events, bars, imports. Finishes runs that were left.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port",
    type=Port(),
    metavar="N|free",
    help=f"Port; default {PORT}, or a free one where that is taken.",
)
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
@click.option("--host-name", "names", metavar="NAME", multiple=True, help="Name it is called by behind a proxy.")
@click.option("--require-key", is_flag=True, help="Let nobody in without a key, not even from this machine.")
@click.option(
    "--rate", type=click.IntRange(1, 1_000_000), metavar="N", help="Requests a second of one key or address; 100."
)
@click.option(
    "--import-root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder below which requests may name files to import; else uploads only.",
)
@click.option(
    "--event-days",
    type=click.IntRange(1, 36_500),
    default=90,
    show_default=True,
    help="Days for which the events of completed runs can be replayed; results stay.",
)
@click.option(
    "--workers", type=click.IntRange(1, 1024), metavar="N", help="Threads that compute; default one a processor."
)
@click.pass_context
def serve(context: click.Context, /, host: str, port: int | None, show: bool, workers: int | None, **given: Any) -> int:
    """Bind, say where, serve until told to end."""
    session: Session = context.find_root().obj
    bind, make_server, make_options = serving()
    from tapehead.api.access.binding import check_binding
    from tapehead.api.measure.log_lines import logged

    context.with_resource(logged(read_log_settings()))
    rate = given["rate"] or 0
    options = make_options(
        host=host,
        port=PORT if port is None else port,
        hosts=given["names"],
        import_root=given["import_root"],
        event_days=given["event_days"],
        workers=workers or 0,
        require_key=given["require_key"],
        rate_per_s=float(rate),
        rate_burst=2 * rate,
    )
    check_binding(options, session.store)
    listening = bind(host, options.port, fall_back=port is None)
    bound = listening.getsockname()[1]
    server = make_server(session.store, replace(options, port=bound))
    url = address(host, bound)
    if port is None and bound != PORT:
        session.say(f"Port {PORT} is taken; a free one is used.")
    if session.json:
        session.put_document("serve", {"url": url, "host": host, "port": bound, "home": session.store.where})
    else:
        session.put(
            f"Tapehead serves {session.store.where}",
            f"  {url}",
            "Ctrl-C ends it; runs that go on are kept and finished later.",
        )
    sys.stdout.flush()
    server.serve_until_told([listening], (lambda: _show(url)) if show else None)
    return 0


def serving() -> Any:
    """Return what serves; raise MissingPackageError where its packages are not installed."""
    try:
        from tapehead.api.options import Options
        from tapehead.api.serve import bind, make_server
    except ModuleNotFoundError as error:
        raise MissingPackageError(call="tapehead serve", package="'tapehead[server]'") from error
    return bind, make_server, Options


def address(host: str, port: int) -> str:
    """Return the URL of what is bound; of every address, the loopback's."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - compared, not bound
    return f"http://{name}:{port}"


def _show(url: str) -> None:
    """Open the page."""
    import webbrowser

    webbrowser.open(url)
