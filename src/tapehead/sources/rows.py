"""Rows of bars: a table whose columns are open, high, low and close, of one side or of two."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError
from tapehead.ports.bars import Hints, RawBatch
from tapehead.sources.columns import Layout
from tapehead.sources.filenames import interval_of
from tapehead.sources.numbers import to_float64
from tapehead.sources.reading import Reading, no_type
from tapehead.sources.table import Table

F64 = NDArray[np.float64]
_SIDES = ("mid", "bid", "ask")
_MIDDLE_PLACES = 10
_ROUNDING = 2


def iter_rows(table: Table, layout: Layout, hints: Hints) -> Iterator[RawBatch]:
    """Yield the rows of a table of bars.

    Parameters
    ----------
    table : Table
    layout : Layout
    hints : Hints

    Raises
    ------
    MissingColumnError, AmbiguousFileError, FileFormatError, ParameterError
        The file cannot be read without being told more.
    """
    if hints.price not in _SIDES:
        raise ParameterError(name="price", value=hints.price, bound="one of mid, bid, ask")
    reading = Reading(table, layout, hints)
    told: tuple[str, ...] | None = None
    row = 1
    for batch in table.open(layout.columns):
        if not batch.num_rows:
            continue
        if told is None:
            reading.settle(batch)
            told = (*table.guesses, *reading.guesses, *_told(layout, hints))
        yield _raw(reading, layout, batch, row, told)
        told = ()
        row += batch.num_rows
    if late := reading.closing_guesses():
        yield empty_batch(late)


def unread_row(row: int, text: str, reason: str) -> RawBatch:
    """Return a batch of one row that could not be split into fields."""
    return _bare(1, row, text, reason, ())


def empty_batch(guesses: tuple[str, ...]) -> RawBatch:
    """Return a batch without rows that carries what was learnt at the end of a file."""
    return _bare(0, 1, "", "", guesses)


def _bare(count: int, row: int, text: str, reason: str, guesses: tuple[str, ...]) -> RawBatch:
    """Return a batch of rows without a value."""
    nothing = np.full(count, np.nan)
    return RawBatch(
        names=(),
        codes=np.full(count, -1, np.int32),
        ts=np.zeros(count, np.int64),
        ts_valid=np.zeros(count, np.bool_),
        open=nothing,
        high=nothing,
        low=nothing,
        close=nothing,
        volume=None,
        row=row,
        text=lambda _: text,
        reason=reason,
        guesses=guesses,
    )


def numbers_of(table: Table, batch: Any, name: str) -> F64:
    """Return a column as float64, NaN where null; raises FileFormatError for a type that is no number."""
    import pyarrow as pa

    column = batch.column(name)
    try:
        return to_float64(column)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid, TypeError) as cause:
        raise no_type(table.path, name, column.type, "number") from cause


def fields_of(batch: Any, place: int) -> str:
    """Return the fields of a row as read."""
    return " ".join(f"{name}={_field(batch.column(name)[place])}" for name in batch.schema.names)


def _field(value: Any) -> object:
    """Return one field; a time that Python cannot say, beyond the year 9999 or finer than it knows, as its number."""
    try:
        return value.as_py()
    except (OverflowError, ValueError):
        return value.value


def _told(layout: Layout, hints: Hints) -> list[str]:
    """Return the sentences about prices."""
    told = []
    if layout.asks:
        what = "the middle of bid and ask" if hints.price == "mid" else f"the {hints.price}"
        told.append(f"bars of two sides: prices are {what} (--price mid, bid or ask)")
    if layout.basis is not None:
        meaning = {"raw": "as traded", "split": "adjusted for splits", "all": "adjusted"}.get(layout.basis, "")
        told.append(f"prices are {meaning}: {layout.told}")
    if layout.adjusted is not None:
        told.append(f"'{layout.adjusted}' over '{layout.prices[3]}' is kept as the factor of dividends")
    return told


def _raw(reading: Reading, layout: Layout, batch: Any, row: int, guesses: tuple[str, ...]) -> RawBatch:
    """Turn one record batch into arrays."""
    table, hints = reading.table, reading.hints
    names, codes, ts, valid = reading.read(batch)
    prices = [numbers_of(table, batch, name) for name in layout.prices]
    if layout.asks:
        asks = [numbers_of(table, batch, name) for name in layout.asks]
        prices = [one_side(bid, ask, hints.price) for bid, ask in zip(prices, asks, strict=True)]
    close = prices[3]
    if table.scale != 1.0:
        # A division, not a product with 0.0001: 1363000 / 10000 is the double nearest to 136.3.
        prices = [price / table.scale for price in prices]
    return RawBatch(
        names=names,
        codes=codes,
        ts=ts,
        ts_valid=valid,
        open=prices[0],
        high=prices[1],
        low=prices[2],
        close=prices[3],
        volume=None if layout.volume is None else numbers_of(table, batch, layout.volume),
        row=row,
        text=lambda place: fields_of(batch, place),
        interval=table.interval or interval_of(table.name),
        guesses=guesses,
        factor=None if layout.adjusted is None else _factor(numbers_of(table, batch, layout.adjusted), close),
        basis=table.basis or layout.basis,
        kind=table.kind,
        tz=table.tz,
    )


def one_side(bid: F64, ask: F64, price: str) -> F64:
    """Return the middle of two sides, or one of them.

    A middle that is a decimal of ten places but for the rounding of its sum is that decimal: 1.16592, and not
    1.1659199999999998.
    """
    if price != "mid":
        return bid if price == "bid" else ask
    with np.errstate(over="ignore", invalid="ignore"):
        middle: F64 = (bid + ask) / 2
        plain = np.round(middle, _MIDDLE_PLACES)
        return np.where(np.abs(plain - middle) <= _ROUNDING * np.spacing(np.abs(middle)), plain, middle)


def _factor(adjusted: F64, close: F64) -> F64:
    """Return adjusted over unadjusted close, NaN where one is null or not above 0."""
    known = np.isfinite(adjusted) & np.isfinite(close) & (adjusted > 0) & (close > 0)
    factor = np.full(len(close), np.nan)
    with np.errstate(over="ignore", under="ignore"):
        factor[known] = adjusted[known] / close[known]
    factor[~(np.isfinite(factor) & (factor > 0))] = np.nan
    return factor
