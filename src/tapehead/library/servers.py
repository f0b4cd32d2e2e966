"""Servers of one's own: start, look at and stop the PostgreSQL and the Valkey of a home."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tapehead.settings import read_settings
from tapehead.wiring.servers import LOCAL_SERVERS, local_server

__all__ = ["LOCAL_SERVERS", "ServerState", "look_at_servers", "start_servers", "stop_servers"]

State = Literal["running", "starting", "killed", "stopped", "absent"]


@dataclass(frozen=True, slots=True)
class ServerState:
    """How one server does.

    Attributes
    ----------
    name : str
        `postgres` or `valkey`.
    state : str
        `running`; `starting`, its process lives and does not answer yet; `killed`, it ended without a farewell and
        recovers at the next start; `stopped`; `absent`, it was never started.
    folder, log : Path
        Where it keeps its things, and what it says.
    begun : bool
        It was begun by this call.
    pid, port : int, optional
    version : str, optional
        Of the program; the last one's where it does not run.
    url, socket_url, admin_url : str, optional
        Addresses with their passwords, while its process lives.
    """

    name: str
    state: State
    folder: Path
    log: Path
    begun: bool = False
    pid: int | None = None
    port: int | None = None
    version: str | None = None
    url: str | None = None
    socket_url: str | None = None
    admin_url: str | None = None

    def document(self, *, passwords: bool) -> dict[str, Any]:
        """Return plain values; without `passwords` addresses hold `***` for theirs."""
        urls = {name: getattr(self, name) for name in ("url", "socket_url", "admin_url")}
        shown = {name: url if passwords or url is None else masked(url) for name, url in urls.items()}
        facts = {name: getattr(self, name) for name in ("name", "state", "begun", "pid", "port", "version")}
        return {**facts, **shown, "folder": str(self.folder), "log": str(self.log)}


def start_servers(
    home: str | None,
    names: Sequence[str],
    *,
    port: int | None = None,
    programs: Path | None = None,
    memory_mb: int = 256,
    wait_s: float = 60.0,
    told: Callable[[str], None] = lambda _: None,
) -> Iterator[ServerState]:
    """Start servers one by one and yield each when it answers; one that runs is left as it is.

    Parameters
    ----------
    home : str, optional
        Folder of the store; None leaves it to TAPEHEAD_HOME and the default.
    names : sequence of str
        Of LOCAL_SERVERS.
    port, programs, memory_mb, wait_s, told
        As `Supervisor.start` and `local_server` take them.

    Raises
    ------
    LocalServerError, MissingPackageError
        One does not start; those before it go on.
    """
    folder = read_settings(home=home).home
    for name in names:
        supervisor = local_server(folder, name, programs, memory_mb)
        begun = supervisor.start(port, wait_s, told).begun
        yield _look(folder, name, begun=begun)


def look_at_servers(home: str | None, names: Sequence[str]) -> list[ServerState]:
    """Return how servers do; needs none of their programs."""
    folder = read_settings(home=home).home
    return [_look(folder, name) for name in names]


def stop_servers(home: str | None, names: Sequence[str]) -> Iterator[tuple[ServerState, bool]]:
    """Stop servers one by one; yield each with whether it ran. Raises LocalServerError where one does not end."""
    folder = read_settings(home=home).home
    for name in names:
        ran = local_server(folder, name).stop()
        yield _look(folder, name), ran


def masked(url: str) -> str:
    """Return an address with `***` for its password."""
    return re.sub(r"(://[^:@/]*:)[^@/]*@", r"\1***@", url)


def _look(folder: Path, name: str, *, begun: bool = False) -> ServerState:
    """Look at one."""
    supervisor = local_server(folder, name)
    place, running = supervisor.place, supervisor.look()
    if running is None:
        version = place.read_state().get("version")
        if version is None:
            return ServerState(name, "absent", place.folder, place.log)
        state: State = "killed" if supervisor.was_killed() else "stopped"
        return ServerState(name, state, place.folder, place.log, version=str(version))
    return ServerState(
        name,
        "running" if running.ready else "starting",
        place.folder,
        place.log,
        begun,
        running.pid,
        running.port,
        running.version,
        running.url,
        running.socket_url,
        running.admin_url,
    )
