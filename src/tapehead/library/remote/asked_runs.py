"""What is asked of a service about runs, and what its answers become."""

from typing import Any

from tapehead.jobs.verify import Verification
from tapehead.library.remote.asking import Ask, Asking, below, get, pages, post
from tapehead.library.remote.made import detail
from tapehead.library.remote.records import receipt_of, record_from, verification_from
from tapehead.library.remote.results import FetchTrades, RemoteResult, result_from, trades_from
from tapehead.library.report import Sheet
from tapehead.model.result import Receipt, RunResult
from tapehead.model.trades import Trades
from tapehead.ports.runs import RunRecord

LEAST_PREFIX = 8
OK = 200


def begin(body: dict[str, Any]) -> Asking[dict[str, Any]]:
    """Begin a run."""
    found: dict[str, Any] = yield from post("runs", body=body)
    return found


def resume(run: str) -> Asking[dict[str, Any]]:
    """Go on with a run."""
    found: dict[str, Any] = yield from post("runs", run, "resume")
    return found


def cancel(run: str) -> Asking[bool]:
    """End a run; False where it had ended."""
    found = yield from post("runs", run, "cancel")
    return bool(found["cancelled"])


def run_of(prefix: str) -> Asking[dict[str, Any]]:
    """Return what a run's own route says of it."""
    found: dict[str, Any] = yield from get("runs", prefix)
    return found


def record(run: str) -> Asking[RunRecord]:
    """Return a run, with its whole receipt where it is completed."""
    body = yield from get("runs", run)
    receipt: Receipt | None = None
    if body["state"] == "completed":
        receipt = Receipt.from_json((yield from get("runs", run, "receipt")))
    return record_from(body, receipt)


def records(limit: int, before: str | None = None) -> Asking[list[RunRecord]]:
    """Return the newest runs, with `before` those that are older; their receipts name no segments."""
    rows = yield from pages("runs", "runs", limit=limit, before=before)
    return [record_from(row, receipt_of(row)) for row in rows]


def delete(run: str) -> Asking[None]:
    """Remove a run."""
    answer = yield Ask("DELETE", below("runs", run))
    answer.check()


def results_page(
    run: str, sort: str, cursor: str | None, limit: int, fetch: FetchTrades | None = None
) -> Asking[tuple[list[RunResult], str | None]]:
    """Return a page of kept results, by a metric, best first, or by `instrument`, and what asks for the next one."""
    body = yield from get("runs", run, "results", sort=sort, cursor=cursor, limit=limit)
    return [result_from(run, row, fetch) for row in body["results"]], body["cursor"]


def results(run: str, sort: str, limit: int | None) -> Asking[list[RunResult]]:
    """Return kept results without trades."""
    rows = yield from pages("results", "runs", run, "results", limit=limit, sort=sort)
    return [result_from(run, row) for row in rows]


def shortest(run: str) -> Asking[str]:
    """Return the shortest prefix, of at least 8 characters, that names this run and no other."""
    for length in range(LEAST_PREFIX, len(run)):
        answer = yield Ask("GET", below("runs", run[:length]))
        if answer.status == OK and answer.json()["run"] == run:
            return run[:length]
    return run


def result(run: str, symbol: str) -> Asking[RemoteResult]:
    """Return one result with its trades."""
    body = yield from detail(run, symbol, "trades")
    found = body["result"]
    return result_from(body["run"], found, trades=trades_from(body["trades"], bytes.fromhex(found["decisions"])))


def trades(found: RunResult) -> Asking[Trades]:
    """Return the trades of a result, which must be those that it counted."""
    body = yield from detail(found.run, found.instrument, "trades")
    return trades_from(body["trades"], found.decisions)


def ended(run: str) -> Asking[dict[str, Any] | None]:
    """Return the event that ended a run; None where it goes on, or nothing of it is kept."""
    found: dict[str, Any] | None = (yield from run_of(run))["ended"]
    return found


def look_ahead(run: str) -> Asking[dict[str, Any] | None]:
    """Return what the look-ahead test of a completed run said."""
    last = yield from ended(run)
    found: dict[str, Any] | None = None if last is None else last.get("look_ahead")
    return found


def sheet(run: str, symbol: str | None) -> Asking[Sheet]:
    """Return a tear sheet."""
    answer = yield Ask("GET", below("runs", run, "report"), {"symbol": symbol}, headers={"Accept": "text/html"})
    answer.check()
    return Sheet([answer.content.decode()], int(answer.headers["tapehead-instruments"]))


def verify(run: str) -> Asking[Verification]:
    """Have a run made again and compared."""
    return verification_from((yield from post("runs", run, "verify")))
