"""Commits, and what taking one back did, as plain values."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tapehead.model.spec import iso

if TYPE_CHECKING:
    from tapehead.jobs.undo import Undone
    from tapehead.model.history import CommitRecord
    from tapehead.model.instrument import Series


def commit_json(record: "CommitRecord") -> dict[str, Any]:
    """Return plain values of a commit."""
    return {
        "commit": record.number,
        "at": iso(record.at),
        "kind": record.kind,
        "note": record.note,
        "segments": record.segments,
        "unchanged": record.unchanged,
        "undoes": record.undoes,
        "undone_by": record.undone_by,
        "swept": record.swept,
        "has_report": record.has_report,
    }


def undone_json(done: "Undone") -> dict[str, Any]:
    """Return plain values."""

    def named(series: "Sequence[Series]") -> list[dict[str, str]]:
        return [{"instrument": one.instrument, "interval": one.interval.text} for one in series]

    return {
        "snapshot": done.commit,
        "undoes": done.undoes.number,
        "kind": done.undoes.kind,
        "note": done.undoes.note,
        "series": named(done.series),
        "gone": named(done.gone),
        "back": named(done.back),
        "bars_before": done.bars_before,
        "bars_after": done.bars_after,
        "instruments_before": done.instruments_before,
        "instruments_after": done.instruments_after,
    }
