"""What is asked of a service about screens, and what its answers become."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.screen import Missing, Screening
from tapehead.library.remote.asking import Asking, get
from tapehead.library.remote.held import moment
from tapehead.library.screens import Screened

_PAGE = 10_000


def screen(**asked: Any) -> Asking[Screened]:
    """Return what an expression holds for, every page of it."""
    bodies: list[dict[str, Any]] = []
    cursor = None
    while not bodies or cursor is not None:
        bodies.append((yield from get("screen", **asked, limit=_PAGE, cursor=cursor)))
        cursor = bodies[-1]["cursor"]
    return screened_from(bodies[0], [row for body in bodies for row in body["screen"]])


def screened_from(body: Mapping[str, Any], rows: list[dict[str, Any]]) -> Screened:
    """Return a screen from its document and the rows of all pages."""
    columns: dict[str, NDArray[Any]] = {
        "instrument": np.array([row["instrument"] for row in rows], np.str_),
        "ts": np.array([moment(row["ts"]) for row in rows], np.int64),
        "close": np.array([row["close"] for row in rows], np.float64),
    }
    for name in body["columns"]:
        values = [row["values"][name] for row in rows]
        worded = any(isinstance(value, str) for value in values)
        columns[name] = np.array(values, np.str_ if worded else np.float64)
    missing = tuple(Missing(**one) for one in body["missing"])
    asked, matched, unknown, quiet, absent = (
        int(body[name]) for name in ("asked", "matched", "unknown", "quiet", "absent")
    )
    return Screened(
        body["expression"],
        body["interval"],
        body["universe"],
        body["snapshot"],
        moment(body["at"]),
        Screening(columns, asked, matched, unknown, quiet, absent, missing, moment(body["newest"])),
        body["computed"],
        body["elapsed_ms"],
        body["degraded"],
    )
