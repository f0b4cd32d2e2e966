"""SweepRun: a sweep that goes on while it is read, or one that is kept."""

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from tapehead.errors import ChangedRunError, ParameterError, RunKeyError
from tapehead.jobs.drive import Numbered
from tapehead.jobs.replay import replay
from tapehead.library.cell_pages import cells_page
from tapehead.library.run import Run
from tapehead.library.sweep_surface import SetValues, SweepSurface, set_values, sweep_surface
from tapehead.library.told_again import read_event
from tapehead.model.axis import Value
from tapehead.model.events import FOUND, Event, Tiled
from tapehead.model.frames import Frame
from tapehead.model.result import RunResult
from tapehead.model.space import STRATEGY, Part, Space
from tapehead.ports.runs import Page
from tapehead.wiring.assemble import House


class SweepRun(Run):
    """One sweep. Iterating gives the result of each set on each instrument as it finishes; leaving early keeps them.

    Results have metrics and the digest of their trades; `cell` makes one again with its trades and its curve.
    """

    tiles = 0
    """In how many tiles it is computed, where it is computed here."""

    @cached_property
    def space(self) -> Space:
        """Where the sets come from."""
        return Space.of(self.spec)

    @property
    def tasks(self) -> int:
        """In how many tasks it is computed: one a tile."""
        return self.tiles

    def __iter__(self) -> Iterator[RunResult]:
        """Yield results: those already there, then each as it finishes."""
        held = list(self._passed)
        if self._source is None and not self._ahead:
            held = [(part.instrument, part.lo) for part in self._house.runs.tiles(self.id)]
        for instrument, lo in held:
            tile = self._house.runs.tile(self.id, instrument, lo)
            if tile is not None:
                yield from (one.result for one in Tiled(self.id, tile, 0.0, self.space.parameters).results())
        for _, event in self._pump():
            if isinstance(event, Tiled):
                yield from (one.result for one in event.results())
        self._check()

    @cached_property
    def _passed(self) -> list[tuple[str, int]]:
        """Tiles that were told already, by instrument and first place."""
        return []

    def _note(self, event: Event) -> None:
        """Remember what an event tells; of a tile its place."""
        super()._note(event)
        if isinstance(event, Tiled):
            self._passed.append((event.tile.instrument, event.tile.lo))

    def results(self, sort: str = "total_return", limit: int | None = None) -> list[RunResult]:
        """Return kept results, by a metric, best first, undefined last; with `limit` the first of them."""
        return list(cells_page(self._house.runs, self.id, self.space, sort=sort, limit=limit).rows)

    def surface(self, metric: str | None = None) -> SweepSurface:
        """Return what the sets are worth over all instruments, of what is kept so far.

        By the objective, or by another metric; of one of which less is better, no set is best.
        """
        return sweep_surface(self._house.runs, self.record, self.spec, metric)

    def spread(self, point: int, metric: str | None = None) -> SetValues:
        """Return the objective, or another metric, and the total return of one set, by instrument; NaN where undefined.

        Raises
        ------
        ParameterError
            The sweep has no such set so far, or its cells have no such metric.
        """
        by = self.spec.objective if metric is None else metric
        return set_values(self._house.runs, self.id, self.space, point, (by, "total_return"))

    def page(self, sort: str, cursor: bytes | None, limit: int) -> Page[RunResult]:
        """Return a page of kept results; see `cells_page`."""
        return cells_page(self._house.runs, self.id, self.space, sort=sort, cursor=cursor, limit=limit)

    @property
    def best(self) -> dict[str, Any] | None:
        """Return the set of the greatest median objective over the instruments; waits for the run."""
        self.wait()
        best: dict[str, Any] | None = self.found.get("best")
        return best

    @property
    def best_robust(self) -> dict[str, Any] | None:
        """Return the set of the greatest median of it and its neighbours; waits for the run."""
        self.wait()
        robust: dict[str, Any] | None = self.found.get("best_robust")
        return robust

    @property
    def found(self) -> dict[str, Any]:
        """What the end of the run says of its sets, by the names of `model.events.FOUND`; empty before it ends."""
        last = (None if self._id is None else self._last()) or {}
        return {name: last[name] for name in FOUND if name in last}

    def at(self, **parameters: Value) -> "SweepRun":
        """Return the same sweep, looked at where these parameters stand: what is asked of a symbol is of that set."""
        self.wait()
        other = SweepRun(self._house, self.spec, self._head, run=self.id)
        other.chosen = {**self.chosen, **parameters}
        return other

    @cached_property
    def chosen(self) -> dict[str, Value]:
        """Parameters that were chosen by `at`."""
        return {}

    def __getitem__(self, symbol: str) -> RunResult:
        """Return the result of a set on `symbol` or `venue:symbol`, made again: of that chosen by `at`, see `cell`."""
        return self.cell(symbol)

    def cell(self, symbol: str, **parameters: Value) -> RunResult:
        """Make one cell again, with its trades, its curve and every metric.

        Parameters
        ----------
        symbol : str
            `symbol` or `venue:symbol`.
        **parameters
            Of the set; those left out are those of the best robust one.

        Raises
        ------
        RunKeyError
            The sweep has no such instrument.
        ParameterError
            It has no such set, or the set has no result on the instrument.
        ChangedRunError
            Code or data changed since, so that the trades would be others.

        Examples
        --------
        >>> store.run("01JD8Q7K").cell("BTCUSDT", fast=10, slow=30).trades
        """
        from tapehead.library.cells import make_cell

        self.wait()
        instrument = self._instrument(symbol)
        point = self.point({**self._default(), **self.chosen, **parameters})
        held = self._made_cells.get((instrument, point))
        if held is not None:
            return held
        kept = self._kept_decisions(instrument, point)
        made = make_cell(self._house, self.record, instrument, self.space.parameters(point))
        if kept is None:
            said = " ".join(f"{name}={value}" for name, value in self.space.parameters(point).items())
            bound = f"a set of this sweep that has a result on {instrument}. See them: tapehead show {self.short}"
            raise ParameterError(name="parameters", value=said, bound=bound)
        if made.decisions != kept:
            raise ChangedRunError(run=self.id, symbol=instrument)
        self._made_cells.clear()
        self._made_cells[instrument, point] = made
        return made

    @cached_property
    def _made_cells(self) -> dict[tuple[str, int], RunResult]:
        """The cell that was made again last."""
        return {}

    def point(self, parameters: Mapping[str, Any]) -> int:
        """Return the number of a set in the space; raise ParameterError for one that is not there."""
        part = self._part(parameters)
        point = part.first
        for axis, stride in zip(part.axes, part.strides, strict=True):
            given = parameters.get(axis.name, axis.values[0] if len(axis) == 1 else None)
            if given not in axis.values:
                some = ", ".join(map(str, axis.values[:8])) + (", …" if len(axis) > 8 else "")
                raise ParameterError(name=axis.name, value=given, bound=f"one of its values in this sweep: {some}")
            point += axis.values.index(given) * stride
        known = {axis.name for axis in part.axes} | part.fixed.keys() | {STRATEGY}
        for name, value in parameters.items():
            if name not in known or (name in part.fixed and value != part.fixed[name]):
                held = f"{part.fixed[name]} as in the whole sweep" if name in part.fixed else ", ".join(sorted(known))
                raise ParameterError(name=name, value=value, bound=held)
        return point

    def _part(self, parameters: Mapping[str, Any]) -> Part:
        """Return the part of the space that parameters are of."""
        parts = self.space.parts
        if len(parts) == 1:
            return parts[0]
        found = next((part for part in parts if part.strategy == parameters.get(STRATEGY)), None)
        if found is None:
            bound = f"one of {', '.join(part.strategy for part in parts)}"
            raise ParameterError(name=STRATEGY, value=parameters.get(STRATEGY, "not given"), bound=bound)
        return found

    def _default(self) -> dict[str, Any]:
        """Return the parameters of the best robust set, or of the best one; none where there is neither."""
        shown = self.best_robust or self.best
        return {} if shown is None else dict(shown["parameters"])

    def _instrument(self, symbol: str) -> str:
        """Return the instrument that a symbol names."""
        held = {part.instrument for part in self._house.runs.tiles(self.id)}
        names = sorted(name for name in held if symbol in (name, name.split(":", 1)[1]))
        if len(names) == 1:
            return names[0]
        hint = f" It has {', '.join(names)}; name one." if names else ""
        raise RunKeyError(run=self.id, symbol=symbol, hint=hint)

    def _kept_decisions(self, instrument: str, point: int) -> bytes | None:
        """Return the digest of the trades that are kept of a cell."""
        for part in self._house.runs.tiles(self.id, ("points", "decisions"), instrument):
            at = np.flatnonzero(part.columns["points"] == point)
            if at.size:
                return bytes(part.columns["decisions"][at[0]].tobytes())
        return None

    def _frame(self) -> Frame:
        """Return a row a set: its parameters, and what it is worth over all instruments."""
        self.wait()
        return self.surface().frame()

    def _repr_html_(self) -> str:
        """Return the best sets for a notebook; a sweep that has not begun is not begun by looking at it."""
        if self._id is None:
            return f"<p>{self.header.strategy}: not begun; iterate it, or call wait()</p>"
        return self.surface()._repr_html_()


def reused_sweep(house: House, run: str, space: Space) -> Iterator[Numbered]:
    """Yield the events of a kept sweep as they were numbered, its tiles as tiles; its last one says `reused`."""
    for number, data in replay(house.log, run, tiles=True):
        body = json.loads(data)
        if body["event"] == "tile":
            tile = house.runs.tile(run, body["instrument"], body["lo"])
            if tile is not None:
                yield number, Tiled(run, tile, body["t_ms"], space.parameters, body.get("stages_us", {}))
            continue
        event = read_event(house, run, data)
        if event is not None:
            yield number, event
