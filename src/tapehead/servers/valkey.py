"""Valkey (or Redis) as a local server: a cache of bounded size that keeps nothing on disk."""

import os
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Final
from urllib.parse import quote

from tapehead.errors import LocalServerError
from tapehead.servers.account import Account
from tapehead.servers.place import Place
from tapehead.servers.programs import Program

USER: Final = "default"
MEMORY_MB: Final = 256
_SOCKET = "valkey.sock"
_ANSWER_S = 2.0
_CONF_RIGHTS = 0o600


class Valkey:
    """The kind of server that Valkey is.

    Parameters
    ----------
    find : callable
        Finds `valkey-server` or `redis-server`; called when it is first to be started.
    memory_mb : int
        Bound of what it holds; the least recently used goes first.
    settings : mapping of str to str
        Lines of its configuration over ours.
    """

    name = "valkey"
    stops: Sequence[tuple[signal.Signals, float]] = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))

    def __init__(
        self, find: Callable[[], Program], memory_mb: int = MEMORY_MB, settings: Mapping[str, str] | None = None
    ) -> None:
        self._find = find
        self.memory_mb = memory_mb
        self.settings = dict(settings or {})

    @cached_property
    def program(self) -> Program:
        """What is started."""
        return self._find()

    def prepare(self, place: Place, account: Account) -> None:
        """Make its working folder."""
        try:
            place.data.mkdir(mode=0o700, exist_ok=True)
            account.give(place.data)
        except OSError as error:
            raise _unusable(place, error) from error

    def command(self, place: Place, port: int, account: Account) -> list[str]:
        """Write the configuration, the password in it, and return the command that reads it."""
        given = {
            "port": str(port),
            "bind": "127.0.0.1",
            "unixsocket": _quoted(str(place.sockets / _SOCKET)),
            "unixsocketperm": "700",
            "requirepass": place.passwords(USER)[USER],
            "dir": _quoted(str(place.data)),
            "pidfile": _quoted(str(place.data / "valkey.pid")),
            "save": '""',
            "appendonly": "no",
            "maxmemory": f"{self.memory_mb}mb",
            "maxmemory-policy": "allkeys-lru",
            "daemonize": "no",
            # Its title would hide the command line by which it is known again.
            "set-proc-title": "no",
            **self.settings,
        }
        conf = place.folder / "valkey.conf"
        try:
            conf.unlink(missing_ok=True)
            descriptor = os.open(conf, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _CONF_RIGHTS)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write("".join(f"{name} {value}\n" for name, value in given.items()))
            account.give(conf)
        except OSError as error:
            raise _unusable(place, error) from error
        return [str(self.program.path), str(conf)]

    def mark(self, place: Place) -> str:
        """Return the path of the configuration, a word of the command line."""
        return str(place.folder / "valkey.conf")

    def read_process(self, place: Place) -> tuple[int, int | None] | None:
        """Return what the pid file says; the port does not stand there."""
        try:
            text = (place.data / "valkey.pid").read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return None
        return (int(text), None) if text.isdecimal() else None

    def forget_process(self, place: Place) -> None:
        """Remove pid file and socket of a server that is dead."""
        for path in (place.data / "valkey.pid", place.sockets / _SOCKET):
            with suppress(FileNotFoundError):
                path.unlink()

    def is_ready(self, place: Place, port: int) -> bool:
        """Ask for a PONG with the password; a foreign server at the port would not give it."""
        if self.read_process(place) is None:
            return False
        password = _password(place)
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=_ANSWER_S) as link:
                link.sendall(f"AUTH {password}\r\nPING\r\n".encode())
                with link.makefile("rb") as answers:
                    return (answers.readline(), answers.readline()) == (b"+OK\r\n", b"+PONG\r\n")
        except OSError:
            return False

    def url(self, place: Place, port: int, *, admin: bool = False) -> str:  # noqa: ARG002 - it has one user
        """Return its address over TCP."""
        return f"redis://:{_password(place)}@127.0.0.1:{port}/0"

    def socket_url(self, place: Place, port: int) -> str:  # noqa: ARG002 - the socket's name holds none
        """Return its address by the Unix socket."""
        return f"unix://:{_password(place)}@{quote(str(place.sockets / _SOCKET))}?db=0"

    def explain(self, said: str) -> str | None:
        """Return cause and next step of what is known to happen."""
        if "No space left on device" in said:
            return "the disk is full. Free space, then: tapehead servers start valkey"
        if "Permission denied" in said:
            return "a file or folder is another user's. Name another home: tapehead --home DIR servers start valkey"
        return None


def _password(place: Place) -> str:
    """Return the password; where it is lost none, until the next start draws one."""
    return place.known_passwords(USER).get(USER, "")


def _quoted(path: str) -> str:
    """Return a path as one word of the configuration."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unusable(place: Place, error: OSError) -> LocalServerError:
    """Say that its folder cannot be used."""
    return LocalServerError(
        f"{place.data} cannot be used for Valkey: {error.strerror or error}. Free the place or the right, or name "
        "another home: tapehead --home DIR servers start valkey"
    )
