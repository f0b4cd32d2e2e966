"""hub: wakes streams, and keeps the newest frames of runs that somebody watches, read once for all of them."""

import asyncio
import bisect
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tapehead.api.frames import Frame, make_frame
from tapehead.model.result import RunId
from tapehead.ports.runs import EventLog, Rows

PAGE = 512
TAIL_FRAMES = 4096
POLL_S = 0.02


class Watch:
    """One stream that waits; `woken` is set by news of its runs, by its client leaving and by the end of a wait.

    With `tiles` it is told a tile of a sweep as one event, else as its results.
    """

    __slots__ = ("runs", "tiles", "woken")

    def __init__(self, runs: Iterable[RunId], *, tiles: bool = False) -> None:
        self.runs = tuple(runs)
        self.tiles = tiles
        self.woken = asyncio.Event()

    async def wait(self, timeout_s: float) -> bool:
        """Wait to be woken; False after `timeout_s`."""
        timer = asyncio.get_running_loop().call_later(timeout_s, self.woken.set)
        began = asyncio.get_running_loop().time()
        try:
            await self.woken.wait()
        finally:
            timer.cancel()
        return asyncio.get_running_loop().time() - began < timeout_s


class _Tail:
    """The newest frames of one run, unbroken, and who watches it; `end` is where its log was last seen to end.

    The frames are all that the log tells above `begin` and up to `last`.
    """

    __slots__ = ("begin", "end", "frames", "last", "lock", "watches")

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.begin = 0
        self.last = 0
        self.end = 0
        self.watches: set[Watch] = set()
        self.lock = asyncio.Lock()

    def after(self, number: int) -> list[Frame] | None:
        """Return the kept frames above a number, a page at most; None where the tail does not reach back to it."""
        if not self.frames or number < self.begin:
            return None
        first = bisect.bisect_right(self.frames, number, key=_number)
        return self.frames[first : first + PAGE]

    def add(self, frames: list[Frame], after: int) -> None:
        """Add what follows `after`, without what is there already; let the oldest go."""
        frames = [frame for frame in frames if frame.number > self.last]
        if frames:
            if not self.frames:
                self.begin = after
            self.frames += frames
            self.last = frames[-1].number
            gone = max(len(self.frames) - TAIL_FRAMES, 0)
            if gone:
                self.begin = self.frames[gone - 1].number
                del self.frames[:gone]


class Hub:
    """One for a service, on its event loop; `told` may be called from any thread.

    Parameters
    ----------
    log : EventLog
    here : callable
        Says whether a run goes on in this process, which then tells of its events; others are looked for.
    """

    def __init__(self, log: EventLog, here: Callable[[RunId], bool]) -> None:
        self._log = log
        self._here = here
        self._tails: dict[tuple[RunId, bool], _Tail] = {}
        self._known: dict[RunId, int] = {}
        self._news: deque[tuple[RunId, int, Rows]] = deque()
        self._waking = False
        self._readers = ThreadPoolExecutor(2, "tapehead-events")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._poll: asyncio.Task[None] | None = None
        self._unlisten: Callable[[], None] | None = None
        self.draining = False
        self.streams = 0
        """Streams that are open."""
        self.sent = 0
        """Events sent on all streams since the hub was made."""

    def open(self) -> None:
        """Begin on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._unlisten = self._log.listen(self.told)

    async def close(self) -> None:
        """End every stream with its place kept, then let go."""
        self.drain()
        if self._unlisten is not None:
            self._unlisten()
        if self._poll is not None:
            self._poll.cancel()
        self._readers.shutdown(wait=False)

    def drain(self) -> None:
        """Let streams say `retry` and end."""
        self.draining = True
        for tail in self._tails.values():
            for watch in tail.watches:
                watch.woken.set()

    def told(self, run: RunId, last: int, rows: Rows = ()) -> None:
        """Note that events of a run up to `last` are in the log; wake who waits for them. From any thread."""
        if not self._tails_of(run) or self._loop is None or self._loop.is_closed():
            return
        self._news.append((run, last, rows))
        # Read after the news are there: who begins to wake takes them along, or is asked for anew.
        if not self._waking:
            self._waking = True
            self._loop.call_soon_threadsafe(self._wake)

    def join(self, runs: Iterable[RunId], *, tiles: bool = False) -> Watch:
        """Begin to watch."""
        watch = Watch(runs, tiles=tiles)
        self.streams += 1
        for run in watch.runs:
            self._tails.setdefault((run, tiles), _Tail()).watches.add(watch)
        if self._poll is None or self._poll.done():
            self._poll = asyncio.create_task(self._look())
        return watch

    def leave(self, watch: Watch) -> None:
        """End to watch; the frames of a run that nobody watches are let go."""
        self.streams -= 1
        for run in watch.runs:
            tail = self._tails[run, watch.tiles]
            tail.watches.discard(watch)
            if not tail.watches:
                del self._tails[run, watch.tiles]
                if not self._tails_of(run):
                    self._known.pop(run, None)

    async def frames(self, run: RunId, after: int, *, tiles: bool = False) -> list[Frame]:
        """Return frames of a run that is watched so, with a number above `after`, a page at most."""
        tail = self._tails[run, tiles]
        kept = tail.after(after)
        if kept is None and tail.frames:
            # Further back than the tail: from the log, for this one alone.
            return await self._read(run, after, tiles)
        if kept or self._known.get(run, -1) == tail.last:
            return kept or []
        async with tail.lock:
            kept = tail.after(after)
            if not kept:
                place = tail.last or after
                tail.add(await self._read(run, place, tiles), place)
                self._known[run] = max(self._known.get(run, 0), tail.last)
                kept = tail.after(after)
        return kept or []

    async def ended(self, run: RunId, number: int, *, tiles: bool = False) -> bool:
        """Say whether nothing follows an ending in the log; a run that is resumed goes on after one."""
        tail = self._tails[run, tiles]
        if self._known.get(run, 0) <= number and tail.end != number:
            newest = await asyncio.get_running_loop().run_in_executor(self._readers, self._log.last, run)
            self._known[run] = max(self._known.get(run, 0), newest)
            tail.end = newest
        return self._known.get(run, 0) <= number

    def _wake(self) -> None:
        """Take the news in and wake who waits for them; what follows the tail without a gap need not be read."""
        self._waking = False
        while self._news:
            run, last, rows = self._news.popleft()
            tails = self._tails_of(run)
            if not tails:
                continue
            self._known[run] = max(last, self._known.get(run, 0))
            following = [tail for tail in tails if rows and rows[0][0] == tail.last + 1]
            frames = [make_frame(run, number, data) for number, data in rows] if following else []
            for tail in following:
                tail.add(frames, tail.last)
            for tail in tails:
                for watch in tail.watches:
                    watch.woken.set()

    def _tails_of(self, run: RunId) -> list[_Tail]:
        """Return the tails of a run: one for those who are told its tiles, one for those who are not."""
        return [tail for tiles in (False, True) if (tail := self._tails.get((run, tiles))) is not None]

    async def _look(self) -> None:
        """Look for events that other processes write, while somebody watches."""
        loop = asyncio.get_running_loop()
        while self._tails:
            await asyncio.sleep(POLL_S)
            others = list({run for run, _ in self._tails if not self._here(run)})
            if not others:
                continue
            newest = await loop.run_in_executor(self._readers, self._newest, others)
            for run, last in newest.items():
                if last > self._known.get(run, -1):
                    self.told(run, last)

    def _newest(self, runs: Sequence[RunId]) -> dict[RunId, int]:
        """Return the number of the last event of each run."""
        return {run: self._log.last(run) for run in runs}

    async def _read(self, run: RunId, after: int, tiles: bool) -> list[Frame]:
        """Read a page of the log."""
        loop = asyncio.get_running_loop()
        read = partial(self._log.read, tiles=tiles)
        rows = await loop.run_in_executor(self._readers, read, run, after, PAGE)
        return [make_frame(run, number, data) for number, data in rows]


def _number(frame: Frame) -> int:
    """Return what frames are ordered by."""
    return frame.number
