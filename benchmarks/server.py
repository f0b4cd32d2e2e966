"""Servers for a workload: a PostgreSQL and a Valkey of its own on the disk of the clone, ended with it."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from benchmarks import page_cache
from benchmarks.machine import ROOT
from tapehead.library.servers import ServerState, look_at_servers, start_servers, stop_servers

FOLDERS = ROOT / "benchmarks" / ".stores"


class Servers(NamedTuple):
    """What runs: the folder of both, and the URLs; empty where a server was not asked for."""

    home: Path
    names: tuple[str, ...]
    postgres: str
    admin: str
    valkey: str
    version: str

    @property
    def folder(self) -> Path:
        """Where PostgreSQL keeps its things."""
        return self.home / "servers" / "postgres"

    def start_cold(self) -> str:
        """Stop PostgreSQL, drop its files from the page cache, start it; return by which means they were dropped."""
        list(stop_servers(str(self.home), ["postgres"]))
        how = page_cache.drop(self.folder / "data")
        list(start_servers(str(self.home), ["postgres"]))
        return how

    def database(self, name: str) -> str:
        """Make a database of that name; return its URL as its owner."""
        import psycopg

        with psycopg.connect(self.postgres, autocommit=True) as link:
            link.execute(f'CREATE DATABASE "{name}"')
        parts = urlsplit(self.postgres)
        return urlunsplit(parts._replace(path=f"/{name}"))

    def process(self) -> int:
        """Return the process of PostgreSQL, parent of all others."""
        pid = look_at_servers(str(self.home), ["postgres"])[0].pid
        if pid is None:
            raise RuntimeError("PostgreSQL does not run")
        return pid


@contextmanager
def running(*names: str) -> Iterator[Servers]:
    """Start servers with the settings of `tapehead servers start`, everything committed on disk; end them at last."""
    FOLDERS.mkdir(parents=True, exist_ok=True)
    # Beside the clone and not in the folder for temporary files, which may lie in memory.
    home = Path(tempfile.mkdtemp(dir=FOLDERS, prefix="servers-"))
    # Servers outlive who began them: a run that is ended from outside ends them first.
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        held = {one.name: one for one in start_servers(str(home), names, memory_mb=1024)}
        postgres, valkey = held.get("postgres"), held.get("valkey")
        yield Servers(
            home,
            tuple(names),
            (postgres.url if postgres else "") or "",
            (postgres.admin_url if postgres else "") or "",
            (valkey.url if valkey else "") or "",
            _versions([one for one in (postgres, valkey) if one is not None]),
        )
    finally:
        list(stop_servers(str(home), names))
        shutil.rmtree(home, ignore_errors=True)
        signal.signal(signal.SIGTERM, before)


def _leave(_number: int, _frame: object) -> None:
    """End as after Ctrl-C."""
    raise KeyboardInterrupt


def _versions(states: Sequence[ServerState]) -> str:
    """Name the programs."""
    titles = {"postgres": "PostgreSQL", "valkey": "Valkey"}
    return " and ".join(f"{titles[one.name]} {one.version}" for one in states)
