"""Results, trades and events of a run out of their JSON."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tapehead.errors import IncompleteStreamError
from tapehead.layout.columns import RATE_COLUMNS, REASONS, TRADE_DTYPES
from tapehead.model.events import (
    FOUND,
    OUTCOME,
    WORK,
    Cancelled,
    Completed,
    Event,
    Failed,
    Progress,
    Result,
    Started,
    Warned,
)
from tapehead.model.result import Metrics, RunResult
from tapehead.model.spec import us_of
from tapehead.model.trades import Trades, account_trades

FetchTrades = Callable[[RunResult], Trades]
_COMPLETED = ("count", "failed", "digest", "first_ms", "last_ms", "bars", "receipt")


class RemoteResult(RunResult):
    """A result whose trades lie with the service and are fetched, and checked, when they are first looked at.

    `segments` is empty and `elapsed_us` 0: the run's receipt names the segments.
    """

    __slots__ = ("_fetch", "_held")
    _fetch: FetchTrades | None
    _held: Trades | None

    def __init__(self, *, fetch: FetchTrades | None = None, **fields: Any) -> None:
        object.__setattr__(self, "_fetch", fetch)
        super().__init__(**fields)

    @property
    def trades(self) -> Trades | None:
        """Closed trades; None where nothing fetches them."""
        if self._held is None and self._fetch is not None:
            object.__setattr__(self, "_held", self._fetch(self))
        return self._held

    @trades.setter
    def trades(self, value: Trades | None) -> None:
        """Keep trades that are here already, as RunResult's construction does."""
        object.__setattr__(self, "_held", value)


def result_from(
    run: str, body: Mapping[str, Any], fetch: FetchTrades | None = None, trades: Trades | None = None
) -> RemoteResult:
    """Return a result from what events and routes say of it, with its trades or with what fetches them."""
    return RemoteResult(
        fetch=fetch,
        run=run,
        instrument=body["instrument"],
        interval=body["interval"],
        parameters=body["parameters"],
        metrics=Metrics(body["metrics"]),
        why=body["why"],
        flags=tuple(body["flags"]),
        equity=np.array(body["equity"], np.float64),
        final_equity=body["final_equity"],
        decisions=bytes.fromhex(body["decisions"]),
        segments=(),
        trades=trades,
        elapsed_us=0,
        bars=body["bars"],
        first=0 if body["first"] is None else us_of(body["first"]),
        last=0 if body["last"] is None else us_of(body["last"]),
    )


def trades_from(rows: Iterable[Mapping[str, Any]], decisions: bytes) -> Trades:
    """Return trades from their rows, whose digest must be `decisions`.

    Raises
    ------
    IncompleteStreamError
        They are not those that the run counted.
    """
    kept = list(rows)
    columns = {name: np.array([_plain(name, row[name]) for row in kept], dtype) for name, dtype in TRADE_DTYPES.items()}
    trades = Trades(**columns)
    if kept and RATE_COLUMNS[0] in kept[0]:
        entry, leave = (np.array([_plain(name, row[name]) for row in kept], np.float64) for name in RATE_COLUMNS)
        trades = replace(trades, entry_rate=entry, exit_rate=leave)
    if kept and "instrument" in kept[0]:
        trades = _named(trades, kept)
    if trades.digest() != decisions:
        raise IncompleteStreamError(
            f"{len(trades):,} trades came, and they are not those that the run counted: their digest is another. "
            "Look for what lies between here and the service: tapehead --server URL runs"
        )
    return trades


def _named(trades: Trades, rows: Sequence[Mapping[str, Any]]) -> Trades:
    """Return trades of a shared account; an instrument that closed none has no name here."""
    names = [""] * int(trades.tag.max())
    for row in rows:
        names[row["tag"] - 1] = row["instrument"]
    return account_trades(trades, names)


def _plain(name: str, value: Any) -> Any:
    """Return a cell as its column holds it: a reason's number, NaN for no price."""
    if name == "reason":
        return REASONS.index(value)
    return float("nan") if value is None else value


def event_from(run: str, body: Mapping[str, Any], *, reused: bool, fetch: FetchTrades | None = None) -> Event:
    """Return the event that JSON tells; the last one of a run that answers for an equal one says `reused`."""
    name = body["event"]
    if name == "started":
        return Started(run, body["spec"], body["total"], body["snapshot"], tuple(body.get("stamps", ())))
    if name == "result":
        return Result(run, result_from(run, body, fetch), body["t_ms"])
    if name == "progress":
        return _progress_from(run, body)
    if name == "warning":
        return Warned(run, body["instrument"], body["code"], body["text"])
    if name == "completed":
        numbers = {key: body[key] for key in _COMPLETED}
        told = {"look_ahead": body["look_ahead"], "degraded": tuple(body["degraded"])}
        told["found"] = {key: body[key] for key in FOUND if key in body}
        return Completed(run, **numbers, **told, **_measured(body), reused=reused or body["reused"])
    kind = Failed if name == "failed" else Cancelled
    return kind(run, body["code"], body["text"], body["count"], **_measured(body))


def _measured(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return where the time of a run went and how it came out, as its last event says; nothing where it does not."""
    stages = {name: body.get(name, {}) for name in WORK}
    return {**stages, "outcome": {name: body[name] for name in OUTCOME if name in body}}


def _progress_from(run: str, body: Mapping[str, Any]) -> Progress:
    """Return how far a run is."""
    numbers = (body["done"], body["total"], body["bars_per_s"], body["eta_ms"])
    tested = body.get("look_ahead")
    test = None if tested is None else (tested["done"], tested["total"])
    more: dict[str, Any] = {name: body.get(name) for name in ("queued", "judged", "best")}
    return Progress(run, *numbers, tested=test, **more)
