"""run_plan: do the steps of a plan on a real store and tell of each one that was acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tapehead.model.segment import Draft, Universe
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tests.torture.market import Step, to_bars, to_drafts

FOREVER = 2**62
_CHECKPOINT_PAGES = 12
_WAIT_S = 60.0


class Interrupted(Exception):
    """A source of drafts that ends midway."""


def open_store(home: Path) -> EmbeddedBars:
    """Open a store whose database moves its log into itself often, so that kills and cuts fall into that too."""
    store = EmbeddedBars(open_home(home), ParquetCodec(), lock_wait_s=_WAIT_S)
    store._database.connection().execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    return store


def run_plan(home: Path, plan: Sequence[Step], tell: Callable[[int], None]) -> EmbeddedBars:
    """Do every step, tell the head after each, and return the open store."""
    store = open_store(home)
    heads: list[int] = []
    for number, step in enumerate(plan):
        if step.does == "reopen":
            store.close()
            store = open_store(home)
        else:
            do_step(store, number, step, heads)
        heads.append(store.head())
        tell(heads[-1])
    return store


def do_step(store: EmbeddedBars, number: int, step: Step, heads: Sequence[int]) -> None:
    """Do one step; `heads` are those after the steps before."""
    if step.does in {"commit", "append"}:
        write_bars(store, step, f"step {number}")
    elif step.does == "fail":
        try:
            store.commit(_ending(to_drafts(step.blocks)), note=f"step {number}")
        except Interrupted:
            return
        raise AssertionError("a commit whose drafts end midway was acknowledged")
    elif step.does == "fold":
        store.fold(whole=step.whole)
    elif step.does == "undo":
        assert step.undoes is not None
        store.undo(heads[step.undoes])
    elif step.does == "sweep":
        store.sweep(lambda: [heads[at] for at in step.keeps], FOREVER)
    elif step.does == "universe":
        assert step.universe is not None
        store.save_universe(Universe(*step.universe))
    elif step.does == "recount":
        assert store.recount() == 0
    elif step.does == "lease":
        with store.lease(store.head(), 60):
            assert store.coverage() is not None
    else:
        raise AssertionError(step.does)


def write_bars(store: EmbeddedBars, step: Step, note: str) -> int:
    """Do a commit or an append; return its number."""
    if step.does == "append":
        return store.append(to_bars(step.blocks)).number
    given = [step.instrument] if step.instrument else []
    report = (lambda _: step.report) if step.report else None
    return store.commit(to_drafts(step.blocks), note=note, instruments=given, report=report).number


def _ending(drafts: Sequence[Draft]) -> Iterator[Draft]:
    """Yield drafts, then break off."""
    yield from drafts
    raise Interrupted
