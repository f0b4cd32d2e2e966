"""LEAN's factor files: dated multipliers of raw prices for splits and dividends."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from tapehead.errors import AmbiguousFileError, FileFormatError
from tapehead.model.factors import Factors
from tapehead.ports.bars import Hints, RawBatch
from tapehead.sources.filenames import stem_of
from tapehead.sources.head import is_number
from tapehead.sources.rows import empty_batch, numbers_of
from tapehead.sources.table import Table

FACTOR_COLUMNS: Final = ("day", "price_factor", "split_factor", "reference_price")
_FOLDER = "factor_files"
_FAR_FUTURE = "20501231"
_DAY_US = 86_400_000_000


def is_factor_file(path: str, rows: Sequence[Sequence[str]]) -> bool:
    """Whether rows are a day, two factors and a price, and the folder or LEAN's last day says that they are factors."""
    shaped = bool(rows) and all(
        len(row) == len(FACTOR_COLUMNS) and len(row[0]) == len(_FAR_FUTURE) and all(map(is_number, row)) for row in rows
    )
    return shaped and (rows[-1][0] == _FAR_FUTURE or Path(path).resolve().parent.name == _FOLDER)


def iter_factors(table: Table, hints: Hints) -> Iterator[RawBatch]:
    """Yield one batch without rows that carries the factors of one instrument.

    Parameters
    ----------
    table : Table
        With the columns `FACTOR_COLUMNS`.
    hints : Hints
        `venue` is needed, for the file's folder is never that of the bars.

    Raises
    ------
    AmbiguousFileError
        No venue was named.
    FileFormatError
        A day is none or does not rise, or a factor is not above 0.

    Notes
    -----
    LEAN's row holds for days up to and with its own, and after that of the row before; the first row also for all days
    before. So each row's factors begin at 00:00 UTC of the day behind the row before it, where daily bars are stamped;
    bars after 19:00 of a New York winter evening before have the next day's already.
    """
    symbol = hints.symbol or stem_of(table.path).upper()
    if hints.venue is None:
        cause = (
            f"it holds the split and dividend factors of {symbol}, and which venue's bars they belong to it cannot say"
        )
        raise AmbiguousFileError(path=table.path, cause=cause, flag="--venue NAME")
    days: list[int] = []
    price: list[float] = []
    split: list[float] = []
    for batch in table.open(FACTOR_COLUMNS):
        days += [_day(table.path, str(text)) for text in batch.column("day").to_pylist()]
        price += numbers_of(table, batch, "price_factor").tolist()
        split += numbers_of(table, batch, "split_factor").tolist()
    steps = np.array([days[0], *(day + _DAY_US for day in days[:-1])], np.int64) if days else np.zeros(0, np.int64)
    factors = Factors(
        instrument=f"{hints.venue}:{symbol}",
        ts=steps,
        split=np.array(split),
        dividend=np.array(price),
        source=f"LEAN factor file {Path(table.path).name}",
    )
    if not len(steps) or np.any(np.diff(np.array(days)) <= 0) or not _are_positive(factors):
        cause = "its days do not rise, or one of its factors is not above 0"
        raise FileFormatError(
            path=table.path, cause=cause, step="Fetch it again, then: tapehead import PATH --venue NAME"
        )
    told = f"LEAN factor file: {len(steps)} steps for {factors.instrument}; its bars are taken as raw"
    yield replace(empty_batch((*table.guesses, told)), factors=(factors,), basis="raw")


def _are_positive(factors: Factors) -> bool:
    """Whether every factor is a finite number above 0."""
    return all(bool(np.all(np.isfinite(one) & (one > 0))) for one in (factors.split, factors.dividend))


def _day(path: str, text: str) -> int:
    """Return the midnight (us UTC) of a day."""
    try:
        return int(datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).timestamp()) * 1_000_000
    except ValueError:
        step = "Fetch it again, then: tapehead import PATH --venue NAME"
        raise FileFormatError(path=path, cause=f"'{text[:40]}' is no day", step=step) from None
