"""local_server: the supervisor of a PostgreSQL or Valkey of this home."""

from pathlib import Path
from typing import Final

from tapehead.servers.place import Place
from tapehead.servers.postgres import Postgres, data_major
from tapehead.servers.programs import Program, find_postgres, find_valkey
from tapehead.servers.supervisor import Kind, Supervisor
from tapehead.servers.valkey import MEMORY_MB, Valkey

LOCAL_SERVERS: Final = ("postgres", "valkey")


def local_server(home: Path, name: str, programs: Path | None = None, memory_mb: int = MEMORY_MB) -> Supervisor:
    """Return what starts, looks at and stops one server of a home.

    Parameters
    ----------
    home : Path
        Folder of the store; the server's is `servers/NAME` in it.
    name : str
        One of LOCAL_SERVERS.
    programs : Path, optional
        Folder of its programs; default those that ran last, else the wheel's, else the system's.
    memory_mb : int
        Bound of what Valkey holds.
    """
    place = Place(home / "servers" / name)
    kind: Kind
    if name == "postgres":

        def find() -> Program:
            last = place.read_state().get("programs")
            return find_postgres(programs, data_major(place), Path(last) if isinstance(last, str) else None)

        kind = Postgres(find)
    else:
        kind = Valkey(lambda: find_valkey(programs), memory_mb)
    return Supervisor(place.folder, kind)
