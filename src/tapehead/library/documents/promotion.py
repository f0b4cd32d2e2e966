"""What `tapehead store promote` tells, as plain values."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tapehead.jobs.foresee import Forecast
    from tapehead.library.promotion import Promoted


def forecast_json(forecast: "Forecast") -> dict[str, Any]:
    """Return plain values of a forecast."""
    return {
        "from": forecast.source,
        "to": forecast.target,
        "target": forecast.state,
        "snapshot": forecast.snapshot,
        "commits": forecast.commits,
        "series": forecast.series,
        "bars": forecast.bars,
        "segments": forecast.segments,
        "segment_bytes": forecast.segment_bytes,
        "held_segments": forecast.held_segments,
        "tail_bytes": forecast.block_bytes,
        "runs": forecast.runs,
        "results": forecast.results,
        "run_bytes": forecast.run_bytes,
        "held_runs": forecast.held_runs,
        "going": list(forecast.going),
        "ahead": list(forecast.ahead),
        "trials": forecast.trials,
        "size_bytes": forecast.size_bytes,
        "seconds": round(forecast.seconds, 1),
    }


def promoted_json(promoted: "Promoted") -> dict[str, Any]:
    """Return plain values of what was done and proved."""
    done, again = promoted.promotion, promoted.verification
    return {
        "segments": done.segments,
        "segment_bytes": done.segment_bytes,
        "rows": done.rows,
        "runs": done.runs,
        "trials": done.trials,
        "left": list(done.left),
        "equal": promoted.is_equal,
        "compared": dict(done.compared),
        "faults": list(done.faults),
        "verified": None if again is None else {"run": again.run, "verdict": again.verdict, "digest": again.digest},
        "seconds": round(done.seconds, 3),
    }
