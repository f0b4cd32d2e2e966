"""What is held and missing, and what was set aside, as plain values."""

from typing import TYPE_CHECKING, Any

from tapehead.model.ledger import Ledger
from tapehead.model.spec import iso

if TYPE_CHECKING:
    from tapehead.model.segment import Quarantined


def ledger_json(one: Ledger, gaps: bool) -> dict[str, Any]:
    """Return plain values of one series."""
    names = ("bars", "empty", "missing", "gaps", "suspect", "partial", "untraded", "outside")
    facts: dict[str, Any] = {
        "instrument": one.series.instrument,
        "interval": one.series.interval.text,
        "calendar": one.calendar,
        "first": iso(one.first),
        "last": iso(one.last),
        **{name: getattr(one, name) for name in names},
    }
    if gaps:
        facts["runs"] = [
            {
                "start": iso(run.start),
                "end": iso(run.end),
                "bars": run.bars,
                "state": "empty" if run.empty else "missing",
            }
            for run in one.runs
        ]
    return facts


def aside_json(row: "Quarantined") -> dict[str, Any]:
    """Return plain values of a row that an import set aside."""
    return {
        "instrument": row.series.instrument,
        "interval": row.series.interval.text,
        "time": None if row.ts is None else iso(row.ts),
        "path": row.path,
        "row": row.row,
        "reason": row.reason,
        "values": row.values,
    }
