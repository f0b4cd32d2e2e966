"""run_probe: the look-ahead test of one instrument."""

import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tapehead.errors import TapeheadError
from tapehead.indicators.memo import Memo
from tapehead.jobs.adjust import seen_by_signals
from tapehead.jobs.ask import ask
from tapehead.jobs.beside import BENT, Cut
from tapehead.jobs.read import read_bars
from tapehead.jobs.task import Bench
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.ports.work import Task
from tapehead.simulation.lookahead import Probed, probe
from tapehead.simulation.tails import Tail


@dataclass(frozen=True, slots=True)
class Asking:
    """How an instrument is tested, in a form that travels between processes.

    `share` of its bars is used, `least` of them at least and before a cut; `until` is a time of `time.monotonic`,
    which all processes of a machine share. `sure` instruments make every cut whatever the time, and `thorough` ones
    are asked twice. `parameters` are those of the spec where they are None.
    """

    cuts: int
    tails: int
    share: float
    least: int
    seed: int
    until: float
    sure: frozenset[str] = frozenset()
    thorough: frozenset[str] = frozenset()
    parameters: Mapping[str, Any] | None = None


def run_probe(bench: Bench, asking: Asking, task: Task) -> Probed:
    """Test one instrument; never raises."""
    item = bench.items[task.series]
    name = item.instrument.name
    sure = name in asking.sure

    def spent() -> bool:
        return bench.cancel.asked or (not sure and time.monotonic() >= asking.until)

    if spent():
        return Probed()

    parameters = asking.parameters or bench.plan.spec.parameters
    strategy, origin = bench.strategy(parameters), bench.asked(parameters)[1]
    # What the last question changed of the bars; other series are shown as far as these go, and changed where they are.
    keep, factor = 0, 1.0

    def about(before: int, tail: Tail) -> None:
        nonlocal keep, factor
        keep, factor = before, BENT[tail]

    def question(bars: Bars, memo: Memo) -> Signals:
        nonlocal keep
        closed = bars.ts + item.series.interval.us
        cut = Cut(int(closed[keep - 1 if keep else -1]), int(closed[-1]), factor)
        keep = 0
        seen = bench.beside.bars(strategy, item, seen_by_signals(bars, item.adjustment), origin, cut=cut)
        return ask(strategy, seen, memo, origin)

    try:
        spec = bench.plan.spec
        bars = read_bars(bench.shelf, item.series, item.refs, spec.start, spec.end, bench.plan.warm)
        return probe(
            question,
            bars,
            n_bars=max(round(asking.share * len(bars)), 2 * asking.least + 2),
            least=asking.least,
            cuts=asking.cuts,
            tails=asking.tails,
            seed=asking.seed,
            spent=spent,
            thorough=name in asking.thorough,
            about=about,
        )
    except (TapeheadError, OSError, MemoryError) as error:
        return Probed(refused=f"{name}: {str(error) or 'not enough memory for its bars'}")
    except Exception as error:  # noqa: BLE001 - a test that cannot be made costs no result; its verdict says so
        last = traceback.extract_tb(error.__traceback__)[-1]
        return Probed(refused=f"{name}: {type(error).__name__}: {error} ({last.name}, line {last.lineno})")
