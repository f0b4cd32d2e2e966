"""Rows of runs.db: what of a run and of a result lies in which column."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from tapehead.model.result import Metrics, Receipt, RunId, RunResult
from tapehead.model.spec import RunKey, canonical
from tapehead.model.trades import Trades
from tapehead.ports.runs import RunRecord

_HASH = 32


def row_of(result: RunResult) -> tuple[Any, ...]:
    """Return a result as the values of `save_result`."""
    return (
        result.run,
        result.instrument,
        result.interval,
        canonical(dict(result.parameters)).decode(),
        # orjson writes floats as repr does and is 20 times faster; metrics are read back, never hashed.
        orjson.dumps(dict(result.metrics)).decode(),
        orjson.dumps(dict(result.why)).decode(),
        orjson.dumps(result.flags).decode(),
        result.equity.astype("<f8", copy=False).tobytes(),
        result.final_equity,
        result.decisions,
        b"".join(result.segments),
        result.elapsed_us,
        result.bars,
        result.first,
        result.last,
        None if result.trades is None else result.trades.to_bytes(),
    )


def result_of(run: RunId, row: Sequence[Any]) -> RunResult:
    """Undo `row_of`; `trades` is the last value."""
    instrument, interval, parameters, metrics, why, flags, equity, final, decisions, segments, *rest, trades = row
    elapsed_us, bars, first, last = rest
    return RunResult(
        run=run,
        instrument=instrument,
        interval=interval,
        parameters=json.loads(parameters),
        metrics=Metrics(orjson.loads(metrics)),
        why=orjson.loads(why),
        flags=tuple(orjson.loads(flags)),
        equity=np.frombuffer(equity, "<f8"),
        final_equity=final,
        decisions=decisions,
        segments=tuple(segments[at : at + _HASH] for at in range(0, len(segments), _HASH)),
        trades=None if trades is None else Trades.from_bytes(trades),
        elapsed_us=elapsed_us,
        bars=bars,
        first=first,
        last=last,
    )


def record_of(row: Sequence[Any]) -> RunRecord:
    """Read a row of the queries `run` and `runs`."""
    run, state, *digests, spec, origin, snapshot, created_at, finished_at, count, failed, receipt = row
    return RunRecord(
        run=run,
        state=state,
        key=RunKey(*digests),
        spec=json.loads(spec),
        origin=origin,
        snapshot=snapshot,
        created_at=created_at,
        finished_at=finished_at,
        count=count,
        failed=failed,
        receipt=None if receipt is None else Receipt.from_json(json.loads(receipt)),
    )
