"""Runs without their results, and what stands above their tables, as plain values."""

from typing import TYPE_CHECKING, Any

from tapehead.model.given_trades import IMPORTED
from tapehead.model.short_spec import short_spec
from tapehead.model.spec import iso

if TYPE_CHECKING:
    from tapehead.library.run import Header
    from tapehead.ports.runs import RunRecord


def listed_json(record: "RunRecord") -> dict[str, Any]:
    """Return plain values of a run as a list tells it: its spec without the rows that were given with it."""
    return {**run_json(record), "spec": short_spec(record.spec)}


def run_json(record: "RunRecord") -> dict[str, Any]:
    """Return plain values of a run, the rows of weights and facts that were given with it included."""
    return {
        "run": record.run,
        "state": record.state,
        "spec": dict(record.spec),
        "snapshot": record.snapshot,
        "created_at": iso(record.created_at),
        "finished_at": None if record.finished_at is None else iso(record.finished_at),
        "count": record.count,
        "failed": record.failed,
        "key": {name: value.hex() for name, value in record.key._asdict().items()},
        "receipt": record.key.receipt(),
        "digest": None if record.receipt is None else record.receipt.digest,
        "elsewhere": record.origin == IMPORTED,
    }


def header_json(header: "Header") -> dict[str, Any]:
    """Return plain values of what stands above the table of a run; `first` and `last` are None where it has no bar."""
    return {
        "strategy": header.strategy,
        "instruments": header.instruments,
        "interval": header.interval,
        "first": iso(header.first) if header.bars else None,
        "last": iso(header.last) if header.bars else None,
        "bars": header.bars,
        "snapshot": header.snapshot,
        "adjust": header.adjust,
        "stamps": list(header.stamps),
        "periods_a_year": header.periods_a_year,
        "days_a_year": header.days_a_year,
    }
