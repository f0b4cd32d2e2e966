"""Times written as text: the forms that occur, and which of them a column fits."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

# Only behind a time of day: the -03 of 2017-01-03 is no offset.
_OFFSET = r"(?P<clock>:\d{2}(?:[.]\d+)?)\s?(?P<mark>[Zz]|[+-]\d{2}:?\d{2}|[+-]\d{2}|UTC|GMT)$"
_ISO = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}([.]\d{1,9})?)?)?$"
_FRACTION = r"^(?P<head>.*[ T]\d{2}:?\d{2}:?\d{2})[.]?(?P<digits>\d{3}(?:\d{3})?)$"
_DATES = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%Y/%m/%d"),
    *("%d-%m-%Y", "%m-%d-%Y", "%d-%m-%y", "%m-%d-%y", "%Y-%m-%d"),
    *("%d.%m.%Y", "%Y.%m.%d", "%d.%m.%y", "%Y%m%d", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%b %d %Y", "%b %d, %Y"),
)
_CLOCKS = (
    "",
    " %H:%M",
    " %H:%M:%S",
    "T%H:%M",
    "T%H:%M:%S",
    " %I:%M %p",
    " %I:%M:%S %p",
    " %H%M",
    " %H%M%S",
    " %H%M%S%f",
)
_EARLIEST_S = -2_208_988_800  # 1900-01-01
_LATEST_S = 4_102_444_800  # 2100-01-01
_SAMPLE = 2_000
_FEW = 50
_SECOND_US = 1_000_000
_NEARLY_ALL = 0.9


@dataclass(frozen=True, slots=True)
class Form:
    """A form of time: `strptime` as Python writes it, empty for ISO 8601 with or without an offset."""

    strptime: str = ""


ISO = Form()


def forms_that_fit(column: Any, among: Sequence[Form] | None = None) -> list[Form]:
    """Return the forms that read the most of a column; several when they read it equally well.

    Parameters
    ----------
    column : pyarrow Array of text
        Null entries count for nothing.
    among : sequence of Form, optional
        Forms still possible; without it ISO alone if it fits, else every known form on the first 2,000 texts.

    Returns
    -------
    list of Form
        Empty when no form reads nine tenths of the texts.
    """
    texts = column.drop_null()
    if among is None:
        texts = texts.slice(0, _SAMPLE)
        if len(texts) and parse_text(texts, ISO)[1].mean() >= _NEARLY_ALL:
            return [ISO]
        # Most of the forms fit none of a few texts, and to try them all on every text takes longer than to read a file.
        few = texts.slice(0, _FEW)
        forms = (Form(day + clock) for day, clock in product(_DATES, _CLOCKS))
        among = [form for form in forms if parse_text(few, form)[1].any()]
    if not len(texts):
        return []
    counted = [(form, int(parse_text(texts, form)[1].sum())) for form in among]
    if not counted:
        return []
    most = max(count for _, count in counted)
    return [form for form, count in counted if count == most] if most >= _NEARLY_ALL * len(texts) else []


def parse_text(column: Any, form: Form) -> tuple[I64, Flags, bool]:
    """Read text times.

    Returns
    -------
    ts : int64 array, shape (n,)
        Microseconds; 0 where not valid. UTC when an offset was given, else the wall clock's.
    valid : bool array, shape (n,)
        False for null, for text of another form, for a date that does not exist.
    aware : bool
        Whether the texts carry an offset.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
    if form.strptime:
        return (*_strptime(text, form.strptime), False)
    wall, valid = _iso(pc.replace_substring_regex(text, _OFFSET, r"\1"))
    offset, aware = _offsets(text)
    if not aware.any():
        return wall, valid, False
    # One text without an offset among others that have it could mean anything.
    valid &= aware
    return np.where(valid, wall - offset, 0), valid, True


def wall_of(column: Any, form: Form | None) -> I64:
    """Return the wall times (us) of text, whatever offset stands behind them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
    if form is not None and form.strptime:
        return _strptime(text, form.strptime)[0]
    return _iso(pc.replace_substring_regex(text, _OFFSET, r"\1"))[0]


def _iso(text: Any) -> tuple[I64, Flags]:
    """Read ISO 8601 without an offset."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.if_else(pc.fill_null(pc.match_substring_regex(text, _ISO), False), text, None)  # noqa: FBT003 - a value
    try:
        times = pc.cast(text, pa.timestamp("us"))
    except pa.ArrowInvalid:
        times = _iso_one_by_one(text)
    valid = np.asarray(pc.is_valid(times).to_numpy(zero_copy_only=False), np.bool_)
    return pc.fill_null(pc.cast(times, pa.int64()), 0).to_numpy(zero_copy_only=False), valid


def _iso_one_by_one(text: Any) -> Any:
    """Read texts of which some are no date, or have nanoseconds."""
    import pyarrow as pa

    def micro(value: str | None) -> np.datetime64 | None:
        try:
            return None if value is None else np.datetime64(value, "us")
        except ValueError:
            return None

    read = [micro(value) for value in text.to_pylist()]
    whole = [None if value is None else int(value.astype(np.int64)) for value in read]
    return pa.array(whole, pa.int64()).cast(pa.timestamp("us"))


def _offsets(text: Any) -> tuple[I64, Flags]:
    """Return the offset (us) behind each text and whether there is one."""
    import pyarrow.compute as pc

    mark = pc.fill_null(pc.struct_field(pc.extract_regex(text, _OFFSET), "mark"), "")
    codes = pc.dictionary_encode(mark)
    values = [_offset_us(word) for word in codes.dictionary.to_pylist()]
    places = codes.indices.to_numpy(zero_copy_only=False)
    if not values:
        return np.zeros(0, np.int64), np.zeros(0, np.bool_)
    offset = np.array([value or 0 for value in values], np.int64)[places]
    known = np.array([value is not None for value in values], np.bool_)[places]
    return offset, known


def _offset_us(mark: str) -> int | None:
    """Read `+03:00`, `-0500`, `Z`; None for nothing."""
    if not mark:
        return None
    if mark[0] not in "+-":
        return 0
    digits = mark[1:].replace(":", "").ljust(4, "0")
    size = (int(digits[:2]) * 3600 + int(digits[2:]) * 60) * _SECOND_US
    return size if mark[0] == "+" else -size


def _strptime(text: Any, form: str) -> tuple[I64, Flags]:
    """Read a strptime form; a day that rolls over (31/02) and a year outside 1900-2100 are not valid."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if form.endswith("%f"):
        return _with_fraction(text, form.removesuffix("%f"))
    times = pc.strptime(text, format=form, unit="s", error_is_null=True)
    seconds = pc.fill_null(pc.cast(times, pa.int64()), _LATEST_S).to_numpy(zero_copy_only=False)
    valid = (seconds >= _EARLIEST_S) & (seconds < _LATEST_S)
    if valid.any():
        again = pc.strftime(times, format=form)
        same = pc.fill_null(pc.equal(again, text), False)  # noqa: FBT003 - the value to fill with
        if not pc.all(same).as_py():
            # Zeros before a number and the case of a month's name may differ; only a day that rolled over counts.
            same = pc.or_(same, pc.fill_null(pc.equal(_unpadded(again), _unpadded(text)), False))  # noqa: FBT003 - a value
        valid &= same.to_numpy(zero_copy_only=False)
    return np.where(valid, seconds * _SECOND_US, 0), valid


def _with_fraction(text: Any, form: str) -> tuple[I64, Flags]:
    """Read a strptime form with three or six digits of a second behind it, with or without a point."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = pc.extract_regex(text, _FRACTION)
    wall, valid = _strptime(pc.struct_field(parts, "head"), form.removesuffix("."))
    digits = pc.utf8_rpad(pc.fill_null(pc.struct_field(parts, "digits"), ""), 6, "0")
    micro = pc.cast(digits, pa.int64()).to_numpy(zero_copy_only=False)
    return np.where(valid, wall + micro, 0), valid


def _unpadded(text: Any) -> Any:
    """Return text in lower case without the zeros before a number."""
    import pyarrow.compute as pc

    return pc.replace_substring_regex(pc.utf8_lower(text), r"\b0+(\d)", r"\1")
