"""surfaces: what sweeps found so far, made once for all who ask."""

import threading
from collections import OrderedDict
from typing import Final

from tapehead.library.sweep_run import SweepRun
from tapehead.library.sweep_surface import SweepSurface
from tapehead.ports.runs import RunRecord

_MOST: Final = 8
Stage = tuple[str, str, int, int]


def stage_of(record: RunRecord) -> Stage:
    """Return what decides what a sweep found: its id, its state, and how many cells are kept and failed."""
    return record.run, record.state, record.count, record.failed


class Surfaces:
    """The newest surfaces by stage and metric; safe from many threads, one of which makes at a time.

    Memory: some 60 bytes a set, and those of its neighbours, of 8 surfaces.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[Stage, str], SweepSurface] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, kept: SweepRun, stage: Stage, metric: str) -> SweepSurface:
        """Return the surface of a sweep; raise ParameterError for a metric that its cells do not have."""
        key = (stage, metric)
        with self._lock:
            found = self._held.pop(key, None) or kept.surface(metric)
            self._held[key] = found
            while len(self._held) > _MOST:
                self._held.popitem(last=False)
            return found
