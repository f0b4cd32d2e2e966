"""Starts a server, says how it does and stops it; the one body of PostgreSQL and Valkey."""

import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from tapehead.errors import LocalServerError
from tapehead.servers.account import Account, choose_account
from tapehead.servers.place import Place
from tapehead.servers.processes import begin, end, is_free, is_running
from tapehead.servers.programs import Program

START_WAIT_S: Final = 60.0
# Below the ports that systems hand out to outgoing connections, so that a stopped server finds its own again.
_PORTS = range(20_000, 32_000)
_POLL_S = 0.01
_TRIES = 5


class Kind(Protocol):
    """What is particular to a server."""

    name: str
    program: Program
    stops: Sequence[tuple[signal.Signals, float]]
    """Signals of a clean stop, each with the seconds to wait before the next."""

    def check(self, place: Place) -> None:
        """Raise LocalServerError where the data cannot be this program's."""
        ...

    def prepare(self, place: Place, account: Account) -> None:
        """Make the data folder where there is none, and what else the command needs."""
        ...

    def command(self, place: Place, port: int, account: Account) -> list[str]:
        """Return the command that runs the server, in the foreground."""
        ...

    def mark(self, place: Place) -> str:
        """Return the word of that command that no other process has."""
        ...

    def read_pid(self, place: Place) -> int | None:
        """Return the process that the data folder names; it may be dead."""
        ...

    def forget_pid(self, place: Place) -> None:
        """Remove what a killed server left, so that the number's new owner is not taken for it."""
        ...

    def is_ready(self, place: Place, port: int) -> bool:
        """Say whether the server that was begun answers."""
        ...

    def url(self, place: Place, port: int, *, admin: bool = False) -> str:
        """Return its address over TCP, the password in it."""
        ...

    def socket_url(self, place: Place, port: int) -> str:
        """Return its address over the Unix socket, the password in it."""
        ...

    def explain(self, said: str) -> str | None:
        """Return cause and next step of a known failure in the log; None where it is none of them."""
        ...


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers.

    Attributes
    ----------
    pid, port : int
        Process, and port of 127.0.0.1.
    version : str
        Of the program that runs.
    url, socket_url, admin_url : str
        Addresses with their password; the last is that of the superuser, where the server has one.
    was_running : bool
        It was found running and nothing was begun.
    """

    pid: int
    port: int
    version: str
    url: str
    socket_url: str
    admin_url: str
    was_running: bool


class Supervisor:
    """Starts, looks at and stops one server in its folder. Any number of processes may call; starts are one at a time.

    Parameters
    ----------
    folder : Path
        Its own, made where it is absent.
    kind : Kind
        Which server.
    """

    def __init__(self, folder: Path, kind: Kind) -> None:
        self.place = Place(folder)
        self.kind = kind

    def look(self) -> Running | None:
        """Return the server if it runs, started by whomever; None if it does not."""
        pid = self.kind.read_pid(self.place)
        if pid is None or not is_running(pid, self.kind.mark(self.place)):
            return None
        state = self.place.read_state()
        return self._running(pid, int(state["port"]), str(state["version"])) if "port" in state else None

    def start(
        self, port: int | None = None, wait_s: float = START_WAIT_S, told: Callable[[str], None] = lambda _: None
    ) -> Running:
        """Start the server unless it runs, and return when it answers.

        Parameters
        ----------
        port : int, optional
            Port of 127.0.0.1; 0 takes a free one. Default the one it had last, or else a free one.
        wait_s : float
            How long it may take until it answers; one that recovers from a crash may need long.
        told : callable
            Told what takes time.

        Raises
        ------
        LocalServerError
            With the cause and what to do; nothing of it is left running, unless it only needs longer.
        """
        self.place.make()
        with self.place.locked():
            running = self.look()
            if running is not None:
                if port and port != running.port:
                    raise LocalServerError(
                        f"{self.kind.name} runs already, at port {running.port} and not {port}. Stop it first: "
                        f"tapehead servers stop {self.kind.name}"
                    )
                return running
            self.kind.check(self.place)
            account = choose_account(self.place.folder, self.kind.program.path, self.place.data)
            self._make_sockets(account)
            if not self.place.data.exists():
                told(f"Making the data folder of {self.kind.name} {self.kind.program.version}")
            self.kind.prepare(self.place, account)
            self.kind.forget_pid(self.place)
            return self._begin(account, port, wait_s)

    def stop(self) -> bool:
        """Stop the server cleanly and return whether it ran. Raises LocalServerError where it does not end."""
        if not self.place.folder.exists():
            return False
        with self.place.locked():
            pid = self.kind.read_pid(self.place)
            if pid is None or not is_running(pid, self.kind.mark(self.place)):
                return False
            try:
                gone = end(pid, self.kind.mark(self.place), self.kind.stops)
            except PermissionError as error:
                raise LocalServerError(
                    f"{self.kind.name} (pid {pid}) belongs to another user. Stop it as that user: "
                    f"tapehead servers stop {self.kind.name}"
                ) from error
            if not gone:
                raise LocalServerError(
                    f"{self.kind.name} (pid {pid}) does not end. See {self.place.log}, then once more: "
                    f"tapehead servers stop {self.kind.name}"
                )
            return True

    def _begin(self, account: Account, port: int | None, wait_s: float) -> Running:
        """Begin the process at the wanted port; where any free one will do, another if it was lost to somebody."""
        kept = self.place.read_state().get("port")
        wanted = kept if port is None and isinstance(kept, int) else port
        for left in reversed(range(_TRIES)):
            chosen = wanted or _free_port()
            if not is_free(chosen):
                raise self._taken(chosen)
            self.place.write_state(port=chosen, version=self.kind.program.version)
            begun = self.place.log_size()
            log = self.place.open_log()
            with os.fdopen(log, "wb"):
                pid = begin(self.kind.command(self.place, chosen, account), account, log)
            if self._wait(pid, chosen, wait_s):
                return self._running(pid, chosen, self.kind.program.version, was_running=False)
            said = self.place.read_log(begun)
            if is_free(chosen) or "ddress already in use" not in said:
                raise self._failed(said)
            if wanted or not left:
                raise self._taken(chosen)
        raise AssertionError

    def _wait(self, pid: int, port: int, wait_s: float) -> bool:
        """Wait until the process answers; False if it ended."""
        until = time.monotonic() + wait_s
        # The command may still be that of the namespace, whose words hold the mark too.
        while is_running(pid, self.kind.mark(self.place)):
            if self.kind.is_ready(self.place, port):
                return True
            if time.monotonic() > until:
                raise LocalServerError(
                    f"{self.kind.name} (pid {pid}) does not answer after {wait_s:.0f} s; after a crash it may need "
                    f"longer. It goes on; see {self.place.log} and: tapehead servers status"
                )
            time.sleep(_POLL_S)
        return False

    def _make_sockets(self, account: Account) -> None:
        """Make the folder of the Unix socket, open to the server's account alone."""
        folder = self.place.sockets
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            account.give(folder)
        except OSError as error:
            raise LocalServerError(
                f"{folder} cannot be made for the server's socket: {error.strerror}. Name another home: "
                "tapehead --home DIR servers start"
            ) from error

    def _running(self, pid: int, port: int, version: str, *, was_running: bool = True) -> Running:
        """Describe the server that runs."""
        url, place = self.kind.url, self.place
        socket_url = self.kind.socket_url(place, port)
        return Running(pid, port, version, url(place, port), socket_url, url(place, port, admin=True), was_running)

    def _taken(self, port: int) -> LocalServerError:
        """Say that a port is another's."""
        return LocalServerError(
            f"Port {port} of 127.0.0.1 is taken by another program, so {self.kind.name} cannot have it. Take a free "
            f"one: tapehead servers start {self.kind.name} --port free"
        )

    def _failed(self, said: str) -> LocalServerError:
        """Say why a server did not come up, as far as its log tells."""
        known = self.kind.explain(said)
        if known is not None:
            return LocalServerError(f"{self.kind.name} did not start: {known}")
        last = " / ".join(line.strip() for line in said.strip().splitlines()[-3:]) or "it said nothing"
        return LocalServerError(
            f"{self.kind.name} did not start: {last}. Read {self.place.log}, then: tapehead servers start "
            f"{self.kind.name}"
        )


def _free_port() -> int:
    """Return a port that nobody listens at now."""
    drawn = random.sample(_PORTS, 200)
    return next((port for port in drawn if is_free(port)), drawn[0])
