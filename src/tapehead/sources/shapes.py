"""Which shape a table has, bars, trades, quotes or factors, and the reader of each."""

from collections.abc import Iterator

from tapehead.errors import MissingColumnError
from tapehead.ports.bars import Hints, RawBatch
from tapehead.sources.columns import recognise_columns, recognise_ticks
from tapehead.sources.lean_factors import FACTOR_COLUMNS, iter_factors
from tapehead.sources.refusals import check_holds_bars, closes_only
from tapehead.sources.rows import iter_rows
from tapehead.sources.table import Table
from tapehead.sources.ticks import iter_tick_bars


def read_table(table: Table, hints: Hints) -> Iterator[RawBatch]:
    """Yield the rows of a table; bars made of trades and quotes are rows too.

    Parameters
    ----------
    table : Table
    hints : Hints

    Raises
    ------
    MissingColumnError, AmbiguousFileError, FileFormatError, ParameterError
        The table holds no bars, or cannot be read without being told more.
    """
    if table.names == FACTOR_COLUMNS:
        yield from iter_factors(table, hints)
        return
    check_holds_bars(table, hints)
    ticks = recognise_ticks(table.path, table.names, hints.columns)
    if ticks is not None:
        yield from iter_tick_bars(table, ticks, hints)
        return
    try:
        layout = recognise_columns(table.path, table.names, hints.columns)
    except MissingColumnError:
        refusal = closes_only(table, hints)
        if refusal is not None:
            raise refusal from None
        raise
    yield from iter_rows(table, layout, hints)
