"""result_frame, result_html: the results of a run as columns, and as a small table."""

import json
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tapehead.model import display
from tapehead.model.frames import Column, Frame
from tapehead.model.result import RunResult

_SHOWN = ("total_return", "sharpe", "max_drawdown", "trades", "win_rate", "profit_factor")


def result_frame(results: Sequence[RunResult], run: str) -> Frame:
    """Return a row a result.

    Parameters
    ----------
    results : sequence of RunResult
        In their order.
    run : str
        Id, told in the metadata.

    Returns
    -------
    Frame
        `instrument`, `interval`, `parameters` (JSON text), a column a metric (None where undefined), `final_equity`,
        `flags` (text), `bars`, and `first` and `last`, the open times of the outer bars.
    """
    columns: dict[str, Column] = {
        "instrument": _text(each.instrument for each in results),
        "interval": _text(each.interval for each in results),
        "parameters": _text(json.dumps(dict(each.parameters), sort_keys=True) for each in results),
    }
    for name in dict.fromkeys(name for each in results for name in each.metrics):
        columns[name] = [each.metrics.get(name) for each in results]
    columns["final_equity"] = np.array([each.final_equity for each in results])
    columns["flags"] = _text(" ".join(each.flags) for each in results)
    columns["bars"] = np.array([each.bars for each in results], np.int64)
    for name in ("first", "last"):
        columns[name] = np.array([getattr(each, name) for each in results], np.int64).view("datetime64[us]")
    return Frame(columns, {"run": run})


def _text(values: Iterable[str]) -> NDArray[np.str_]:
    """Return text as a column."""
    return np.array(list(values), np.str_)


def result_html(results: Sequence[RunResult], total: int, words: str) -> str:
    """Return the best results with their curves, and how many there are."""
    rows = []
    for each in results:
        values = (each.metrics.get(name) for name in _SHOWN)
        figures = ("–" if value is None else display.number(value) for value in values)
        rows.append([each.instrument, *figures, display.sparkline(each.equity), ", ".join(each.flags)])
    shown = f"{total:,} results" + (f"; the best {len(results)} are shown" if len(results) < total else "")
    return display.table(("instrument", *_SHOWN, "equity", "flags"), rows, f"{words}; {shown}")
