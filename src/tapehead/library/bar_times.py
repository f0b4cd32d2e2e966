"""bar_times: when the bars opened that a kept result counts from 0."""

from collections.abc import Sequence

import numpy as np

from tapehead.jobs.plan import OPEN_END, OPEN_START
from tapehead.jobs.read import read_bars
from tapehead.model.bars import I64
from tapehead.model.given_trades import IMPORTED
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.result import RunResult
from tapehead.model.spec import RunSpec
from tapehead.ports.runs import RunRecord
from tapehead.wiring.assemble import House

_AT_ONCE = 64


def bar_times(house: House, spec: RunSpec, record: RunRecord, row: RunResult, names: Sequence[str]) -> I64:
    """Return the open times (us UTC) of the bars that a result counts from 0, rising, each once.

    They are those of `names` in the range of the run; of imported trades each instrument begins at its own first entry.
    """
    start = row.first if record.origin == IMPORTED else spec.start
    interval, end = Interval.parse(spec.interval), spec.end
    every = [Series(venue, symbol, interval) for venue, _, symbol in (name.partition(":") for name in names)]
    bounds = (OPEN_START if start is None else start, OPEN_END if end is None else end)
    refs = house.bars.manifest(every, *bounds, snapshot=record.snapshot).refs
    whole = np.empty(0, np.int64)
    for lo in range(0, len(every), _AT_ONCE):
        some = [read_bars(house.shelf, series, refs[series], start, end, 0).ts for series in every[lo : lo + _AT_ONCE]]
        whole = np.unique(np.concatenate([whole, *some]))
    return whole
