"""run_json: a run without its results."""

from typing import TYPE_CHECKING, Any

from tapehead.model.spec import iso

if TYPE_CHECKING:
    from tapehead.ports.runs import RunRecord


def run_json(record: "RunRecord") -> dict[str, Any]:
    """Return plain values of a run."""
    return {
        "run": record.run,
        "state": record.state,
        "spec": dict(record.spec),
        "snapshot": record.snapshot,
        "created_at": iso(record.created_at),
        "finished_at": None if record.finished_at is None else iso(record.finished_at),
        "count": record.count,
        "failed": record.failed,
        "receipt": record.key.receipt(),
        "digest": None if record.receipt is None else record.receipt.digest,
    }
