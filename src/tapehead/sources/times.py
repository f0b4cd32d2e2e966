"""Columns of time to microseconds UTC, and the evidence for each reading."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import AmbiguousFileError, FileFormatError, ParameterError
from tapehead.sources.numbers import is_text, to_float64
from tapehead.sources.timetext import Form, forms_that_fit, parse_text, wall_of
from tapehead.sources.zones import WallClock, from_utc, is_midnight

I64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

UNITS_A_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_UNIT_WORDS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
_COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_EARLIEST_S = 315_532_800  # 1980-01-01
_LATEST_S = 4_102_444_800  # 2100-01-01
_DAY_US = 86_400_000_000
_DAY_MS = 86_400_000
_TELLING_ROWS = 1_000
_DECIDING_ROWS = 10_000
_SAID_ROWS = 50
_NEARLY_ALL = 0.9


@dataclass(slots=True)
class TimeReader:
    """How the time column of one file is read; decided on its first rows, then applied to every batch.

    Attributes
    ----------
    how : str
        `typed`, `number`, `text`, or `clock`: milliseconds since a midnight.
    unit : str
        Of numbers: the one the user named, else empty, and each number is read by its size.
    form : Form or None
        Of text.
    zone : str
        Zone of times without an offset.
    dates : bool
        Every time is a midnight on its own wall clock: the date is kept, at 00:00 UTC.
    """

    path: str
    how: str
    unit: str = ""
    form: Form | None = None
    zone: str = "UTC"
    dates: bool = False
    day_us: int = 0
    guesses: list[str] = field(default_factory=list)
    _clock: WallClock | None = None

    def read(self, column: Any, codes: NDArray[np.int32]) -> tuple[I64, Flags]:
        """Return times (us UTC) and which of them could be read, arrays of shape (n,)."""
        if self.how == "number":
            return self._read_numbers(column)
        if self.how == "clock":
            values, valid = _integers(column)
            valid &= (values >= 0) & (values < _DAY_MS)
            instant, aware = self.day_us + np.where(valid, values, 0) * 1_000, False
        else:
            instant, valid, aware = _instants(column, self.form)
        if self.dates:
            wall = wall_of(column, self.form) if self.how == "text" else _typed_wall(column, instant)
            return wall, valid & (wall % _DAY_US == 0)
        if aware or self.zone == "UTC":
            return instant, valid
        if self._clock is None:
            self._clock = WallClock(self.zone)
        utc, exists = self._clock.to_utc(np.where(valid, instant, 0), codes)
        return utc, valid & exists

    def closing_guesses(self) -> tuple[str, ...]:
        """Return what can only be told at the end of the file."""
        if self._clock is None or not self._clock.repeated:
            return ()
        told = f"{self._clock.repeated} times lie in an hour that {self.zone} repeats"
        return (f"{told}: the first in the file is taken as the earlier",)

    def _read_numbers(self, column: Any) -> tuple[I64, Flags]:
        """Read numbers by the named unit, or each by its size."""
        values, valid = _integers(column)
        fraction = _fractions(column)
        if self.unit:
            return _scaled(values, self.unit) + _scaled_fraction(fraction, self.unit), valid
        ts = np.zeros(len(values), np.int64)
        known = np.zeros(len(values), np.bool_)
        for unit in UNITS_A_SECOND:
            fits = valid & _plausible(values, unit)
            ts[fits] = _scaled(values[fits], unit) + _scaled_fraction(fraction[fits], unit)
            known |= fits
        return ts, known


@dataclass(frozen=True, slots=True)
class TimeQuestion:
    """What deciding on a reading may ask.

    `is_crypto` and `is_utc_name` say why times without an offset may be UTC; `rescan` yields the whole column again for
    the case that the first rows leave two readings open.
    `day_us` is the midnight that times are counted from in milliseconds, where the file says one.
    """

    path: str
    column_name: str
    unit: str | None
    tz: str | None
    form: str
    is_crypto: bool
    is_utc_name: bool
    rescan: Callable[[], Iterable[Any]]
    day_us: int | None = None


def decide_times(column: Any, asked: TimeQuestion) -> TimeReader:
    """Decide how a file's times are read.

    Parameters
    ----------
    column : pyarrow Array
        The first rows of the time column.
    asked : TimeQuestion

    Raises
    ------
    AmbiguousFileError
        Two readings fit, or the zone cannot be known.
    FileFormatError
        No reading fits.
    """
    import pyarrow as pa

    if asked.unit is not None and asked.unit not in UNITS_A_SECOND:
        raise ParameterError(name="unit", value=asked.unit, bound="one of s, ms, us, ns")
    if asked.tz is not None:
        WallClock(asked.tz)
    kind = column.type
    if asked.day_us is not None:
        return _count_from_midnight(asked)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        reader = TimeReader(asked.path, "typed")
    elif is_text(kind) and not _is_digits(column):
        reader = _decide_text(column, asked)
    elif is_text(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        reader = _decide_numbers(column, asked)
    else:
        raise _unreadable(asked, f"column '{asked.column_name}' is of type {kind}, which is no time")
    if reader.how != "number":
        _decide_zone(column, reader, asked)
    return reader


def _count_from_midnight(asked: TimeQuestion) -> TimeReader:
    """Settle times that are milliseconds of a day on the clock of a zone."""
    if asked.tz is None:
        raise AmbiguousFileError(
            path=asked.path,
            cause="its times count milliseconds from a midnight, and nothing says of which zone; ZONE is a name such "
            "as America/New_York, Asia/Kolkata or UTC",
            flag="--tz ZONE",
        )
    return TimeReader(asked.path, "clock", zone=asked.tz, day_us=asked.day_us or 0)


def _decide_zone(column: Any, reader: TimeReader, asked: TimeQuestion) -> None:
    """Settle dates and the zone of times without an offset."""
    column = column.slice(0, _DECIDING_ROWS)
    instant, valid, aware = _instants(column, reader.form)
    wall = wall_of(column, reader.form) if reader.how == "text" else _typed_wall(column, instant)
    if not valid.any():
        raise _unreadable(asked, f"column '{asked.column_name}' holds no time in its first rows")
    if is_midnight(wall[valid]) and (len(column) >= _TELLING_ROWS or _all_midnights(reader, asked)):
        reader.dates = True
        reader.guesses.append(f"times are dates: each bar opens at 00:00 UTC of its date ({_say(wall[valid][0])[:10]})")
    elif aware:
        carried = f"the zone {column.type.tz}" if reader.how == "typed" else "their offset"
        reader.guesses.append(f"times carry {carried}: the first is {_say(instant[valid][0])} UTC")
    elif asked.tz is not None:
        reader.zone = asked.tz
    elif asked.is_crypto or asked.is_utc_name:
        why = "crypto" if asked.is_crypto else f"column '{asked.column_name}'"
        reader.guesses.append(f"times without zone are read as UTC ({why})")
    else:
        raise AmbiguousFileError(
            path=asked.path,
            cause=f"times such as {_say(wall[valid][0])} carry no zone, and nothing says which clock they show; "
            "ZONE is a name such as America/New_York, Asia/Kolkata or UTC",
            flag="--tz ZONE",
        )


def _all_midnights(reader: TimeReader, asked: TimeQuestion) -> bool:
    """Whether the whole column is dates; few first rows may be midnights by chance."""
    for batch in asked.rescan():
        instant, valid, _ = _instants(batch, reader.form)
        wall = wall_of(batch, reader.form) if reader.how == "text" else _typed_wall(batch, instant)
        if np.any(wall[valid] % _DAY_US):
            return False
    return True


def _decide_text(column: Any, asked: TimeQuestion) -> TimeReader:
    """Settle the form of text times; two that fit are tried on the whole column, then refused."""
    if asked.form:
        form = Form(asked.form)
        if not parse_text(column, form)[1].any():
            raise _unreadable(asked, f"no time reads as '{asked.form}', for instance '{_sample(column)}'")
        return TimeReader(asked.path, "text", form=form)
    fits = forms_that_fit(column)
    if len(fits) > 1:
        fits = _fits_of_all(asked, fits)
    if not fits:
        raise _unreadable(asked, f"column '{asked.column_name}' holds no time that can be read: '{_sample(column)}'")
    if len(fits) > 1:
        raise _two_forms(column, asked, fits)
    reader = TimeReader(asked.path, "text", form=fits[0])
    if fits[0].strptime:
        reader.guesses.append(f"times read as {fits[0].strptime}: '{_sample(column)}' is {_first(column, fits[0])}")
    return reader


def _fits_of_all(asked: TimeQuestion, fits: list[Form]) -> list[Form]:
    """Return the forms that fit the whole column; one, if all that fit read every text alike."""
    alike = True
    for batch in asked.rescan():
        fits = forms_that_fit(batch, fits) or fits
        if len(fits) == 1:
            return fits
        first, *others = (parse_text(batch, form)[0] for form in fits)
        alike = alike and all(np.array_equal(first, other) for other in others)
    return fits[:1] if alike else fits


def _decide_numbers(column: Any, asked: TimeQuestion) -> TimeReader:
    """Settle the unit of numeric times, or find that they are dates written as numbers."""
    values, valid = _integers(column)
    if not valid.any():
        raise _unreadable(asked, f"column '{asked.column_name}' holds no time in its first rows")
    sample = values[valid]
    if asked.unit:
        return TimeReader(asked.path, "number", unit=asked.unit)
    compact = _compact_form(column, sample, asked)
    if compact is not None:
        reader = TimeReader(asked.path, "text", form=compact)
        reader.guesses.append(f"times read as {compact.strptime}: {sample[0]} is {_first(column, compact)}")
        return reader
    units = [unit for unit in UNITS_A_SECOND if np.any(_plausible(sample, unit))]
    fitting = sum(int(np.count_nonzero(_plausible(sample, unit))) for unit in units)
    if 2 * fitting < len(sample):
        raise _two_units(sample, asked)
    reader = TimeReader(asked.path, "number")
    for unit in units:
        first = sample[_plausible(sample, unit)][0]
        reader.guesses.append(f"times are {_UNIT_WORDS[unit]}: {first} is {_say(_scaled(first, unit))} UTC")
    return reader


def _compact_form(column: Any, sample: I64, asked: TimeQuestion) -> Form | None:
    """Return the form of dates written as numbers, such as 20240131, when nearly all read so; no unit fits these."""
    digits = len(str(int(sample[0])))
    form = Form(asked.form) if asked.form else Form(_COMPACT[digits]) if digits in _COMPACT else None
    if form is None:
        return None
    _, valid, _ = parse_text(column, form)
    return form if np.count_nonzero(valid) >= _NEARLY_ALL * len(sample) else None


def _two_units(sample: I64, asked: TimeQuestion) -> Exception:
    """Say what each unit would make of a number."""
    value = int(sample[0])
    readings = [f"{_UNIT_WORDS[unit]} make it {_say(_scaled(value, unit))}" for unit in UNITS_A_SECOND]
    return AmbiguousFileError(
        path=asked.path,
        cause=f"column '{asked.column_name}' holds times such as {value}, and several readings fit: "
        f"{'; '.join(readings)}; the units are s, ms, us, ns",
        flag="--unit s",
    )


def _two_forms(column: Any, asked: TimeQuestion, fits: Sequence[Form]) -> Exception:
    """Say what each form would make of a date."""
    text = _telling_sample(column, fits)
    readings = " and as ".join(f"{form.strptime} {_first([text], form)}" for form in fits[:2])
    name = asked.column_name
    return AmbiguousFileError(
        path=asked.path,
        cause=f"dates such as '{text}' read as {readings}; nothing in the file says which. "
        f"The other reading would be --columns 'ts={name}:{fits[1].strptime}'",
        flag=f"--columns 'ts={name}:{fits[0].strptime}'",
    )


def _telling_sample(column: Any, fits: Sequence[Form]) -> str:
    """Return a text on which the first two forms differ."""
    first, second = (parse_text(column, form)[0] for form in fits[:2])
    rows = np.flatnonzero(first != second)
    return str(column[int(rows[0]) if len(rows) else 0].as_py())


def _instants(column: Any, form: Form | None) -> tuple[I64, Flags, bool]:
    """Return times, which are valid, and whether they are instants (an offset was given) or wall times."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if form is not None:
        return parse_text(column, form)
    kind = column.type
    aware = bool(pa.types.is_timestamp(kind) and kind.tz)
    valid = np.asarray(pc.is_valid(column).to_numpy(zero_copy_only=False), np.bool_)
    # Sub-microsecond digits are cut, not refused: no bar opens between two microseconds.
    plain = pc.cast(pc.cast(column, pa.timestamp("us", kind.tz if aware else None), safe=False), pa.int64())
    return pc.fill_null(plain, 0).to_numpy(zero_copy_only=False), valid, aware


def _typed_wall(column: Any, instant: I64) -> I64:
    """Return the wall times of a typed column."""
    zone = getattr(column.type, "tz", None)
    return from_utc(instant, zone) if zone and zone.upper() != "UTC" else instant


def _integers(column: Any) -> tuple[I64, Flags]:
    """Return numbers without what stands behind their point, and which are valid; text of digits is read exactly."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if is_text(column.type):
        whole = pc.match_substring_regex(pc.utf8_trim_whitespace(column), r"^(\d{1,18}|[0-8]\d{18})(\.\d*)?$")
        text = pc.replace_substring_regex(pc.utf8_trim_whitespace(column), r"\.\d*$", "")
        column = pc.cast(pc.if_else(pc.fill_null(whole, False), text, None), pa.int64())  # noqa: FBT003 - a value
    if pa.types.is_floating(column.type):
        values = to_float64(column)
        valid = np.isfinite(values) & (np.abs(values) < 2.0**62)
        return np.where(valid, np.floor(np.where(valid, values, 0.0)), 0).astype(np.int64), valid
    valid = np.asarray(pc.is_valid(column).to_numpy(zero_copy_only=False), np.bool_)
    return pc.fill_null(pc.cast(column, pa.int64()), 0).to_numpy(zero_copy_only=False), valid


def _fractions(column: Any) -> NDArray[np.float64]:
    """Return what stands behind the point of numbers, from 0 up to 1; 0 where they are not valid."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if is_text(column.type):
        if not pc.any(pc.fill_null(pc.match_substring(column, "."), False)).as_py():  # noqa: FBT003 - what to fill with
            return np.zeros(len(column))
        parts = pc.extract_regex(pc.utf8_trim_whitespace(column), r"^\d+(?P<part>\.\d{1,15})\d*$")
        return to_float64(pc.fill_null(pc.struct_field(parts, "part"), "0"))
    if not pa.types.is_floating(column.type):
        return np.zeros(len(column))
    values = to_float64(column)
    return np.where(np.isfinite(values), values - np.floor(np.where(np.isfinite(values), values, 0.0)), 0.0)


def _scaled_fraction(values: NDArray[np.float64], unit: str) -> I64:
    """Return parts of a unit as microseconds."""
    return np.round(values * (1_000_000 / UNITS_A_SECOND[unit])).astype(np.int64)


def _is_digits(column: Any) -> bool:
    """Whether the text of a column is numbers, but for a few that can be set aside."""
    import pyarrow.compute as pc

    held = pc.utf8_trim_whitespace(column.drop_null())
    held = held.filter(pc.not_equal(held, ""))
    found = pc.sum(pc.match_substring_regex(held, r"^\d+(\.\d*)?$")).as_py() or 0
    return bool(len(held)) and found >= _NEARLY_ALL * len(held)


def _plausible(values: I64, unit: str) -> Flags:
    """Say which numbers lie between 1980 and 2100 in a unit; no number does so in two."""
    scale = UNITS_A_SECOND[unit]
    return (values >= _EARLIEST_S * scale) & (values < _LATEST_S * scale)


def _scaled(values: Any, unit: str) -> Any:
    """Return microseconds."""
    scale = UNITS_A_SECOND[unit]
    return values * (1_000_000 // scale) if scale <= UNITS_A_SECOND["us"] else values // (scale // 1_000_000)


def _say(ts: int | np.int64) -> str:
    """Return a time as people write it; far ones as a number of microseconds."""
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(ts))).strftime("%Y-%m-%d %H:%M:%S")
    except OverflowError:
        return f"{ts} us"


def _sample(column: Any) -> str:
    """Return the first text that is not null."""
    held = column.drop_null()
    return str(held[0].as_py()) if len(held) else ""


def _first(column: Any, form: Form) -> str:
    """Return what a form makes of the first text."""
    import pyarrow as pa

    texts = pa.array(column) if isinstance(column, list) else column.drop_null().slice(0, _SAID_ROWS)
    ts, valid, _ = parse_text(texts, form)
    return _say(ts[valid][0]) if valid.any() else "no time"


def _unreadable(asked: TimeQuestion, cause: str) -> FileFormatError:
    """Say that no reading fits, and how to name one."""
    step = (
        f"Name the form of its text: tapehead import {asked.path} --columns 'ts={asked.column_name}:%Y-%m-%d %H:%M:%S'"
    )
    return FileFormatError(path=asked.path, cause=cause, step=step)
