"""What a sweep found, set by set, as plain values."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.model.grid import MOST_SETS

if TYPE_CHECKING:
    from tapehead.library.sweep_surface import SweepSurface
    from tapehead.model.space import Space

STATISTICS: Final = (
    *("median", "quartile_low", "quartile_high", "above_zero", "above_holding"),
    *("neighbourhood", "instruments", "scored"),
)
"""What a surface tells of each set: how a metric stands over the instruments, and how many of them there are."""

ALL: Final = "all"


def surface_json(found: "SweepSurface", statistic: str, ended: Mapping[str, Any]) -> dict[str, Any]:
    """Return a surface by one of STATISTICS, or by ALL of them.

    `ended` is what the end of the sweep says of its sets, empty before it. `cells` stand in the order of the product of
    the axes, None where there is no set; where that is too large to list they are those of the sets alone, at `points`
    of the product.
    """
    points, space = found.grid.points, found.grid.space
    whole = space.size <= MOST_SETS

    def placed(name: str) -> NDArray[np.float64]:
        values = statistic_of(found, name)
        if not whole:
            return values
        cells = np.full(space.size, np.nan)
        cells[points] = values
        return cells

    more: dict[str, Any] = {}
    if statistic == ALL:
        more = {"columns": {name: placed(name) for name in STATISTICS}, "names": list(found.instruments)}
    judged = ended if ended.get("objective") == found.objective else {}
    robust = judged.get("best_robust") or {}
    return {
        "metric": found.objective,
        "statistic": statistic,
        "sets": len(found),
        "instruments": len(found.instruments),
        **space_json(space),
        "cells": placed("median" if statistic == ALL else statistic),
        **more,
        "points": None if whole else points,
        "best": _told(found, found.found.best, judged.get("best")),
        "best_robust": _told(found, found.found.best_robust, judged.get("best_robust")),
        "plateau": points[found.found.plateau],
        "deflated": robust.get("sharpe_deflated"),
        "trials": robust.get("trials"),
        "pbo": (judged.get("overfitting") or {}).get("pbo"),
        "overfitting": judged.get("overfitting"),
    }


def space_json(space: "Space") -> dict[str, Any]:
    """Return the axes of each strategy, the last fastest, and how many points of the product lie before its own."""
    return {
        "size": space.size,
        "parts": [
            {
                "strategy": part.strategy,
                "axes": [{"name": axis.name, "values": list(axis.values)} for axis in part.axes],
                "fixed": dict(part.fixed),
                "first": part.first,
                "size": part.size,
            }
            for part in space.parts
        ],
    }


def statistic_of(found: "SweepSurface", name: str) -> NDArray[np.float64]:
    """Return one of STATISTICS of every set, by its number."""
    rows = found.found.rows
    columns = {"median": rows.median, "quartile_low": rows.lower, "quartile_high": rows.upper}
    columns |= {"above_holding": rows.above_holding}
    columns |= {"above_zero": rows.above_zero, "neighbourhood": found.found.neighbourhood}
    counts = {"instruments": rows.count, "scored": rows.scored}
    return columns[name] if name in columns else counts[name].astype(np.float64)


def _told(found: "SweepSurface", number: int | None, judged: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return one set with its point, and what the end of the sweep says of it."""
    if number is None:
        return None
    row = found.row(number)
    same = judged is not None and judged["parameters"] == row["parameters"]
    return {"point": int(found.grid.points[number]), **row, **({} if judged is None or not same else judged)}
