"""Columns of text or of any numeric type to correctly rounded float64."""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

_NULLS = ("", "-", "na", "n/a", "nan", "null", "none", "nil")
_PLAIN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


def to_float64(column: Any) -> F64:
    """Return a pyarrow column as float64, NaN where it is null or no number.

    Parameters
    ----------
    column : pyarrow Array
        Text, integers, decimals or floats.

    Returns
    -------
    float64 array, shape (n,)
        Text is rounded as Python's `float` rounds it. Decimals go through their text, for Arrow's own conversion is
        not always the nearest double.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = pc.cast(column, kind.value_type)
        kind = column.type
    if pa.types.is_decimal(kind):
        column = pc.cast(column, pa.string())
    elif pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if is_text(column.type):
        column = _parse(column)
    return np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)


def is_text(kind: Any) -> bool:
    """Whether a pyarrow type is text."""
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _parse(text: Any) -> Any:
    """Read text as numbers; the plain form in bulk, the rest one by one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return pc.cast(text, pa.float64())
    except pa.ArrowInvalid:
        pass
    text = pc.utf8_trim_whitespace(pc.cast(text, pa.string()))
    regular = pc.fill_null(pc.match_substring_regex(text, _PLAIN), False)  # noqa: FBT003 - the value to fill with
    values = pc.cast(pc.if_else(regular, text, None), pa.float64()).to_numpy(zero_copy_only=False).copy()
    for row in np.flatnonzero(~regular.to_numpy(zero_copy_only=False)):
        values[row] = _number(text[int(row)].as_py())
    return pa.array(values)


def _number(text: str | None) -> float:
    """Read one field; NaN for a null or for what is no number."""
    if text is None or text.lower() in _NULLS or "_" in text:
        return float("nan")
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    try:
        return float(text)
    except ValueError:
        return float("nan")
