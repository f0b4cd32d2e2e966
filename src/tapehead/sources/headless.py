"""Columns of a text without a header, recognised by what stands in them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from tapehead.ports.bars import Hints
from tapehead.sources.head import is_number
from tapehead.sources.lean import lean_table
from tapehead.sources.lean_factors import FACTOR_COLUMNS, is_factor_file
from tapehead.sources.table import Table

KLINES = (
    *("open_time", "open", "high", "low", "close", "volume", "close_time"),
    *("quote_volume", "trades", "taker_base", "taker_quote", "ignore"),
)
_BARS = ("ts", "open", "high", "low", "close", "volume")
_STAMP = re.compile(
    r"\d{9,19}(\.\d+)?|\d{8}|\d{8}[ T]\d{4,9}|\d{4}[-/.]\d{2}[-/.]\d{2}.*|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}.*"
)
_TRUTH = frozenset(("true", "false"))
_LEAST_ROWS = 3
_NEAR = 0.2
_FEW = 0.1
_Rows = Sequence[Sequence[str]]


def name_columns(table: Table, inside: str, hints: Hints) -> Table:
    """Return a table without a header with names for its columns.

    Parameters
    ----------
    table : Table
        Columns called 1, 2, 3, ...
    inside : str
        The member's name in an archive, else empty.
    hints : Hints
        Where columns are named, they are named by their numbers, and nothing is recognised.

    Raises
    ------
    FileFormatError, AmbiguousFileError
        The file is one of a collection that holds no bars, or nothing says how it is scaled.
    """
    if not hints.columns:
        if is_factor_file(table.path, table.sample):
            return replace(table, names=FACTOR_COLUMNS)
        found = lean_table(table, inside, hints)
        if found is not None:
            return found
        for is_so, names, told in _FORMS:
            if is_so(table.sample):
                guess = f"no header: {told}"
                return replace(table, names=names[: len(table.names)], guesses=(*table.guesses, guess))
    guess = f"no header: columns are called {', '.join(table.names[:20])}"
    return replace(table, guesses=(*table.guesses, guess))


def _is_klines(rows: _Rows) -> bool:
    """Whether rows are those of Binance's archive of bars."""
    return bool(rows) and len(rows[0]) == len(KLINES)


def _is_bars(rows: _Rows) -> bool:
    """Whether nearly all rows are a time and prices in the order open, high, low, close; some bar leaves no doubt."""
    good = [[float(field) for field in row[1:5]] for row in rows if _are((row,), (5, 6))]
    moved, broken = False, len(rows) - len(good)
    for first, high, low, last in good:
        broken += high < max(first, last, low) or low > min(first, last) or low <= 0
        moved = moved or low < min(first, last) <= max(first, last) < high
    # A few rows may be what is to be set aside; prices in another order break far more.
    return moved and broken <= _FEW * len(rows)


def _is_trades(rows: _Rows) -> bool:
    """Whether rows are a time in seconds, a price and an amount, in order of time, as Kraken's archive has them."""
    if not _are(rows, (3,)) or len(rows) < _LEAST_ROWS:
        return False
    times = [row[0] for row in rows]
    return all(is_number(stamp) and len(stamp.partition(".")[0]) >= 9 for stamp in times) and times == sorted(times)


def _is_quotes(rows: _Rows) -> bool:
    """Whether rows are a time, a bid and an ask that is never below it and near, and perhaps a size."""
    if not _are(rows, (3, 4)):
        return False
    sides = [(float(row[1]), float(row[2])) for row in rows]
    return all(0 < bid <= ask < bid * (1 + _NEAR) for bid, ask in sides) and any(bid < ask for bid, ask in sides)


def _are(rows: _Rows, widths: tuple[int, ...]) -> bool:
    """Whether rows of one of these widths begin with a time and go on with numbers."""
    return bool(rows) and all(
        len(row) in widths and _STAMP.fullmatch(row[0]) and all(map(is_number, row[1:])) for row in rows
    )


def _is_binance(width: int, truths: int) -> Callable[[_Rows], bool]:
    """Return whether rows of so many fields end in so many truth values, as Binance's archives of trades do."""

    def is_so(rows: _Rows) -> bool:
        return all(
            len(row) == width
            and all(field.lower() in _TRUTH for field in row[-truths:])
            and all(map(is_number, row[:-truths]))
            for row in rows
        )

    return is_so


_AGGREGATED = ("id", "price", "quantity", "first_id", "last_id", "time", "is_buyer_maker", "is_best_match")
_SINGLE = ("id", "price", "quantity", "quote_quantity", "time", "is_buyer_maker", "is_best_match")
_FORMS: tuple[tuple[Callable[[_Rows], bool], tuple[str, ...], str], ...] = (
    (_is_klines, KLINES, "twelve numbers a row are read as Binance's klines"),
    (_is_binance(8, 2), _AGGREGATED, "rows are read as Binance's aggregated trades"),
    (_is_binance(7, 1), _AGGREGATED, "rows are read as Binance's aggregated trades"),
    (_is_binance(7, 2), _SINGLE, "rows are read as Binance's trades"),
    (_is_binance(6, 1), _SINGLE, "rows are read as Binance's trades"),
    (_is_bars, _BARS, "columns are read as time, open, high, low, close, volume: no high lies below, no low above"),
    (_is_quotes, ("ts", "bid", "ask", "size"), "columns are read as time, bid, ask: the ask is never below the bid"),
    (_is_trades, ("ts", "price", "amount"), "columns are read as time, price, amount: times rise"),
)
