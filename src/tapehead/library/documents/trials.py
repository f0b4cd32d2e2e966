"""What a ledger of trials counts as plain values."""

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tapehead.library.trials import SeriesTrials, TrialReport


def ledger_json(report: "TrialReport") -> dict[str, Any]:
    """Return plain values of a report."""
    return {
        "trials": report.trials,
        "runs": list(report.runs),
        "strategies": [
            {
                "strategy": one.strategy,
                "sources": one.sources,
                "instruments": one.instruments,
                "trials": one.trials,
                "runs": list(one.runs),
            }
            for one in report.strategies
        ],
        "instruments": [_series_json(one) for one in report.series],
    }


def _series_json(one: "SeriesTrials") -> dict[str, Any]:
    """Return plain values of the trials of an instrument; Sharpe ratios are of a year, those named so of a bar."""
    luck, best = one.standing.luck, one.standing.best
    told: dict[str, Any] = {
        "instrument": one.instrument,
        "interval": one.interval,
        "trials": one.trials,
        "runs": list(one.runs),
        "trials_of_all": luck.trials,
        "trials_effective": luck.effective,
        "sharpe_variance_bar": luck.variance,
        "sharpe_by_luck": one.annual(luck.highest),
        "periods": one.periods,
        "best": None,
    }
    if best is not None:
        told["best"] = {
            "strategy": best.context.strategy,
            "parameters": json.loads(best.parameters),
            "settings": best.context.asked(),
            "run": best.run,
            "sharpe": one.annual(best.sharpe),
            "sharpe_bar": best.sharpe,
            "sharpe_deflated": best.deflated,
            "why": {"sharpe_deflated": best.why} if best.why else {},
        }
    return told
