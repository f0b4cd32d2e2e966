"""Session: the global options of one call, its store, and where its words go."""

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tapehead.library.remote.store import RemoteStore
    from tapehead.library.store import Store

    Opener = Callable[[str | None], Store]

_OWN_COMMANDS = (
    "backtest|bars|cache|coverage|db|demo|doctor|explain|import|indicators|instruments|keys|latest|new|portfolio|"
    "preset|report|runs|screen|serve|servers|show|sql|store|strategies|sweep|undo|universe|verify"
)
LOCAL = frozenset(("cache", "db", "demo", "doctor", "keys", "new", "serve", "servers"))
"""Commands about this machine, whichever service the environment names."""
SERVED = frozenset(("db status",))
"""Of those the ones that a service answers too, where `--server` names it."""


class Session:
    """One call of the command.

    Attributes
    ----------
    home : str or None
        Folder or URL given by `--home` or `--store`; None leaves it to TAPEHEAD_HOME and the default.
    server, key_file : str or None
        Service given by `--server`, and the file that holds its key. None leaves it to TAPEHEAD_SERVER where no folder
        is given either, and to TAPEHEAD_KEY and TAPEHEAD_KEY_FILE.
    local : bool
        The command looks at this machine and not at a service; TAPEHEAD_SERVER says nothing to it.
    servers_home : str or None
        Folder of the servers of our own, where `home` may be the URL of one.
    json, quiet, verbose, color : bool
        The global options.
    """

    def __init__(self, open_store: "Opener | None" = None) -> None:
        self.home: str | None = None
        self.server: str | None = None
        self.key_file: str | None = None
        self.local = False
        self.servers_home: str | None = None
        self.json = False
        self.quiet = False
        self.verbose = False
        self.color = True
        self._open_store = open_store
        self._store: Store | None = None

    @property
    def store(self) -> "Store":
        """The store, opened at first use."""
        if self._store is None:
            self._store = self._open()
            if self._store.full:
                self.say(f"No space left in {self._store.where}: the store is open for reading only.")
        return self._store

    def _open(self) -> "Store":
        """Open the store, here or behind a service."""
        server = self.service
        if server:
            from tapehead.library.remote.place import read_key_file
            from tapehead.library.remote.store import connect

            return connect(server, None if self.key_file is None else read_key_file(self.key_file))
        if self._open_store is None:
            from tapehead.library.store import open as open_store

            # Most commands read no bars; those that do begin to get ready by themselves.
            self._open_store = partial(open_store, ready=False)
        return self._open_store(self.home)

    @property
    def remote(self) -> "RemoteStore":
        """The service that `--server` names."""
        from tapehead.library.remote.store import RemoteStore

        found = self.store
        assert isinstance(found, RemoteStore)  # noqa: S101 - asked for where --server is given
        return found

    @property
    def service(self) -> str | None:
        """The service that is asked; None where the store is here."""
        return self.server or (None if self.local or self.home else os.environ.get("TAPEHEAD_SERVER") or None)

    def close(self) -> None:
        """Close the store if it was opened."""
        if self._store is not None:
            self._store.close()
            self._store = None

    @property
    def interactive(self) -> bool:
        """Whether standard output is a terminal that can redraw."""
        return not self.json and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"

    @property
    def colored(self) -> bool:
        """Whether to colour: a terminal, no `--no-color`, no NO_COLOR."""
        return self.interactive and self.color and not os.environ.get("NO_COLOR")

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines of the window; 80 by 24 without one."""
        columns, lines = shutil.get_terminal_size((80, 24))
        return max(columns, 20), max(lines, 8)

    def put(self, *lines: str) -> None:
        """Write lines of data."""
        sys.stdout.write("".join(f"{line}\n" for line in lines))

    def say(self, *lines: str) -> None:
        """Write lines of talk, unless `--quiet`."""
        if not self.quiet:
            sys.stdout.flush()
            sys.stderr.write("".join(f"{line}\n" for line in lines))
            sys.stderr.flush()

    def put_document(self, command: str, body: Mapping[str, Any]) -> None:
        """Write the one JSON document of a command."""
        self.put(json.dumps({"schema": f"tapehead.{command}/1", **body}, ensure_ascii=False, allow_nan=False))

    def command(self, *words: str) -> str:
        """Return a command line that runs here as it stands: program, home or service, words."""
        own = self._own_url()
        if own:
            return f"{program()} --home {own} {shlex.join(words)}"
        return f"{program()} {shlex.join([*self._given(), *words])}"

    def localise(self, text: str) -> str:
        """Put this program and home, or service, into the commands that a sentence names."""

        def written(found: re.Match[str]) -> str:
            here = self.server is not None and found[1] in LOCAL
            return f"{program()} {found[1]}" if here else self.command(found[1])

        # The URL of a database may hold signs that a shell reads.
        text = re.sub(r"(?<=tapehead --home )postgres\S+", lambda found: shlex.quote(found[0]), text)
        return re.sub(rf"(?<![\w./-])tapehead ({_OWN_COMMANDS})\b", written, text)

    def _own_url(self) -> str:
        """Return what a shell makes the URL of our own PostgreSQL of, where that is the store and has a password."""
        if self.server is not None or self.home is None or shown(self.home) == self.home:
            return ""
        from tapehead.library.servers import look_at_servers

        (state,) = look_at_servers(self.servers_home, ["postgres"])
        if state.url != self.home:
            return ""
        place = [] if self.servers_home is None else ["--home", self.servers_home]
        return f'"$({program()} {shlex.join([*place, "servers", "url", "postgres"])})"'

    def _given(self) -> list[str]:
        """Return the options that say where the store is."""
        if self.server is not None:
            key = [] if self.key_file is None else ["--key-file", self.key_file]
            return ["--server", self.server, *key]
        return ["--home", shown(self.home)] if self.home is not None else []


def shown(home: str) -> str:
    """Return a place as a command may name it: a URL without its password."""
    if "://" not in home:
        return home
    from tapehead.database.url import parse_url

    return parse_url(home).shown


def program() -> str:
    """Return what starts this program from here: its name where PATH finds it, else the path it was called by."""
    called = sys.argv[0] if sys.argv else ""
    path = Path(called)
    if path.name == "__main__.py" and path.parent.name == "tapehead":
        return "python -m tapehead"
    if path.name != "tapehead":
        return "tapehead"
    found = shutil.which("tapehead")
    if "/" not in called or (found is not None and os.path.realpath(found) == os.path.realpath(called)):
        return "tapehead"
    return _relative(called)


def _relative(called: str) -> str:
    """Return a path below the working folder without its beginning."""
    path, here = Path(called), Path.cwd()
    if path.is_absolute() and path.is_relative_to(here):
        path = path.relative_to(here)
    return shlex.quote(str(path))
