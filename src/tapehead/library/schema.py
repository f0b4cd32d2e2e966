"""How the database behind a store stands, and how it is brought to the newest step."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from tapehead.errors import ParameterError
from tapehead.settings import Settings, read_settings

__all__ = ["SchemaReport", "bring_up", "look_at_database", "schema_of", "take_back"]


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

    @property
    def is_newer(self) -> bool:
        """Whether a newer Tapehead moved a server's schema beyond the steps of this one; a folder's is refused."""
        return self.found.isdecimal() and self.found > self.newest


def look_at_database(home: str | None) -> SchemaReport:
    """Return how the database of a home stands; a folder's is as new as this Tapehead once it is opened.

    Raises
    ------
    DatabaseAwayError, MissingPackageError, ParameterError
    """
    return schema_of(read_settings(home=home))


def schema_of(settings: Settings) -> SchemaReport:
    """Return how the database of these settings stands; raises as `look_at_database`."""
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


def take_back(home: str | None, step: str) -> tuple[SchemaReport, SchemaReport]:
    """Take steps back, for an older Tapehead; return how the database stood before, and how it stands now.

    Parameters
    ----------
    home : str or None
    step : str
        At which it shall stand: `0002` of a server, `runs=2` of one file of a folder.

    Raises
    ------
    ParameterError
        There is no such step below the one it stands at.
    DowngradeError, DatabaseRefusedError
        Something would be lost; nothing was changed.
    """
    settings = read_settings(home=home)
    before = look_at_database(home)
    if settings.url:
        from tapehead.wiring.server_store import downgrade_schema

        downgrade_schema(settings, step)
        return before, look_at_database(home)
    from tapehead.wiring.folder_store import step_back, steps_of

    name, _, number = step.partition("=")
    found = steps_of(settings.home)
    if name not in found or not number.isdecimal() or not 0 < int(number) < found[name]:
        lower = [f"{each}={at}" for each, last in found.items() for at in range(1, last)]
        bound = f"one of {', '.join(lower)}" if lower else "below the one it stands at, and there is none"
        raise ParameterError(name="step", value=step, bound=bound)
    step_back(settings.home, name, int(number))
    return before, look_at_database(home)


def _of_folder(settings: Settings) -> SchemaReport:
    """Return the steps of the files in a folder, which nobody opens for it."""
    from tapehead.wiring.folder_store import newest_steps, steps_of

    newest, found = newest_steps(), steps_of(settings.home)
    server = f"SQLite {sqlite3.sqlite_version}"
    # The keys of a store are made when it is first served; until then there is nothing to bring up.
    stands = {name: found.get(name, wanted if name == "access" else 0) for name, wanted in newest.items()}
    return SchemaReport(str(settings.home), server, _said(stands) if found else "", _said(newest))


def _said(numbers: Mapping[str, int]) -> str:
    """Return steps in one line."""
    return ", ".join(f"{name} {number}" for name, number in numbers.items())
