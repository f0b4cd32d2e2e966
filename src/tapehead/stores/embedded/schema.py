"""How the schema of a folder's files stands, and how a step is taken back."""

import sqlite3
from pathlib import Path

from tapehead.errors import DowngradeError, StoreLockedError
from tapehead.stores.embedded.steps import STEPS, Step, statements_in

_BUSY_S = 5.0


def steps_of(folder: Path) -> dict[str, int]:
    """Return by name the step at which each file of a folder stands that is there; nothing is made or moved."""
    return {name: _step_of(folder / f"{name}.db") for name in STEPS if (folder / f"{name}.db").is_file()}


def step_back(folder: Path, name: str, number: int) -> int:
    """Take the steps of a file above `number` back, all of them or none; return at which it stood.

    Raises
    ------
    DowngradeError
        Something would be lost; nothing was changed.
    """
    path = folder / f"{name}.db"
    found = _step_of(path)
    link = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    try:
        link.execute("BEGIN IMMEDIATE")
        for at in range(found, number, -1):
            _take_back(link, path, at, STEPS[name][at - 1])
        link.execute(f"PRAGMA user_version = {min(found, number)}")
        link.execute("COMMIT")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        raise StoreLockedError(path=folder, pid="unknown") from error
    finally:
        # What was not committed is rolled back.
        link.close()
    return found


def _take_back(link: sqlite3.Connection, path: Path, number: int, step: Step) -> None:
    """Take one step back inside a transaction."""
    held = [table for table in step.empty if link.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()]  # noqa: S608 - our own names
    if not step.back or held:
        raise DowngradeError(where=path, step=number, kept=step.kept)
    for statement in statements_in(step.back):
        link.execute(statement)


def _step_of(path: Path) -> int:
    """Return the step at which a file stands."""
    link = sqlite3.connect(path)
    try:
        return int(link.execute("PRAGMA user_version").fetchone()[0])
    finally:
        link.close()
