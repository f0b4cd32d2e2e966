"""Starts a server, says how it does and stops it; the one body of PostgreSQL and Valkey."""

import errno
import os
import random
import signal
import stat
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
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
_SESSIONS_END_S = 10.0


class Kind(Protocol):
    """What is particular to a server."""

    name: str
    stops: Sequence[tuple[signal.Signals, float]]
    """Signals of a clean stop, each with the seconds to wait before the next."""

    @property
    def program(self) -> Program:
        """What is started; raises MissingPackageError or LocalServerError where it is not here."""
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

    def read_process(self, place: Place) -> tuple[int, int | None] | None:
        """Return process, and port if that stands there, that the data folder names; it may be dead."""
        ...

    def forget_process(self, place: Place) -> None:
        """Remove what a killed server left, so that the number's new owner is not taken for it."""
        ...

    def is_ready(self, place: Place, port: int) -> bool:
        """Say whether the server answers."""
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
    """A server process.

    Attributes
    ----------
    pid, port : int
        Process, and port of 127.0.0.1.
    version : str
        Of the program that runs.
    url, socket_url, admin_url : str
        Addresses with their password; the last is that of the superuser, where the server has one.
    ready : bool
        It answers; one that recovers from a crash does not yet.
    begun : bool
        It was begun by this call.
    """

    pid: int
    port: int
    version: str
    url: str
    socket_url: str
    admin_url: str
    ready: bool
    begun: bool = False


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
        """Return the server if its process lives, begun by whomever; None if it does not."""
        named = self.kind.read_process(self.place)
        if named is None or not is_running(named[0], self.kind.mark(self.place)):
            return None
        state = self.place.read_state()
        port = named[1] or int(state.get("port", 0))
        return self._running(named[0], port, str(state.get("version", "")))

    def was_killed(self) -> bool:
        """Say whether the data folder names a process that is dead."""
        return self.kind.read_process(self.place) is not None and self.look() is None

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
        LocalServerError, MissingPackageError
            With the cause and what to do; nothing of it is left running, unless it only needs longer.
        """
        self.place.make()
        with self.place.locked():
            running = self.look()
            if running is not None:
                return self._found(running, port, wait_s)
            program = self.kind.program
            account = choose_account(self.place.folder, program.path, self.place.data)
            self._make_sockets(account)
            if not self.place.data.exists():
                told(f"Making the data folder of {self.kind.name} {program.version}")
            elif self.was_killed():
                told(f"{self.kind.name} was killed; it recovers")
            if self.place.data.exists() and not self.place.has_passwords:
                told(f"The passwords of {self.kind.name} are lost; it gets new ones. Who kept its URL needs it anew")
            self.kind.prepare(self.place, account)
            self.kind.forget_process(self.place)
            return self._begin(account, port, wait_s)

    def stop(self) -> bool:
        """Stop the server cleanly and return whether it ran. Raises LocalServerError where it does not end."""
        if not self.place.folder.exists():
            return False
        with self.place.locked():
            running = self.look()
            if running is None:
                return False
            try:
                gone = end(running.pid, self.kind.mark(self.place), self.kind.stops)
            except PermissionError as error:
                raise LocalServerError(
                    f"{self.kind.name} (pid {running.pid}) belongs to another user. Stop it as that user: "
                    f"tapehead servers stop {self.kind.name}"
                ) from error
            if not gone:
                raise LocalServerError(
                    f"{self.kind.name} (pid {running.pid}) does not end. See {self.place.log}, then once more: "
                    f"tapehead servers stop {self.kind.name}"
                )
            with suppress(OSError):
                if self.place.sockets.parent != self.place.folder:
                    self.place.sockets.rmdir()
            return True

    def _found(self, running: Running, port: int | None, wait_s: float) -> Running:
        """Return a server that was begun before, when it answers."""
        if not self.place.has_passwords:
            raise LocalServerError(
                f"{self.kind.name} runs, and its passwords are lost. Stop it; the next start draws new ones: "
                f"tapehead servers stop {self.kind.name}"
            )
        if port and port != running.port:
            raise LocalServerError(
                f"{self.kind.name} runs already, at port {running.port} and not {port}. Stop it first: "
                f"tapehead servers stop {self.kind.name}"
            )
        if not self._wait(running.pid, running.port, wait_s):
            raise self._failed(self.place.read_log(0))
        return self._running(running.pid, running.port, running.version)

    def _begin(self, account: Account, port: int | None, wait_s: float) -> Running:
        """Begin the process at the wanted port; where any free one will do, another if it was lost to somebody."""
        kept = self.place.read_state().get("port")
        wanted = kept if port is None and isinstance(kept, int) else port
        until, program = time.monotonic() + _SESSIONS_END_S, self.kind.program
        for left in reversed(range(_TRIES)):
            chosen = wanted or _free_port()
            if not is_free(chosen):
                raise self._taken(chosen)
            self.place.write_state(port=chosen, version=program.version, programs=str(program.path.parent))
            said = self._run(account, chosen, wait_s)
            while said is not None and "pre-existing shared memory block" in said and time.monotonic() < until:
                # Sessions of a killed PostgreSQL end when they notice; a busy one notices late.
                time.sleep(0.2)
                said = self._run(account, chosen, wait_s)
            if said is None:
                named = self.kind.read_process(self.place)
                return self._running(named[0] if named else 0, chosen, program.version, begun=True)
            if "ddress already in use" not in said:
                raise self._failed(said)
            if wanted or not left:
                raise self._taken(chosen)
        raise AssertionError

    def _run(self, account: Account, port: int, wait_s: float) -> str | None:
        """Begin the process and wait; None when it answers, else what it said before it ended."""
        begun, command = self.place.log_size(), self.kind.command(self.place, port, account)
        log = self.place.open_log()
        with os.fdopen(log, "wb"):
            pid = begin(command, account, log)
        try:
            answers = self._wait(pid, port, wait_s)
        except KeyboardInterrupt:
            end(pid, self.kind.mark(self.place), self.kind.stops)
            raise
        return None if answers else self.place.read_log(begun)

    def _wait(self, pid: int, port: int, wait_s: float) -> bool:
        """Wait until the process answers; False if it ended."""
        until = time.monotonic() + wait_s
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
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
            # One outside the home stands where others may put something of the name.
            held = folder.lstat()
            if not stat.S_ISDIR(held.st_mode) or held.st_uid not in (os.geteuid(), account.user):
                raise FileExistsError(errno.EEXIST, "somebody else made it")
            account.give(folder)
        except OSError as error:
            raise LocalServerError(
                f"{folder} cannot be made for the server's socket: {error.strerror}. Name another home: "
                "tapehead --home DIR servers start"
            ) from error

    def _running(self, pid: int, port: int, version: str, *, begun: bool = False) -> Running:
        """Describe the server that runs."""
        kind, place = self.kind, self.place
        urls = kind.url(place, port), kind.socket_url(place, port), kind.url(place, port, admin=True)
        return Running(pid, port, version, *urls, kind.is_ready(place, port), begun)

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
