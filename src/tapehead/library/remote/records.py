"""Runs out of their JSON: record, header, receipt, verification."""

from collections.abc import Mapping
from typing import Any

from tapehead.jobs.verify import Verification
from tapehead.library.run import Header
from tapehead.model.given_trades import IMPORTED
from tapehead.model.result import Receipt
from tapehead.model.spec import RunKey, RunSpec, us_of
from tapehead.ports.runs import RunRecord


def record_from(body: Mapping[str, Any], receipt: Receipt | None = None) -> RunRecord:
    """Return a run from what a list or its own route says of it; its receipt has a route of its own.

    Where the strategy's code lies is known to the service alone.
    """
    return RunRecord(
        run=body["run"],
        state=body["state"],
        key=RunKey(*(bytes.fromhex(body["key"][name]) for name in RunKey._fields)),
        spec=dict(body["spec"]),
        origin=IMPORTED if body.get("elsewhere") else "",
        snapshot=body["snapshot"],
        created_at=us_of(body["created_at"]),
        finished_at=None if body["finished_at"] is None else us_of(body["finished_at"]),
        count=body["count"],
        failed=body["failed"],
        receipt=receipt,
    )


def header_from(body: Mapping[str, Any]) -> Header:
    """Return what stands above the table of a run."""
    times = {name: 0 if body[name] is None else us_of(body[name]) for name in ("first", "last")}
    return Header(**{**body, **times, "stamps": tuple(body["stamps"])})


def made_from(run: str, body: Mapping[str, Any]) -> tuple[str, RunSpec, Header]:
    """Return what a run that is followed is made of."""
    return run, RunSpec.from_json(body["spec"]), header_from(body["header"])


def verification_from(body: Mapping[str, Any]) -> Verification:
    """Return the outcome of a verification."""
    plain = {name: body[name] for name in ("run", "verdict", "compared", "digest", "first_difference")}
    return Verification(**plain, changed=tuple(body["changed"]))


def receipt_of(body: Mapping[str, Any]) -> Receipt | None:
    """Return the receipt of a run in a list, without its segments; None of one that is not completed."""
    if body["digest"] is None:
        return None
    key = RunKey(*(bytes.fromhex(body["key"][name]) for name in RunKey._fields))
    return Receipt(key, body["digest"], body["snapshot"], {})
