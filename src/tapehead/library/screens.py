"""Screens: which instruments an expression holds for, out of values that are kept."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError, ScreenError, SurroundingsError
from tapehead.jobs import universes as selection
from tapehead.jobs.membership import memberships, newest, roll
from tapehead.jobs.plan import choose_interval
from tapehead.jobs.screen import Screening, judge
from tapehead.jobs.screen_fill import LineSource, Place, fill
from tapehead.jobs.screen_frame import ScreenFrame
from tapehead.library.screen_frames import Frames
from tapehead.library.screen_reader import read_place, read_screen
from tapehead.library.times import read_time
from tapehead.model.frames import Frame, Framed
from tapehead.model.instrument import KINDS
from tapehead.model.interval import Interval
from tapehead.ports.lines import LineInfo, LineStore
from tapehead.settings import processors
from tapehead.wiring.assemble import House
from tapehead.wiring.plugins import engine_digest

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Screened(Framed):
    """Instruments that an expression holds for; iterate it for a row each, or take its columns.

    Attributes
    ----------
    expression : str
        As it was asked, empty where it was for all.
    interval, universe : str
        Of the bars, and whom it was asked of.
    snapshot : int
        State of the store.
    at : int or None
        Moment that was asked for (us UTC).
    found : Screening
        Columns and counts.
    computed : int
        Instruments whose bars had to be read; the others' values were kept.
    elapsed_ms : float
    degraded : str
        Why new values could not be kept, else empty.
    """

    expression: str
    interval: str
    universe: str
    snapshot: int
    at: int | None
    found: Screening
    computed: int
    elapsed_ms: float
    degraded: str = ""

    @property
    def columns(self) -> Mapping[str, NDArray[Any]]:
        """`instrument`, `ts` (open of the newest closed bar, us UTC), `close`, and what was asked; of one length."""
        return self.found.columns

    @property
    def instruments(self) -> list[str]:
        """Names of the matches, in their order."""
        return [str(name) for name in self.found.columns["instrument"]]

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return a column."""
        return self.found.columns[name]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.found.columns["instrument"])

    def __iter__(self) -> Iterator[Row]:
        """Yield a row an instrument; what is not known is None."""
        return self.rows()

    def rows(self, first: int = 0, limit: int | None = None) -> Iterator[Row]:
        """Yield some rows, from place `first` on."""
        names = list(self.found.columns)
        end = None if limit is None else first + limit
        lists = [_plain(values[first:end]) for values in self.found.columns.values()]
        for row in zip(*lists, strict=True):
            yield dict(zip(names, row, strict=True))

    def _frame(self) -> Frame:
        """Return the columns."""
        return Frame(self.found.columns, {})

    def _repr_html_(self) -> str:
        """Return the first and last rows for a notebook."""
        from tapehead.model import display

        rows = [
            [display.cell(name, values[i]) for name, values in self.columns.items()] for i in display.bounded(len(self))
        ]
        return display.table(list(self.columns), rows, display.shown_of(len(self), "instruments"))


class Screens:
    """The part of `Store` that screens instruments."""

    _house: House
    _frames: Frames | None = None

    def screen(
        self,
        expression: str | None = None,
        *,
        universe: str | None = None,
        symbols: Sequence[str] | None = None,
        interval: str | None = None,
        by: str | None = None,
        top: int | None = None,
        ascending: bool = False,
        show: Sequence[str] = (),
        at: Any = None,
        snapshot: int | None = None,
        save: str | None = None,
        progress: Callable[..., None] | None = None,
    ) -> Screened:
        """Return the instruments that an expression holds for, by the newest bar each has closed.

        Parameters
        ----------
        expression : str, optional
            Such as `rsi(14) < 30 and close > sma(200)`; see `library.screen_reader.read_screen`. None holds for all.
        universe, symbols : str, sequence of str, optional
            Whom to look at, one of them; neither means `all`, or the demo's where nothing else is held. Ranks are among
            these.
        interval : str, optional
            One that is held; needed where there are bars of several.
        by, top, ascending
            A number that orders the answer, the largest first unless `ascending`, and how many are kept of it.
        show : sequence of str
            Numbers to stand beside each instrument besides those of the expression.
        at : date, datetime or ISO text, optional
            Only bars that had closed at this moment, UTC.
        snapshot : int, optional
            State of the store; default the newest.
        save : str, optional
            Keep the matches as a universe of this name: a list, as they are now.
        progress : callable, optional
            Told how many instruments are computed, of how many.

        Returns
        -------
        Screened
            What cannot be told, as a line needs more bars than are held, is no match, not even under `not`; it is
            counted with the reason. Nor is who had no bar for 30 days.

        Raises
        ------
        ScreenError
            The expression does not read; `at` and `position` of the error say where.
        ParameterError, NoBarsError, UnknownUniverseError, UnknownSymbolError, UniverseError

        Notes
        -----
        Each value equals bit for bit what the indicator says of all bars held up to there. Values of the newest bars
        are kept in the store, named by the bars they were made of, so that none is ever stale.

        Examples
        --------
        >>> found = store.screen("rsi(14) < 30 and close > sma(200)", universe="crypto", by="dollar_volume(30)")
        >>> found.instruments
        """
        begun = time.perf_counter()
        if universe is not None and symbols is not None:
            raise ParameterError(name="symbols", value=symbols, bound="left out where universe is given")
        question = read_screen(expression, by=by, top=top, ascending=ascending, show=tuple(show))
        moment, house = read_time("at", at), self._house
        self._frames = self._frames or Frames()
        with house.bars.reading(snapshot) as number:
            past = snapshot is not None and snapshot != house.bars.head()
            kept = _Kept(house.lines, writes=not past) if moment is None else None
            every = self._interval(universe, symbols, interval, number)
            frame = self._frames.get(house.bars, kept, every, moment, number, past=past)
            rows = self._rows(frame, universe, symbols, moment)
            if interval is None and not frame.has_bars[rows].any():
                self._slow_interval(universe, symbols, number)
            source = LineSource(house.bars, house.shelf, kept, engine_digest(), progress, self._threads)
            with frame.lock:
                computed = fill(frame, question.places(), rows[frame.has_bars[rows]], source)
                found = judge(frame, rows, question)
        if save is not None:
            self._save(save, [str(name) for name in found.columns["instrument"]])
        elapsed = (time.perf_counter() - begun) * 1e3
        degraded = "" if kept is None else kept.degraded
        asked = " ".join((expression or "").split())
        named = universe or (_named(frame, rows) if symbols is None else ",".join(symbols))
        return Screened(asked, every.text, named, int(number), moment, found, computed, elapsed, degraded)

    def stored_lines(self) -> list[LineInfo]:
        """Return which indicators' newest values the store keeps."""
        return list(self._house.lines.infos(engine_digest()))

    def refresh_lines(self, progress: Callable[..., None] | None = None) -> int:
        """Bring every line that is kept up to date; return of how many instruments bars had to be read.

        A screen does so by itself with those that it asks for. Lines of an engine that is not this one are made anew.
        `progress` is told how many instruments are computed, of how many.
        """
        self._frames, house, computed = self._frames or Frames(), self._house, 0
        infos = self.stored_lines()
        with house.bars.reading() as number:
            for text in dict.fromkeys(one.interval for one in infos):
                frame = self._frames.get(house.bars, house.lines, Interval.parse(text), None, number)
                places = _places(one.line for one in infos if one.interval == text)
                source = LineSource(house.bars, house.shelf, house.lines, engine_digest(), progress, self._threads)
                with frame.lock:
                    computed += fill(frame, places, np.flatnonzero(frame.has_bars), source, worth=len(frame))
        return computed

    def forget_lines(self) -> int:
        """Forget the newest values of indicators, which the next screen makes anew; return how many lines."""
        self._frames = None
        return self._house.lines.forget()

    @property
    def _threads(self) -> int:
        """On how many threads bars are read; a transaction of PostgreSQL holds its snapshot for one thread."""
        return processors() if self._house.rows is None else 1

    def _save(self, name: str, names: list[str]) -> None:
        """Keep matches as a universe; `Market` does."""
        raise TypeError(f"{type(self).__name__} keeps no {name} of {len(names)}")

    def _interval(
        self, universe: str | None, symbols: Sequence[str] | None, asked: str | None, snapshot: int
    ) -> Interval:
        """Return the interval asked for, or the only one; most often known without a look at any instrument."""
        if asked is not None:
            return Interval.parse(asked)
        for without in (selection.SYNTHETIC_VENUE, ""):
            held = self._house.bars.intervals(without)
            # Where other venues have bars, the made up market does not count unless it is named.
            if len(held) == 1 and (not without or (symbols is None and universe in (None, *selection.BUILT_IN))):
                return held[0]
        return self._slow_interval(universe, symbols, snapshot)

    def _slow_interval(self, universe: str | None, symbols: Sequence[str] | None, snapshot: int) -> Interval:
        """Return the only interval that those chosen have bars of; raises what tells why there is none."""
        chosen = selection.choose(self._house.bars, universe, symbols, snapshot)[0]
        return choose_interval(self._house.bars, chosen, None, "these instruments")

    def _rows(
        self, frame: ScreenFrame, universe: str | None, symbols: Sequence[str] | None, at: int | None
    ) -> NDArray[np.intp]:
        """Return the places of those to look at, rising; of a filter its members on the day."""
        house, roster = self._house, frame.roster
        if symbols is None and universe in (None, *selection.BUILT_IN):
            real = roster.words("venue") != selection.SYNTHETIC_VENUE
            some = real & (roster.words("kind") == universe) if universe in KINDS else real
            if universe == "all" or some.any():
                return np.flatnonzero(some)
        if symbols is None:
            held = {each.name: each for each in house.bars.universes()}
            if universe in held and universe not in selection.BUILT_IN and not held[universe].where:
                return roster.places(held[universe].symbols)
        chosen, where = selection.choose(house.bars, universe, symbols, frame.snapshot)
        names = {each.name for each in chosen}
        if where:
            found = memberships(house.bars, house.shelf, where, chosen, frame.snapshot)
            names &= set(roll(found, at, newest(house.bars, chosen, frame.snapshot, None)).members)
        return roster.places(names)


class _Kept:
    """A store of lines, of which a failure to write is told and not raised: the answer stands without it.

    What the past looked like takes nobody's place: then nothing is written at all.
    """

    def __init__(self, lines: LineStore, *, writes: bool) -> None:
        self._lines = lines
        self._writes = writes
        self.degraded = ""

    def __getattr__(self, name: str) -> Any:
        """Return a call of the store."""
        return getattr(self._lines, name)

    def keep(self, *given: Any) -> bool:
        """Keep lines where that can be done."""
        return self._try(self._lines.keep, *given)

    def keep_market(self, *given: Any) -> bool:
        """Keep who is in a market where that can be done."""
        return self._try(self._lines.keep_market, *given)

    def _try(self, write: Callable[..., bool], *given: Any) -> bool:
        """Write, or say why not."""
        if not self._writes:
            return False
        try:
            return write(*given)
        except SurroundingsError as error:
            self.degraded = f"new values are not kept: {error}"
            return False


def _named(frame: ScreenFrame, rows: NDArray[np.intp]) -> str:
    """Return the universe that is meant where nothing is named."""
    made_up = rows.size and (frame.roster.words("venue")[rows] == selection.SYNTHETIC_VENUE).all()
    return selection.SYNTHETIC_VENUE if made_up else "all"


def _places(lines: Iterable[str]) -> list[Place]:
    """Return lines by their texts; what another version wrote and this one cannot read is left to be forgotten."""
    found = []
    for line in lines:
        with suppress(ScreenError):
            found.append(read_place(line))
    return found


def _plain(values: NDArray[Any]) -> list[Any]:
    """Return a column as plain values, None where it is not known."""
    if values.dtype.kind != "f":
        return list(values.tolist())
    known = np.isfinite(values)
    return [value if sure else None for value, sure in zip(values.tolist(), known.tolist(), strict=True)]
