"""How the database behind a store stands, as plain values and out of them."""

from collections.abc import Mapping
from typing import Any

from tapehead.database.figures import PoolFigures
from tapehead.database.use import Session, Use
from tapehead.library.schema import SchemaReport

_REPLICA = ("name", "where", "state", "text", "behind")
_COUNTS = ("limit", "open", "in_use", "waiting", "lent", "waited", "exhausted", "peak", "replaced")
_WAITS = ("mean_s", "p95_s", "longest_s")
_SESSION = ("pid", "name", "state", "client", "state_s", "transaction_s")


def database_json(report: SchemaReport, use: Use | None) -> dict[str, Any]:
    """Return plain values; those of sessions and replicas only where a server keeps them."""
    told = {
        "where": report.where,
        "server": report.server,
        "found": report.found or None,
        "newest": report.newest,
        "is_newest": report.is_newest,
    }
    return told if use is None else {**told, **_use_json(use)}


def database_from(body: Mapping[str, Any]) -> tuple[SchemaReport, Use | None]:
    """Return what plain values say."""
    report = SchemaReport(body["where"], body["server"], body["found"] or "", body["newest"])
    if body.get("sessions") is None:
        return report, None
    sessions = tuple(Session(*(one[name] for name in _SESSION)) for one in body["sessions"])
    replicas = tuple(_replica_from(one) for one in body["replicas"])
    return report, Use(sessions, body["sessions_of_server"], body["sessions_limit"], replicas)


def _use_json(use: Use) -> dict[str, Any]:
    """Return plain values of sessions and replicas."""
    return {
        "sessions": [
            {
                **{name: getattr(one, name) for name in _SESSION[:4]},
                "state_s": round(one.state_s, 3),
                "transaction_s": None if one.transaction_s is None else round(one.transaction_s, 3),
            }
            for one in use.sessions
        ],
        "sessions_of_server": use.of_server,
        "sessions_limit": use.limit,
        "replicas": [{name: getattr(one, name) for name in _REPLICA} for one in use.replicas],
    }


def _replica_from(body: Mapping[str, Any]) -> PoolFigures:
    """Return what is told of a replica; how its connections are used is not."""
    named: dict[str, Any] = {name: body[name] for name in _REPLICA}
    used: dict[str, Any] = dict.fromkeys((*_COUNTS, *_WAITS), 0)
    return PoolFigures(**named, **used)
