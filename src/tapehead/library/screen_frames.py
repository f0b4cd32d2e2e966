"""Frames: the markets that screens look at, each made of the one before it by what was touched since."""

import threading
from collections import OrderedDict
from typing import Final

from tapehead.jobs.screen_fill import WORTH
from tapehead.jobs.screen_frame import ScreenFrame, make_frame
from tapehead.jobs.screen_packed import pack_frame, unpack_frame
from tapehead.model.interval import Interval
from tapehead.ports.bars import BarStore
from tapehead.ports.lines import LineStore

MOST_FRAMES: Final = 4
"""Intervals, moments and snapshots that a process holds values of; the one used longest ago goes first."""


class Frames:
    """Frames by interval, moment and snapshot; safe from many threads, and bounded.

    A commit, an undo or an edit by SQL costs a look at what it touched: all else passes from a frame to the next one.
    The first frame of a process comes out of the store, where one was kept, and is brought up to date likewise.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str, int | None, int | None], ScreenFrame] = OrderedDict()
        self._lock = threading.Lock()

    def get(
        self,
        store: BarStore,
        lines: LineStore | None,
        interval: Interval,
        at: int | None,
        snapshot: int,
        *,
        past: bool = False,
    ) -> ScreenFrame:
        """Return the frame of a snapshot that is being read.

        Parameters
        ----------
        store : BarStore
        lines : LineStore or None
            Where frames are kept, None for those of a moment.
        interval : Interval
        at : int or None
            Only bars that had closed at this moment, us UTC.
        snapshot : int
        past : bool
            It is not the newest one, whose place it does not take.
        """
        key = interval.text, at, int(snapshot) if past else None
        # A head that carries rows not settled yet is another one each time: its number alone does not name it.
        settled = type(snapshot) is int
        with self._lock:
            held = self._held.get(key)
            if held is not None and held.snapshot == snapshot and settled:
                self._held.move_to_end(key)
                return held
            alike = [one for (text, moment, _), one in self._held.items() if (text, moment) == key[:2]]
        earlier = [one for one in alike if one.snapshot <= snapshot]
        kept = _kept(store, lines, interval) if lines is not None and not earlier else None
        made = _after(max(earlier, key=_age, default=kept), store, snapshot)
        if made is None:
            made = make_frame(store, interval, at, snapshot)
            for one in alike:
                with one.lock:
                    made.take_over(one)
        if settled:
            made.stamp = store.stamp(snapshot)
            if lines is not None and not past and made.unkept * WORTH >= max(len(made), 1):
                packed = pack_frame(made, made.stamp)
                if lines.keep_market(interval.text, len(made), packed):
                    made.unkept = 0
            self._hold(key, made)
        return made

    def _hold(self, key: tuple[str, int | None, int | None], made: ScreenFrame) -> None:
        """Hold a frame, and let go of those used longest ago."""
        with self._lock:
            self._held[key] = made
            self._held.move_to_end(key)
            while len(self._held) > MOST_FRAMES:
                self._held.popitem(last=False)


def _age(frame: ScreenFrame) -> int:
    """Return what orders frames of one market."""
    return frame.snapshot


def _after(before: ScreenFrame | None, store: BarStore, snapshot: int) -> ScreenFrame | None:
    """Return the frame of a snapshot made of one before it in this very history, None where that cannot be."""
    if before is None or before.snapshot > snapshot or store.stamp(before.snapshot) != before.stamp:
        return None
    moved = store.moved(before.snapshot, snapshot)
    if moved is None:
        return None
    with before.lock:
        return before.after(store, snapshot, moved)


def _kept(store: BarStore, lines: LineStore, interval: Interval) -> ScreenFrame | None:
    """Return the frame that the store keeps, if it is of a snapshot of this very history."""
    packed = lines.market(interval.text)
    found = unpack_frame(packed, interval) if packed is not None else None
    if found is None or not found[1] or store.stamp(found[0].snapshot) != found[1]:
        return None
    found[0].stamp = found[1]
    return found[0]
