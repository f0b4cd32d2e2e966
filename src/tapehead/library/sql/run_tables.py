"""runs and trades, as SQL sees them; instruments too."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import compute

from tapehead.layout.columns import TRADE_DTYPES
from tapehead.library.sql.bar_table import MOMENT
from tapehead.library.sql.lazy import LazyTable, Parts
from tapehead.model.result import RunResult
from tapehead.ports.runs import RunRecord
from tapehead.wiring.assemble import House

_PAGE = 200
_TEXT, _COUNT = pa.string(), pa.int64()
RUNS = pa.schema(
    [
        *((name, _TEXT) for name in ("run", "state", "strategy", "interval")),
        ("snapshot", _COUNT),
        ("created_at", MOMENT),
        ("finished_at", MOMENT),
        ("results", _COUNT),
        ("failed", _COUNT),
        ("digest", _TEXT),
        ("spec", _TEXT),
    ]
)
_ARROW = {
    "|i1": pa.int8(),
    "<i4": pa.int32(),
    "<f8": pa.float64(),
    "|u1": pa.uint8(),
    "|b1": pa.bool_(),
}
TRADES = pa.schema(
    [
        *((name, _TEXT) for name in ("run", "instrument", "interval", "parameters")),
        ("trade", _COUNT),
        ("entry_time", MOMENT),
        ("exit_time", MOMENT),
        *((name, _TEXT if name == "reason" else _ARROW[dtype]) for name, dtype in TRADE_DTYPES.items()),
    ]
)
INSTRUMENTS = pa.schema(
    [
        *((name, _TEXT) for name in ("instrument", "venue", "symbol", "kind", "quote", "settle")),
        *((name, pa.float64()) for name in ("multiplier", "tick", "lot")),
        ("calendar", _TEXT),
        ("has_volume", pa.bool_()),
        ("has_data", pa.bool_()),
        ("listed_at", MOMENT),
        ("delisted_at", MOMENT),
        ("basis", _TEXT),
    ]
)


def instrument_table(house: House, snapshot: int) -> LazyTable:
    """Return the instruments of a snapshot."""

    def batches(names: Sequence[str], _parts: Parts) -> Iterator[Any]:
        held = {series.instrument for series in house.bars.series(snapshot)}
        rows = [
            {
                **{name: getattr(each, name, None) for name in names},
                "instrument": each.name,
                "has_data": each.name in held,
            }
            for each in house.bars.instruments(snapshot)
        ]
        yield _batch(INSTRUMENTS, names, rows)

    return LazyTable(INSTRUMENTS, batches)


def run_table(house: House) -> LazyTable:
    """Return every kept run, newest first."""

    def batches(names: Sequence[str], _parts: Parts) -> Iterator[Any]:
        for page in _pages(house):
            yield _batch(RUNS, names, [_run_row(record) for record in page])

    return LazyTable(RUNS, batches)


def trade_table(house: House) -> LazyTable:
    """Return the trades of every backtest that is kept; a sweep keeps none."""

    def batches(names: Sequence[str], parts: Parts) -> Iterator[Any]:
        every = [record for page in _pages(house) for record in page if "grid" not in record.spec]
        for at in parts.chosen([compute.field("run") == record.run for record in every]):
            record = every[at]
            heads = list(_results(house, record))
            known = [
                (compute.field("run") == record.run) & (compute.field("instrument") == head.instrument)
                for head in heads
            ]
            for place in parts.chosen(known):
                whole = house.runs.result(record.run, heads[place].instrument)
                if whole is not None and whole.trades is not None and len(whole.trades):
                    yield _trade_batch(house, whole, names)

    return LazyTable(TRADES, batches)


def _pages(house: House) -> Iterator[Sequence[RunRecord]]:
    """Yield the runs, some at once."""
    before = None
    while page := house.runs.runs(limit=_PAGE, before=before):
        yield page
        before = page[-1].run


def _results(house: House, record: RunRecord) -> Iterator[RunResult]:
    """Yield the results of a run without their trades."""
    cursor = None
    while True:
        page = house.runs.results(record.run, sort="instrument", cursor=cursor, limit=_PAGE)
        yield from page.rows
        cursor = page.cursor
        if cursor is None:
            return


def _run_row(record: RunRecord) -> dict[str, Any]:
    """Return one run as a row."""
    strategy = record.spec.get("strategy")
    return {
        "run": record.run,
        "state": record.state,
        "strategy": strategy if isinstance(strategy, str) else json.dumps(strategy),
        "interval": record.spec.get("interval"),
        "snapshot": record.snapshot,
        "created_at": record.created_at,
        "finished_at": record.finished_at,
        "results": record.count,
        "failed": record.failed,
        "digest": None if record.receipt is None else record.receipt.digest,
        "spec": json.dumps(record.spec, sort_keys=True),
    }


def _trade_batch(house: House, result: RunResult, names: Sequence[str]) -> Any:
    """Return the trades of one result; times are looked up where they are asked for, a level of none is null."""
    trades = result.trades
    assert trades is not None  # noqa: S101 - its caller looked
    rows = len(trades)
    columns: dict[str, Any] = dict(trades.columns())
    if "entry_time" in names or "exit_time" in names:
        # Here, not above: it brings the compiler, which a query of bars should not wait for.
        from tapehead.library.kept import kept_run

        times = kept_run(house, result.run).times(result.instrument)
        for side in ("entry", "exit"):
            columns[f"{side}_time"] = pa.array(times[columns[f"{side}_bar"]].view("datetime64[us]"), MOMENT)
    columns |= {"run": pa.repeat(result.run, rows), "instrument": pa.repeat(result.instrument, rows)}
    columns["interval"] = pa.repeat(result.interval, rows)
    columns["parameters"] = pa.repeat(json.dumps(dict(result.parameters), sort_keys=True), rows)
    columns["trade"] = range(1, rows + 1)
    arrays = [columns[name] for name in names]
    made = [
        each if isinstance(each, pa.Array) else pa.array(each, TRADES.field(name).type, from_pandas=True)
        for name, each in zip(names, arrays, strict=True)
    ]
    return pa.record_batch(made, names=list(names))


def _batch(schema: Any, names: Sequence[str], rows: Sequence[dict[str, Any]]) -> Any:
    """Return rows as a batch of some columns; times are us UTC."""
    arrays = [pa.array([row[name] for row in rows], schema.field(name).type) for name in names]
    return pa.record_batch(arrays, names=list(names))
