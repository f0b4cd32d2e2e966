"""The forms a dirty market is written in: text and binary, with and without header, every way to write a time."""

import csv
import gzip
import io
import math
import random
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNITS = {"s": 1_000_000, "ms": 1000, "us": 1}
HEADERS = (
    ("timestamp", "open", "high", "low", "close", "volume", "symbol"),
    ("Date", "Open", "High", "Low", "Close", "Volume", "Name"),
    ("open_time", "open", "high", "low", "close", "volume", "ticker"),
    ("wann", "auf", "hoch", "tief", "zu", "menge", "papier"),
)
FIELDS = ("ts", "open", "high", "low", "close", "volume", "symbol")
NULLS = ("", "NaN", "null")
UNREADABLE = ("soon", "", "n/a")


@dataclass(frozen=True)
class Form:
    """How a file is written; `options` must go with its import."""

    suffix: str = "csv"
    clock: str = "iso"
    zone: str = ""
    header: tuple[str, ...] = HEADERS[0]
    has_header: bool = True
    delimiter: str = ","
    order: tuple[str, ...] = FIELDS
    panel: bool = False
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """A few words for a failure."""
        head = "header" if self.has_header else "no header"
        return f"{self.suffix} {'panel' if self.panel else 'files'} {self.clock} {self.zone} {head} {self.options}"


def choose_form(
    rng: random.Random, times: Sequence[int], interval: str, zones: Sequence[str], *, panel: bool, clean: bool = True
) -> Form:
    """Choose a form in which these times can be told without doubt; without a header columns are named unless clean."""
    suffix = rng.choice(["csv", "csv.gz", "zip", "parquet", "feather"])
    binary = suffix in ("parquet", "feather")
    clocks = ["s", "ms", "us", "ns", "typed_ms", "typed_us", "typed_ns"] if binary else ["s", "ms", "us", "ns", "iso"]
    if interval == "1d":
        clocks.append("typed_date" if binary else "date")
    zones = [zone for zone in zones if _is_plain(times, zone)]
    options: dict[str, Any] = {}
    zone = ""
    if interval != "1d" and zones and rng.random() < 0.3:
        clocks, zone = ["typed_local"] if binary else ["local", "offset"], rng.choice(zones)
    clock = rng.choice(clocks)
    if clock in ("local", "typed_local"):
        options["tz"] = zone
    if clock in UNITS and rng.random() < 0.3:
        options["unit"] = clock
    header = rng.choice(HEADERS)
    if header[0] == "wann":
        options["columns"] = {
            name: word for name, word in zip(FIELDS, header, strict=True) if panel or name != "symbol"
        }
    order = FIELDS if panel else FIELDS[:6]
    has_header = binary or panel or header[0] == "wann" or rng.random() < 0.75
    if has_header:
        order = tuple(rng.sample(order, len(order)))
    elif not clean or rng.random() < 0.3:
        options["columns"] = {name: str(place) for place, name in enumerate(FIELDS[:6], 1)}
    delimiter = rng.choice([",", ",", ";", "\t"])
    return Form(suffix, clock, zone, header, has_header, delimiter, order, panel, options)


def write_file(rows: Sequence[Any], form: Form) -> bytes:
    """Return the bytes of a file."""
    if form.suffix in ("parquet", "feather"):
        return _binary(rows, form)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=form.delimiter, lineterminator="\n")
    names = dict(zip(FIELDS, form.header, strict=True))
    if form.has_header:
        writer.writerow([names[name] for name in form.order])
    for number, row in enumerate(rows):
        told = dict(zip(FIELDS[1:6], (_number(value, number) for value in row.values), strict=True))
        told |= {"ts": _time(row.ts, form, number), "symbol": row.symbol}
        writer.writerow([told[name] for name in form.order])
    plain = text.getvalue().encode()
    if form.suffix == "csv.gz":
        return gzip.compress(plain, mtime=0)
    if form.suffix == "zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("bars.csv", plain)
        return packed.getvalue()
    return plain


def _is_plain(times: Sequence[int], zone: str) -> bool:
    """Whether no local time of these is told twice a year."""
    there = ZoneInfo(zone)
    for ts in times:
        local = (EPOCH + timedelta(microseconds=ts)).astimezone(there).replace(tzinfo=None)
        if local.replace(tzinfo=there, fold=0).utcoffset() != local.replace(tzinfo=there, fold=1).utcoffset():
            return False
    return True


def _number(value: float, number: int) -> str:
    """A price as text; one that is none in one of the ways people write it."""
    if math.isnan(value):
        return NULLS[number % len(NULLS)]
    return "inf" if math.isinf(value) else repr(value)


def _time(ts: int | None, form: Form, number: int) -> str:
    """A time as text."""
    if ts is None:
        return UNREADABLE[number % len(UNREADABLE)]
    if form.clock == "ns":
        return str(ts * 1000)
    if form.clock in UNITS:
        return str(ts // UNITS[form.clock])
    at = EPOCH + timedelta(microseconds=ts)
    if form.clock == "date":
        return at.strftime("%Y-%m-%d")
    if form.clock == "iso":
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")
    local = at.astimezone(ZoneInfo(form.zone))
    return local.isoformat(sep=" ") if form.clock == "offset" else local.strftime("%Y-%m-%d %H:%M:%S")


def _binary(rows: Sequence[Any], form: Form) -> bytes:
    """Parquet or Feather."""
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet

    columns: dict[str, Any] = {"ts": _typed([row.ts for row in rows], form)}
    columns["symbol"] = pa.array([row.symbol or None for row in rows], pa.string())
    for place, name in enumerate(FIELDS[1:6]):
        values = [row.values[place] for row in rows]
        nulls = [math.isnan(value) and number % 2 == 0 for number, value in enumerate(values)]
        told = [None if null else value for null, value in zip(nulls, values, strict=True)]
        columns[name] = pa.array(told, pa.float64())
    names = dict(zip(FIELDS, form.header, strict=True))
    table = pa.table({names[name]: columns[name] for name in form.order})
    sink = io.BytesIO()
    if form.suffix == "parquet":
        pyarrow.parquet.write_table(table, sink, row_group_size=100)
    else:
        pyarrow.feather.write_feather(table, sink)
    return sink.getvalue()


def _typed(times: Sequence[int | None], form: Form) -> Any:
    """Times as an Arrow array."""
    import pyarrow as pa

    if form.clock == "typed_date":
        return pa.array([None if ts is None else (EPOCH + timedelta(microseconds=ts)).date() for ts in times])
    if form.clock == "typed_local":
        there = ZoneInfo(form.zone)
        walls = [None if ts is None else (EPOCH + timedelta(microseconds=ts)).astimezone(there) for ts in times]
        return pa.array([None if at is None else at.replace(tzinfo=None) for at in walls], pa.timestamp("us"))
    if form.clock.startswith("typed_"):
        unit = form.clock.removeprefix("typed_")
        micro = pa.array(times, pa.int64()).cast(pa.timestamp("us", "UTC"))
        return micro.cast(pa.timestamp(unit, "UTC"))
    scaled = [None if ts is None else ts * 1000 if form.clock == "ns" else ts // UNITS[form.clock] for ts in times]
    return pa.array(scaled, pa.int64())
