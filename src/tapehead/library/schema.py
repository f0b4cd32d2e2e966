"""How the database behind a store stands, and how it is brought to the newest step."""

import sqlite3
from dataclasses import dataclass

from tapehead.layout.formats import ACCESS_FORMAT, BARS_FORMAT, RUNS_FORMAT
from tapehead.settings import Settings, read_settings

__all__ = ["SchemaReport", "bring_up", "look_at_database"]


@dataclass(frozen=True, slots=True)
class SchemaReport:
    """Where the schema of a store stands.

    Attributes
    ----------
    where : str
        Folder, or URL without a password.
    server : str
        What keeps it, with its version.
    found, newest : str
        Step it stands at, empty where there is no store yet; step this Tapehead wants.
    """

    where: str
    server: str
    found: str
    newest: str

    @property
    def is_newest(self) -> bool:
        """Whether nothing is to be done."""
        return self.found == self.newest


def look_at_database(home: str | None) -> SchemaReport:
    """Return how the database of a home stands; a folder's is as new as this Tapehead once it is opened.

    Raises
    ------
    DatabaseAwayError, MissingPackageError, ParameterError
    """
    settings = read_settings(home=home)
    if not settings.url:
        return _of_folder(settings)
    from tapehead.wiring.server_store import look_at_schema

    where, server, state = look_at_schema(settings)
    return SchemaReport(where, server, state.found, state.newest)


def bring_up(home: str | None) -> tuple[SchemaReport, SchemaReport]:
    """Bring the database of a home to the newest step; return how it stood before, and how it stands now.

    Raises
    ------
    DatabaseAwayError, DatabaseRefusedError, NewerSchemaError, MissingPackageError
        Nothing was changed.
    """
    settings = read_settings(home=home)
    before = look_at_database(home)
    if not settings.url:
        from tapehead.wiring.assemble import assemble, dismantle

        # Whoever opens a folder brings it to the newest formats.
        assemble(settings)
        dismantle(settings)
    elif not before.is_newest:
        from tapehead.wiring.server_store import upgrade_schema

        upgrade_schema(settings)
    return before, look_at_database(home)


def _of_folder(settings: Settings) -> SchemaReport:
    """Return the formats of the databases in a folder, which nobody opens for it."""
    newest = (("bars", BARS_FORMAT), ("runs", RUNS_FORMAT), ("access", ACCESS_FORMAT))
    found = []
    for name, wanted in newest:
        path = settings.home / f"{name}.db"
        # The keys of a store are made when it is first served; until then there is nothing to bring up.
        number = _format_of(str(path)) if path.is_file() else wanted if name == "access" else 0
        found.append((name, number))
    there = any((settings.home / f"{name}.db").is_file() for name, _ in newest)
    server = f"SQLite {sqlite3.sqlite_version}"
    return SchemaReport(str(settings.home), server, _said(found) if there else "", _said(newest))


def _format_of(path: str) -> int:
    """Return the format of a file."""
    link = sqlite3.connect(path)
    try:
        return int(link.execute("PRAGMA user_version").fetchone()[0])
    finally:
        link.close()


def _said(numbers: "list[tuple[str, int]] | tuple[tuple[str, int], ...]") -> str:
    """Return formats in one line."""
    return ", ".join(f"{name} {number}" for name, number in numbers)
