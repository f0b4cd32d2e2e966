"""complete: the end of a run that has done its work, with the receipt it can be made again from."""

from collections.abc import Mapping
from typing import Any

from tapehead.jobs.drive import Desk, Numbered, close_run
from tapehead.jobs.plan import Plan
from tapehead.jobs.run_tally import Tally
from tapehead.model.events import Completed
from tapehead.model.result import Receipt, RunId


def complete(
    desk: Desk,
    plan: Plan,
    run: RunId,
    tally: Tally,
    digest: str,
    *,
    look_ahead: Mapping[str, Any] | None,
    found: Mapping[str, Any] | None = None,
) -> Numbered:
    """End a run as completed: what was counted, its digest, what the look-ahead test and a sweep have found."""
    done = Completed(
        run=run,
        count=tally.count,
        failed=tally.failed,
        digest=digest,
        first_ms=tally.first_ms,
        last_ms=tally.last_ms,
        bars=tally.bars,
        receipt=plan.key.receipt(),
        look_ahead=look_ahead,
        degraded=desk.degraded(),
        found=found or {},
    )
    return close_run(desk, run, "completed", tally, done, _receipt_of(desk, plan, digest))


def _receipt_of(desk: Desk, plan: Plan, digest: str) -> Receipt:
    """Say what the run can be made again from."""
    items = {item.instrument.name: item for item in plan.items}
    return Receipt(
        key=plan.key,
        digest=digest,
        snapshot=plan.snapshot,
        segments={name: tuple(ref.data.hex() for ref in item.refs) for name, item in items.items()},
        platform=desk.platform,
        versions=desk.versions,
        adjustments={name: item.adjustment.digest.hex() for name, item in items.items() if item.adjustment is not None},
        memberships={name: item.member.digest().hex() for name, item in items.items() if item.member is not None},
        where=plan.where,
        stamps=plan.stamps,
        references={
            f"{one.item.instrument.name} {one.item.series.interval}": tuple(ref.data.hex() for ref in one.item.refs)
            for one in plan.references
        },
    )
