"""Point: one thing done to a store, drawn from a seed and a number."""

from __future__ import annotations

import os
import pickle
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from tapehead.stores.embedded.manifest import EmbeddedBars
from tests.torture.database import Cache, Database
from tests.torture.market import Step, make_plan
from tests.torture.processes import Child
from tests.torture.writelog import Event, WriteLog
from tests.torture.writer import run_plan

GROUP: Final = 20
"""Points that share one plan, and its recording."""
LENGTH: Final = 24
_left_open: list[EmbeddedBars] = []


@dataclass(frozen=True, slots=True)
class Point:
    """What to do: `kind` of torture, everything else drawn from `chance`."""

    seed: str
    number: int
    kind: str
    chance: random.Random = field(repr=False)

    @property
    def plan(self) -> tuple[Step, ...]:
        """Return the steps of its group."""
        return make_plan(f"{self.seed}/{self.number // GROUP}", LENGTH)


class Recording(NamedTuple):
    """A plan that was done without harm: what it wrote, how many file calls that were, and the heads told."""

    events: list[Event]
    calls: int
    heads: list[int]
    home: Path
    """As it was left: the process ended without closing the store, so the log of the database is there."""

    @property
    def root(self) -> Path:
        """Return the folder that was there before."""
        return self.home.parent


class Bench:
    """Where one worker tortures: a scratch folder, and the recording of the group it is at."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.database = Database()
        self.valkey = Cache()
        self.market: tuple[str, str] | None = None
        """Template of the databases in which runs are taken over, and the digest of one that is not disturbed."""
        self.rows: str | None = None
        """Template of the databases in which rows are edited."""
        self.cached: str | None = None
        """Digest of an undisturbed run on the market in the folder `market`."""
        self.counted: dict[str, int] = {}
        """How often a work waits for PostgreSQL that is not disturbed."""
        self._recorded: tuple[tuple[Step, ...], Recording] | None = None

    def recording(self, plan: tuple[Step, ...]) -> Recording:
        """Return the recording of a plan, made once."""
        if self._recorded is None or self._recorded[0] != plan:
            root = self.scratch / "recorded"
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir()
            self._recorded = plan, _record(plan, root)
        return self._recorded[1]

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Lend an empty folder."""
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def scratch() -> Iterator[Path]:
    """Lend a folder in memory where there is one: what a disk would lose is drawn, not waited for."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made there
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


def _record(plan: tuple[Step, ...], root: Path) -> Recording:
    """Do a plan in a child that notes what it writes."""
    home, kept = root / "home", root / "recording"

    def work(tell: Callable[[object], None]) -> None:
        log = WriteLog()
        log.begin()
        # Held until the process ends: else the collector closes the store in order, or does not, as it happens to come.
        _left_open.append(run_plan(home, plan, log.done))
        kept.write_bytes(pickle.dumps((log.events, log.calls)))

    ended = Child(work).wait()
    if ended.code:
        raise AssertionError("the plan fails without harm:\n" + "\n".join(ended.lines))
    events, calls = pickle.loads(kept.read_bytes())  # noqa: S301 - written by our own child
    return Recording(events, calls, [event.offset for event in events if event.verb == "done"], home)
