"""Who uses the database behind a store, and how its replicas stand."""

from typing import TYPE_CHECKING

from tapehead.settings import Settings

if TYPE_CHECKING:
    from tapehead.database.use import Use

__all__ = ["use_of"]


def use_of(settings: Settings) -> "Use | None":
    """Return who has the database of a store open; None of a folder, whose threads have each their own.

    Raises
    ------
    DatabaseAwayError, MissingPackageError, ParameterError
    """
    if not settings.url:
        return None
    from tapehead.wiring.server_store import look_at_server

    return look_at_server(settings)
