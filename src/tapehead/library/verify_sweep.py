"""verify_sweep: make a kept sweep again, tile by tile, and compare every bit."""

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from tapehead.jobs.plan import Code, make_plan
from tapehead.jobs.sweep_digest import SweepDigest, columns_of
from tapehead.jobs.task import Work
from tapehead.jobs.verify import DIFFERS, IDENTICAL, SAME_DECISIONS, Verdict, Verification, is_near
from tapehead.library.lead import needs_of, warm_up_of
from tapehead.model.result import Receipt
from tapehead.model.space import Space
from tapehead.model.spec import RunKey, RunSpec, canonical
from tapehead.model.tile import Tile
from tapehead.ports.runs import RunRecord, TilePart
from tapehead.ports.work import Cancel, Executor, Failure, Scored, Task
from tapehead.wiring.assemble import House, make_executor
from tapehead.wiring.platform import version_of
from tapehead.wiring.plugins import engine_of
from tapehead.wiring.team import team_of
from tapehead.wiring.worker import WorkerContext, prepare, work

_turns = itertools.count(1)
_EXACT = ("points", "decisions", "final_equity", "flags", "why")
_FACTS = ("bars", "first", "last", "observations", "segments", "always")


def verify_sweep(house: House, record: RunRecord, receipt: Receipt, spec: RunSpec) -> Verification:
    """Compute a sweep again from segments, with no cache between, and compare it with what is kept."""
    run, team, space = record.run, team_of(spec, record.origin), Space.of(spec)
    # By the version that the sets come from: they are not asked for again.
    before = receipt.versions.get("optuna", "")
    code = Code(team.source, engine_of(spec.search, before))
    # Instruments by name: the members of a universe may have changed since.
    named = replace(spec, universe=None, symbols=tuple(receipt.segments))
    warm = warm_up_of(spec, team)
    asked: dict[str, Any] = {"needs": needs_of(spec, team), "snapshot": record.snapshot, "where": receipt.where}
    plan = make_plan(house.bars, house.direct, named, code, warm=warm, **asked)
    context = WorkerContext(f"verify-{run}-sweep-{next(_turns)}", house.settings, plan, team.wheres, direct=True)
    prepare(context, team)
    executor, one = make_executor("threads", house.settings.workers), partial(work, context)
    series = {item.instrument.name: item.series for item in plan.items}
    digest, verdict, first, compared = SweepDigest(spec.interval, space.parameters), IDENTICAL, "", 0
    for instrument in sorted(series, key=str.encode):
        parts = [part for part in house.runs.tiles(run, ("points",), instrument) if part.cells]
        tasks = [
            Task(run, series[instrument], part.lo, part.hi, part.columns["points"].astype("<i8").tobytes())
            for part in parts
        ]
        made = _made(executor, one, tasks)
        digest.take(instrument, [columns_of(each) for each in made.values() if isinstance(each, Tile)])
        found, said = _compared(house, run, instrument, parts, made)
        compared += sum(len(each) for each in made.values() if isinstance(each, Tile))
        if said and (not first or (found == DIFFERS and verdict != DIFFERS)):
            verdict, first = found, said
    if verdict != DIFFERS and digest.hexdigest() != receipt.digest:
        verdict, first = DIFFERS, f"the digest was {receipt.digest}, is {digest.hexdigest()}"
    spec_digest = hashlib.sha256(canonical(record.spec)).digest()
    changed = changed_since(record.key, plan.key._replace(spec=spec_digest), spec.strategy)
    if before and version_of("optuna") != before:
        changed += (f"Optuna, which was {before} and is {version_of('optuna')}: asked again, it proposes other sets",)
    return Verification(run, verdict, compared, digest.hexdigest(), first, changed)


def _made(executor: Executor, one: Work, tasks: Sequence[Task]) -> dict[int, Tile | str]:
    """Return the tiles of one instrument made again by their first places, or why one could not be."""
    made: dict[int, Tile | str] = {}
    for task, outcome in executor.map(one, tasks, cancel=Cancel(), in_flight=2 * executor.workers):
        if isinstance(outcome, Scored):
            made[task.lo] = outcome.tile
        elif isinstance(outcome, Failure):
            made[task.lo] = outcome.text
    return made


def _compared(
    house: House, run: str, instrument: str, parts: Sequence[TilePart], made: dict[int, Tile | str]
) -> tuple[Verdict, str]:
    """Compare the tiles of one instrument; return the verdict, and the first difference."""
    near = ""
    for part in parts:
        old, new = house.runs.tile(run, instrument, part.lo), made[part.lo]
        if old is None or isinstance(new, str):
            return DIFFERS, f"{instrument}: kept but not made again. {new if isinstance(new, str) else ''}".strip()
        verdict, said = _differs(old, new)
        if said and verdict == DIFFERS:
            return DIFFERS, f"{instrument}: {said}"
        near = near or (said and f"{instrument}: {said}")
    return (SAME_DECISIONS, near) if near else (IDENTICAL, "")


def _differs(old: Tile, new: Tile) -> tuple[Verdict, str]:
    """Return how two tiles differ, in words; empty where they do not."""
    for name in _FACTS:
        if getattr(old, name) != getattr(new, name):
            return DIFFERS, f"{name} was {getattr(old, name)!r}, is {getattr(new, name)!r}"
    for name in _EXACT:
        a, b = getattr(old, name), getattr(new, name)
        if a.shape != b.shape or a.tobytes() != b.tobytes():
            return DIFFERS, f"{name} of sets {old.lo} to {old.hi} are others"
    other = old.values.view(np.int64) != new.values.view(np.int64)
    other &= ~(np.isnan(old.values) & np.isnan(new.values))
    said = ""
    for metric, place in zip(*(at.tolist() for at in np.nonzero(other)), strict=True):
        a, b = float(old.values[metric, place]), float(new.values[metric, place])
        text = f"{old.metrics[metric]} of set {int(old.points[place])} was {a!r}, is {b!r}"
        if not is_near(a, b):
            return DIFFERS, text
        said = said or text
    return SAME_DECISIONS, said


def changed_since(old: RunKey, new: RunKey, strategy: str) -> tuple[str, ...]:
    """Say which of the four digests are no longer what the receipt names."""
    words = {
        "spec": "the canonical spec",
        "strategy": f"the source of {strategy}",
        "engine": "the engine",
        "data": "the data at that snapshot",
    }
    return tuple(words[name] for name, a, b in zip(RunKey._fields, old, new, strict=True) if a != b)
