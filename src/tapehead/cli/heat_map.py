"""heat_map: what sets are worth over two axes, drawn in the cells of a terminal."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapehead.cli import numbers
from tapehead.cli.cells import cut
from tapehead.cli.ink import Ink
from tapehead.metrics.surface import Surface
from tapehead.model.axis import Axis
from tapehead.model.grid import Grid

F64 = NDArray[np.float64]
SHADES: Final = "·░▒▓█"
_DIGITS: Final = "0123456789"
_MOST_ROWS: Final = 24
_MARK: Final = "*"


def heat_map(grid: Grid, found: Surface, objective: str, width: int, ink: Ink, *, shades: bool) -> list[str]:
    """Return the medians of sets over two axes as lines of at most `width` columns; none where there are no two axes.

    Of more than two axes those are drawn that move the objective most, the others stand at the best robust set. Where
    there are more values than room, neighbours share a cell, which shows their median. `*` marks the best robust set.
    """
    if found.best_robust is None or len(grid.space.parts) > 1:
        return []
    places = grid.places
    moving = [k for k, axis in enumerate(grid.space.axes) if len(np.unique(places[:, k])) > 1 and len(axis) > 1]
    if len(moving) < 2:
        return []
    rows, columns = _strongest(places, found.rows.median, moving)
    fixed = [k for k in moving if k not in (rows, columns)]
    at = places[found.best_robust]
    here = np.ones(len(grid), np.bool_)
    for k in fixed:
        here &= places[:, k] == at[k]
    down, across = grid.space.axes[rows], grid.space.axes[columns]
    labels = [numbers_of(down, k) for k in range(len(down))]
    left = max(len(down.name), *map(len, labels)) + 2
    table, row_of, column_of = _table(
        found.rows.median[here], places[here, rows], places[here, columns], len(down), len(across), width - left - 2
    )
    marked = int(row_of[at[rows]]), int(column_of[at[columns]])
    wide = 2 if 2 * table.shape[1] + left + 2 <= width else 1
    lines = [cut(_title(grid, fixed, objective, down, across, at), width)]
    for row in range(table.shape[0]):
        first = int(np.flatnonzero(row_of == row)[0])
        drawn = _row(table, row, wide, marked, ink, shades=shades)
        lines.append(f"{labels[first]:>{left}} {drawn}".rstrip())
    lines.append(_footer(across, left, table.shape[1] * wide, wide))
    return [*lines, ink.head(cut(_legend(table, left, shades=shades), width))]


def _strongest(places: NDArray[np.int32], values: F64, moving: Sequence[int]) -> tuple[int, int]:
    """Return the two axes whose mean value by place spreads most, the longer one across."""
    known = np.isfinite(values)
    effect = {}
    for k in moving:
        own, what = places[known, k], values[known]
        means = [what[own == place].mean() for place in np.unique(own)]
        effect[k] = max(means) - min(means) if means else 0.0
    chosen = sorted(moving, key=lambda k: -effect[k])[:2]
    first, second = sorted(chosen, key=lambda k: (len(np.unique(places[:, k])), k))
    return first, second


def _table(
    values: F64, down: NDArray[np.int32], across: NDArray[np.int32], rows: int, columns: int, room: int
) -> tuple[F64, NDArray[np.int64], NDArray[np.int64]]:
    """Return the medians by cell, and the row and the column that each place falls into."""
    height, breadth = -(-rows // _MOST_ROWS), -(-columns // max(room, 1))
    row_of, column_of = np.arange(rows) // height, np.arange(columns) // breadth
    table = np.full((int(row_of[-1]) + 1, int(column_of[-1]) + 1), np.nan)
    cell = row_of[down] * table.shape[1] + column_of[across]
    known = np.isfinite(values)
    for one in np.unique(cell[known]).tolist():
        table.flat[one] = np.median(values[known & (cell == one)])
    return table, row_of, column_of


def _row(table: F64, row: int, wide: int, marked: tuple[int, int], ink: Ink, *, shades: bool) -> str:
    """Return one row of cells."""
    signs = SHADES if shades else _DIGITS
    low, high = float(np.nanmin(table)), float(np.nanmax(table))
    drawn: list[tuple[str, str]] = []
    for column, value in enumerate(table[row].tolist()):
        if value != value:
            drawn.append(("nothing", " " * wide))
            continue
        step = round((value - low) / (high - low) * (len(signs) - 1)) if high > low else len(signs) // 2
        text = signs[step] * wide if shades else signs[step].ljust(wide)
        if (row, column) == marked:
            drawn.append(("mark", _MARK + text[1:]))
        else:
            drawn.append(("gain" if value > 0 else "loss" if value < 0 else "nothing", text))
    return "".join(_inked(style, "".join(text for _, text in run), ink) for style, run in groupby(drawn, itemgetter(0)))


def _inked(style: str, text: str, ink: Ink) -> str:
    """Return cells of one style, coloured together."""
    if style == "mark":
        return ink.strong(text)
    return text if style == "nothing" else ink.money(text, 1.0 if style == "gain" else -1.0)


def _title(grid: Grid, fixed: Sequence[int], objective: str, down: Axis, across: Axis, at: NDArray[np.int32]) -> str:
    """Return what is drawn, and where the axes stand that are not."""
    held = [f"{grid.space.axes[k].name}={grid.space.axes[k].values[at[k]]}" for k in fixed]
    return f"  median {objective}, {down.name} down, {across.name} across{' at ' * bool(held)}{' '.join(held)}"


def _footer(across: Axis, left: int, breadth: int, wide: int) -> str:
    """Return the first and the last value below the cells."""
    first, last = numbers_of(across, 0), numbers_of(across, len(across) - 1)
    gap = max(breadth - len(first) - max(len(last), wide), 1)
    return f"{' ' * left} {first}{' ' * gap}{last}"


def _legend(table: F64, left: int, *, shades: bool) -> str:
    """Return what the signs stand for."""
    low, high = float(np.nanmin(table)), float(np.nanmax(table))
    signs = SHADES if shades else _DIGITS
    said = f"{signs[0]} {numbers.signed(low, 2)} to {signs[-1]} {numbers.signed(high, 2)}"
    return f"{' ' * left} {said}   {_MARK} best robust"


def numbers_of(axis: Axis, place: int) -> str:
    """Return a value of an axis in short."""
    value = axis.values[place]
    return f"{value:g}" if isinstance(value, float) else str(value)
