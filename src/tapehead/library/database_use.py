"""Who uses the database behind a store, and how its replicas stand."""

from typing import TYPE_CHECKING, Any

from tapehead.settings import read_settings

if TYPE_CHECKING:
    from tapehead.database.sessions import Use

__all__ = ["look_at_use", "use_document"]


def look_at_use(home: str | None) -> "Use | None":
    """Return who has the database of a home open; None of a folder, whose threads have each their own.

    Raises
    ------
    DatabaseAwayError, MissingPackageError, ParameterError
    """
    settings = read_settings(home=home)
    if not settings.url:
        return None
    from tapehead.wiring.server_store import look_at_server

    return look_at_server(settings)


def use_document(use: "Use") -> dict[str, Any]:
    """Return plain values."""
    return {
        "sessions": [
            {
                "pid": one.pid,
                "name": one.name,
                "state": one.state,
                "client": one.client,
                "state_s": round(one.state_s, 3),
                "transaction_s": None if one.transaction_s is None else round(one.transaction_s, 3),
            }
            for one in use.sessions
        ],
        "sessions_of_server": use.of_server,
        "sessions_limit": use.limit,
        "replicas": [
            {"name": one.name, "where": one.where, "state": one.state, "text": one.text, "behind": one.behind}
            for one in use.replicas
        ],
    }
