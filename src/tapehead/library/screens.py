"""Screens: which instruments an expression holds for, out of values that are kept."""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError, ScreenError, SurroundingsError
from tapehead.jobs import universes as selection
from tapehead.jobs.membership import memberships, newest, roll
from tapehead.jobs.plan import choose_interval
from tapehead.jobs.screen import Screening, judge
from tapehead.jobs.screen_frame import Place, ScreenFrame, fill, make_frame
from tapehead.library.listing import Listing
from tapehead.library.screen_reader import read_place, read_screen
from tapehead.library.times import read_time
from tapehead.model.frames import Frame, Framed
from tapehead.model.instrument import Instrument
from tapehead.model.interval import Interval
from tapehead.ports.bars import BarStore
from tapehead.ports.lines import LineInfo, LineStore
from tapehead.wiring.assemble import House
from tapehead.wiring.plugins import engine_digest

MOST_FRAMES: Final = 4
"""Intervals, moments and snapshots that a process holds values of; the one used longest ago goes first."""
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


class Frames:
    """Frames by interval, moment and snapshot; safe from many threads, and bounded.

    The values of a frame pass to the next one for every instrument whose bars are the same: a commit, an undo or an
    edit by SQL makes those of the touched ones anew, and no others.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str, int | None, int | None], ScreenFrame] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, store: BarStore, interval: Interval, at: int | None, snapshot: int, *, past: bool) -> ScreenFrame:
        """Return the frame of a snapshot that is being read; those of `past` ones do not take the newest's place."""
        key = interval.text, at, int(snapshot) if past else None
        # A head that carries rows not settled yet is another one each time: its number alone does not name it.
        settled = type(snapshot) is int
        with self._lock:
            held = self._held.get(key)
            if held is not None and held.snapshot == snapshot and settled:
                self._held.move_to_end(key)
                return held
            alike = [one for (text, moment, _), one in self._held.items() if (text, moment) == key[:2]]
        made = make_frame(store, interval, at, snapshot)
        if alike:
            with alike[-1].lock:
                made.take_over(alike[-1])
        with self._lock:
            if settled:
                self._held[key] = made
                self._held.move_to_end(key)
            while len(self._held) > MOST_FRAMES:
                self._held.popitem(last=False)
        return made


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
            listed = self._listed()
            known = listed if listed.head == number and type(number) is int else None
            chosen = self._chosen(universe, symbols, moment, number, known)
            every = _interval(house.bars, chosen, interval, known)
            past = snapshot is not None and snapshot != house.bars.head()
            frame = self._frames.get(house.bars, every, moment, number, past=past)
            rows = frame.rows_of(chosen)
            kept = _Kept(house.lines) if moment is None and not past else None
            with frame.lock:
                computed = fill(frame, question.places(), rows, house.shelf, kept, engine_digest())
                found = judge(frame, rows, len(chosen) - len(rows), question)
        if save is not None:
            self._save(save, [str(name) for name in found.columns["instrument"]])
        elapsed = (time.perf_counter() - begun) * 1e3
        degraded = "" if kept is None else kept.degraded
        asked = " ".join((expression or "").split())
        named = universe or (_named(chosen) if symbols is None else ",".join(symbols))
        return Screened(asked, every.text, named, int(number), moment, found, computed, elapsed, degraded)

    def stored_lines(self) -> list[LineInfo]:
        """Return which indicators' newest values the store keeps."""
        return list(self._house.lines.infos(engine_digest()))

    def refresh_lines(self) -> int:
        """Bring every line that is kept up to date; return of how many instruments bars had to be read.

        A screen does so by itself with those that it asks for. Lines of an engine that is not this one are made anew.
        """
        self._frames, house, computed = self._frames or Frames(), self._house, 0
        infos = self.stored_lines()
        with house.bars.reading() as number:
            for text in dict.fromkeys(one.interval for one in infos):
                frame = self._frames.get(house.bars, Interval.parse(text), None, number, past=False)
                places = _places(one.line for one in infos if one.interval == text)
                with frame.lock:
                    every = np.arange(len(frame.instruments))
                    computed += fill(frame, places, every, house.shelf, house.lines, engine_digest())
        return computed

    def forget_lines(self) -> int:
        """Forget the newest values of indicators, which the next screen makes anew; return how many lines."""
        self._frames = None
        return self._house.lines.forget()

    def _save(self, name: str, names: list[str]) -> None:
        """Keep matches as a universe; `Market` does."""
        raise TypeError(f"{type(self).__name__} keeps no {name} of {len(names)}")

    def _listed(self) -> Listing:
        """Return every instrument, listed once a commit; `Market` does."""
        raise TypeError(f"{type(self).__name__} lists nothing")

    def _chosen(
        self,
        universe: str | None,
        symbols: Sequence[str] | None,
        at: int | None,
        snapshot: int,
        known: Listing | None,
    ) -> Sequence[Instrument]:
        """Return whom to look at; of a filter its members on the day."""
        house = self._house
        if symbols is None and universe in (None, "all") and known is not None and known.real:
            return known.real
        chosen, where = selection.choose(house.bars, universe, symbols, snapshot)
        if not where:
            return chosen
        found = memberships(house.bars, house.shelf, where, chosen, snapshot)
        members = set(roll(found, at, newest(house.bars, chosen, snapshot, None)).members)
        return [each for each in chosen if each.name in members]


class _Kept:
    """A store of lines, of which a failure to write is told and not raised: the answer stands without it."""

    def __init__(self, lines: LineStore) -> None:
        self._lines = lines
        self.degraded = ""

    def __getattr__(self, name: str) -> Any:
        """Return a call of the store."""
        return getattr(self._lines, name)

    def keep(self, *given: Any) -> None:
        """Keep lines where that can be done."""
        try:
            self._lines.keep(*given)
        except SurroundingsError as error:
            self.degraded = f"new values are not kept: {error}"


def _interval(store: BarStore, chosen: Sequence[Instrument], asked: str | None, known: Listing | None) -> Interval:
    """Return the interval asked for, or the only one; the listing knows it without a look at the store."""
    if asked is None and known is not None and chosen is known.real and len(known.intervals_held) == 1:
        return Interval.parse(known.intervals_held[0])
    return choose_interval(store, chosen, asked, "these instruments")


def _named(chosen: Sequence[Instrument]) -> str:
    """Return the universe that is meant where nothing is named."""
    return selection.SYNTHETIC_VENUE if chosen and chosen[0].venue == selection.SYNTHETIC_VENUE else "all"


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
