"""`tapehead bars`: the bars of one instrument, as a table, as JSON, or into a file."""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tapehead.cli import numbers
from tapehead.cli.closing import plural
from tapehead.cli.commands import Command
from tapehead.cli.export import write_csv
from tapehead.cli.ink import Ink
from tapehead.cli.session import Session
from tapehead.cli.table import headed, wrapped
from tapehead.layout.columns import AFTER_HOLE, BAR_COLUMNS, FLAG_WORDS, TRADED
from tapehead.library.documents.prices import reading_json
from tapehead.model.spec import iso

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from tapehead.jobs.lookup import Reading

_ENDS = 10
_MANY = 25
_MOST_DECIMALS = 8
_FLOATS = ("open", "high", "low", "close", "volume")
_GAP = "  "


def read_zone(_context: click.Context, option: click.Parameter, value: str | None) -> "ZoneInfo | None":
    """Read the name of a time zone."""
    if value is None:
        return None
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise click.BadParameter(
            f"'{value}' is no time zone; for instance --tz America/New_York", param=option
        ) from None


def read_columns(_context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...] | None:
    """Read `ts,close`."""
    names = tuple(dict.fromkeys(name.strip() for value in values for name in value.split(",") if name.strip()))
    strange = [name for name in names if name not in BAR_COLUMNS]
    if strange or (values and not names):
        said = f"'{strange[0]}' is no column" if strange else "it names no column"
        raise click.BadParameter(f"{said}; there are {', '.join(BAR_COLUMNS)}", param=option)
    return names or None


@click.command(
    "bars",
    cls=Command,
    example="tapehead bars BTCUSDT --interval 4h --start 2023-12-01",
    help="Show the bars of one instrument, unfinished ones too, at any interval that it has or that a finer one makes "
    "up. Times are opens, UTC.",
)
@click.argument("symbol")
@click.option("--interval", metavar="4h", help="Bar spacing; default the one that is held.")
@click.option("--start", metavar="TIME", help="First bar, a date or ISO time, UTC: 2021-04-01.")
@click.option("--end", metavar="TIME", help="End, not included, UTC: 2024-01-01T00:00.")
@click.option("--points", type=click.IntRange(min=1), metavar="N", help="At most N bars, exact in price and volume.")
@click.option("--snapshot", type=click.IntRange(min=0), metavar="N", help="State of the store; default the newest.")
@click.option("--columns", metavar="A,B", multiple=True, callback=read_columns, help="Only these: ts,close.")
@click.option("--tz", metavar="ZONE", callback=read_zone, help="Show times in this zone; files and JSON keep UTC.")
@click.option("-o", "--output", metavar="FILE", help="Write a .parquet, .arrow or .csv file; - is CSV to the pipe.")
@click.option("--force", is_flag=True, help="Write over FILE.")
@click.pass_context
def bars(context: click.Context, /, symbol: str, **options: Any) -> int:
    """Read, then show or write."""
    session: Session = context.find_root().obj
    zone, output, force = options.pop("tz"), options.pop("output"), options.pop("force")
    if force and output in (None, "-"):
        raise click.UsageError("--force writes over a file; name it: -o FILE", context)
    if output == "-" and session.json:
        raise click.UsageError("-o - and --json contradict each other; give one.", context)
    (found,) = session.store.look_up([symbol], **options)
    if output == "-":
        write_csv(sys.stdout, _rows(found))
        return 0
    if output is not None:
        return _write(session, found, Path(output), force)
    if session.json:
        session.put_document("bars", reading_json(found))
    else:
        session.put(*_head_lines(found, session), "", *_table_lines(found, session, zone))
    return 0


def _write(session: Session, found: "Reading", path: Path, force: bool) -> int:
    """Write a file and say so."""
    from tapehead.library.bar_file import write_bars

    size = write_bars(found.table, path, force=force)
    if session.json:
        facts = {name: value for name, value in reading_json(found).items() if name != "bars"}
        session.put_document("bars", {**facts, "path": str(path), "size_bytes": size})
    else:
        session.put(*_head_lines(found, session), f"Written to {path} ({size:,} bytes).")
    return 0


def _head_lines(found: "Reading", session: Session) -> list[str]:
    """Return what the bars are of, how many there are, and what is odd about them."""
    ink, (width, _) = Ink(session.colored), session.size
    name, made = found.instrument.name, found.source != found.series.interval
    words = [name, f"{found.series.interval}{f' made of {found.source}' * made}"]
    table = found.table
    if "ts" in table:
        words.append(f"{numbers.moment(int(table.ts[0]))} to {numbers.moment(int(table.ts[-1]))} UTC")
    lines = headed([*words, f"snapshot {found.snapshot}"], width, ink)
    thinned = f" of {found.total:,}" * (table.rows < found.total)
    lines += wrapped([f"{table.rows:,}{thinned} {plural(found.total, 'bar').split()[1]}", *_odd_words(found)], width)
    if found.outside:
        text = f"{plural(found.outside, 'bar')} of {found.source} outside the sessions of {found.instrument.calendar}"
        lines.append(f"{ink.warn('!')} {text}: in none of these")
    return lines


def _odd_words(found: "Reading") -> list[str]:
    """Return how many bars have which flag, and how many were not traded."""
    if "flags" not in found.table:
        return []
    flags = found.table.flags
    counts = {"not traded": int((flags & TRADED == 0).sum())}
    counts |= {
        word.replace("after_hole", "after a hole"): int((flags & bit != 0).sum())
        for bit, word in FLAG_WORDS.items()
        if bit != TRADED
    }
    return [f"{count:,} {word}" for word, count in counts.items() if count]


def _table_lines(found: "Reading", session: Session, zone: "ZoneInfo | None") -> list[str]:
    """Return the bars; the first and the last ones where there are many."""
    table, ink = found.table, Ink(session.colored)
    places = list(range(table.rows))
    hidden = 0 if session.verbose or table.rows < _MANY else table.rows - 2 * _ENDS
    if hidden:
        places = [*places[:_ENDS], *places[-_ENDS:]]
    compact = False
    while True:
        titles, cells = _cells(table, places, zone, compact)
        widths = [max(map(len, column)) for column in zip(titles, *cells, strict=True)]
        if compact or sum(widths) + len(_GAP) * (len(widths) - 1) <= session.size[0]:
            break
        compact = True
    left = {place for place, name in enumerate(table) if name in ("ts", "flags")}

    def line(row: Sequence[str]) -> str:
        padded = (
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return _GAP.join(padded).rstrip()

    lines = [line(row) for row in cells]
    if hidden:
        lines.insert(_ENDS, ink.head(f"  {hidden:,} more; -v shows all, -o FILE keeps them"))
    return [ink.head(line(titles)), *lines]


def _cells(
    table: Any, places: Sequence[int], zone: "ZoneInfo | None", compact: bool
) -> tuple[list[str], list[list[str]]]:
    """Return the titles and, row by row, the text of every cell."""
    columns: list[list[str]] = []
    titles = []
    prices = [float(table[name][place]) for name in _FLOATS[:4] if name in table for place in places]
    digits = _decimals(prices)
    for name in table:
        values = table[name][places]
        if name == "ts":
            titles.append(f"open ({zone.key if zone else 'UTC'})")
            columns.append(_times(values.tolist(), zone))
        elif name == "flags":
            titles.append("flags")
            columns.append([" ".join(_words(int(value))) for value in values])
        else:
            titles.append(name)
            columns.append(_numbers(values.tolist(), digits if name != "volume" else None, compact))
    return titles, [list(row) for row in zip(*columns, strict=True)]


def _times(times: Sequence[int], zone: "ZoneInfo | None") -> list[str]:
    """Return times as short as all of them can be."""
    where = zone or UTC
    moments = [datetime.fromtimestamp(ts // 1_000_000, UTC).astimezone(where) for ts in times]
    if all((at.hour, at.minute, at.second) == (0, 0, 0) for at in moments):
        form = "%Y-%m-%d"
    else:
        form = "%Y-%m-%d %H:%M" if all(at.second == 0 for at in moments) else "%Y-%m-%d %H:%M:%S"
    return [at.strftime(form) for at in moments]


def _decimals(values: Sequence[float]) -> int:
    """Return how many decimals show every value as it is, at most 8 and at least 2 where there are any."""
    needed = max((len(f"{value:.{_MOST_DECIMALS}f}".rstrip("0").partition(".")[2]) for value in values), default=0)
    return max(needed, 2) if needed else 0


def _numbers(values: Sequence[float], decimals: int | None, compact: bool) -> list[str]:
    """Return numbers of one column; a volume has its own decimals, or none where the window is narrow."""
    if decimals is None:
        if compact:
            return [numbers.plain(value, 2) for value in values]
        decimals = _decimals(values)
    return [f"{value:.{decimals}f}" for value in values]


def _words(flags: int) -> list[str]:
    """Return what is odd about a bar; a traded one without more is not."""
    words = [word for bit, word in FLAG_WORDS.items() if flags & bit and bit not in (TRADED, AFTER_HOLE)]
    return ["untraded"] * (not flags & TRADED) + words + ["after_hole"] * bool(flags & AFTER_HOLE)


def _rows(found: "Reading") -> Iterator[dict[str, Any]]:
    """Yield a row a bar, floats with every digit and flags as their number, as an import takes them."""
    columns = {name: values.tolist() for name, values in found.table.items()}
    if "ts" in columns:
        columns["ts"] = [iso(ts) for ts in columns["ts"]]
    for row in zip(*columns.values(), strict=True):
        yield dict(zip(columns, row, strict=True))
