"""SweepSurface: what the sets of a kept sweep are worth over all instruments, ready to be shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tapehead.errors import ParameterError
from tapehead.jobs.search.choose import sets_of
from tapehead.jobs.surface import row_of, surface_of
from tapehead.layout.cells import CELL_METRICS
from tapehead.library.search_request import OBJECTIVES
from tapehead.metrics.surface import Surface
from tapehead.model import display
from tapehead.model.frames import Column, Frame, Framed
from tapehead.model.grid import Grid
from tapehead.model.space import Space
from tapehead.model.spec import RunSpec
from tapehead.ports.runs import RunRecord, RunStore

_SHOWN = 20
SetValues = Mapping[str, tuple[float, ...]]
"""Metrics of one set by instrument."""


@dataclass(frozen=True, slots=True, eq=False)
class SweepSurface(Framed):
    """Sets of a sweep with the objective over its instruments: median, quartiles, neighbourhood.

    Attributes
    ----------
    grid : Grid
        The sets, by number.
    found : Surface
        What each is worth.
    objective : str
        The metric; greater is better.
    instruments : tuple of str
    """

    run: str
    grid: Grid
    found: Surface
    objective: str
    instruments: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of sets."""
        return len(self.grid)

    def row(self, number: int) -> dict[str, Any]:
        """Return one set by name: `parameters`, what Rows and Surface have of it, and `instruments`, their number."""
        return row_of(self.found, self.grid, number) or {}

    @property
    def best(self) -> dict[str, Any] | None:
        """The set of the greatest median; None where no set has one."""
        return row_of(self.found, self.grid, self.found.best)

    @property
    def best_robust(self) -> dict[str, Any] | None:
        """The set of the greatest median of it and its neighbours; None where no set has one."""
        return row_of(self.found, self.grid, self.found.best_robust)

    def order(self, limit: int | None = None) -> list[int]:
        """Return numbers of sets, the greatest median first, undefined last, then by number."""
        medians = self.found.rows.median
        order = np.lexsort([np.arange(len(medians)), np.where(np.isnan(medians), np.inf, -medians)])
        return [int(number) for number in order[:limit]]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the sets, best first."""
        return map(self.row, self.order())

    def _frame(self) -> Frame:
        """Return the same as `frame`."""
        return self.frame()

    def frame(self) -> Frame:
        """Return a row a set, by its number: its parameters, and what it is worth."""
        named = [self.grid.parameters(number) for number in range(len(self.grid))]
        columns: dict[str, Column] = {}
        for name in dict.fromkeys(name for each in named for name in each):
            columns[name] = np.array([each.get(name, np.nan) for each in named])
        rows = self.found.rows
        found = {"median": rows.median, "lower": rows.lower, "upper": rows.upper, "above_zero": rows.above_zero}
        found["above_holding"] = rows.above_holding
        return Frame({**columns, **found, "neighbourhood": self.found.neighbourhood}, {"run": self.run})

    def _repr_html_(self) -> str:
        """Return the best sets for a notebook."""
        names = ("median", "lower", "upper", "above_zero", "neighbourhood")
        rows = []
        for number in self.order(_SHOWN):
            row = self.row(number)
            said = " ".join(f"{name}={value}" for name, value in row["parameters"].items())
            rows.append([said, *("–" if row[name] is None else display.number(row[name]) for name in names)])
        note = f"{len(self):,} sets on {len(self.instruments):,} instruments, by {self.objective}"
        return display.table(("set", *names), rows, note)


def sweep_surface(runs: RunStore, record: RunRecord, spec: RunSpec, metric: str | None = None) -> SweepSurface:
    """Return the surface of what is kept of a sweep, by its objective or by another metric.

    Raises
    ------
    ParameterError
        Cells have no such metric.
    """
    by = spec.objective if metric is None else metric
    _check_metrics([by])
    grid = grid_of(runs, record.run, spec)
    names = tuple(sorted({part.instrument for part in runs.tiles(record.run)}))
    found = surface_of(runs, record.run, grid, names, by)
    if by not in OBJECTIVES:
        found = replace(found, best=None, best_robust=None, plateau=found.plateau[:0])
    return SweepSurface(record.run, grid, found, by, names)


def set_values(runs: RunStore, run: str, space: Space, point: int, metrics: Sequence[str]) -> SetValues:
    """Return metrics of one set on each instrument that it has a result on, by name; NaN where undefined.

    Raises
    ------
    ParameterError
        Nothing is kept of such a set, or cells have no such metric.
    """
    _check_metrics(metrics)
    found: dict[str, tuple[float, ...]] = {}
    columns = tuple(f"values.{name}" for name in metrics)
    for part in runs.tiles(run, ("points", *columns)) if point < space.size else ():
        at = np.flatnonzero(part.columns["points"] == point)
        if at.size:
            found[part.instrument] = tuple(float(part.columns[name][at[0]]) for name in columns)
    if not found:
        bound = f"the place of a set that has a result, below {space.size:,}. See them: tapehead show {run}"
        raise ParameterError(name="number", value=point, bound=bound)
    return found


def _check_metrics(names: Sequence[str]) -> None:
    """Raise ParameterError for a metric that cells do not have."""
    for name in names:
        if name not in CELL_METRICS:
            raise ParameterError(name="metric", value=name, bound=f"one of {', '.join(CELL_METRICS)}")


def grid_of(runs: RunStore, run: str, spec: RunSpec) -> Grid:
    """Return the sets of a sweep; of a search that decides as it goes, those that were scored, by their points."""
    space = Space.of(spec)
    if spec.search != "bayes":
        return sets_of(spec, space)
    found = [part.columns["points"] for part in runs.tiles(run, ("points",)) if part.cells]
    return Grid(space, np.unique(np.concatenate(found)) if found else np.empty(0, np.int64))
