"""Random dirty markets whose truth is known: files in every state, the exact report, and every bar.

Nothing here comes from the program. A clean market is made first, then defects are planted in it and counted as they
are planted; what a file's rows come to is worked out again row by row from contract.md 3 and 5, and both must agree.
"""

import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.acceptance.dirty_files import Form, choose_form, write_file

TRADED, PARTIAL, SUSPECT, AFTER_HOLE = 1, 2, 8, 16
MINUTE = 60_000_000
DAY = 1440 * MINUTE
NEW_YORK = ZoneInfo("America/New_York")
# The exchange's own list for 2021: closed, and closed from 13:00.
CLOSED = {(1, 1), (1, 18), (2, 15), (4, 2), (5, 31), (7, 5), (9, 6), (11, 25), (12, 24)}
SHORT = {(11, 26)}
INTERVALS = {"1m": 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60, "4h": 240, "1d": 1440}
UNIT = 10_000
COUNTS = (
    *("rows", "kept", "duplicates", "conflicting", "out_of_order", "ohlc_violations", "nulls", "gaps", "missing"),
    *("zero_volume", "jumps", "quarantined", "partial", "symbols", "added", "unchanged", "superseded"),
)
Values = tuple[float, float, float, float, float]


class Row(NamedTuple):
    """A row of a file: `ts` us UTC, None where its time cannot be read; a price may be NaN or infinite, `symbol` ''."""

    symbol: str
    ts: int | None
    values: Values


@dataclass
class Line:
    """One series while it is made: its bars by step of the grid, the rows that tell of it, and what was planted."""

    symbol: str
    bars: dict[int, Values]
    rows: list[Row] = field(default_factory=list)
    planted: Counter[str] = field(default_factory=Counter)
    used: set[int] = field(default_factory=set)
    suspicions: set[str] = field(default_factory=set)


@dataclass
class Market:
    """One import that is to be made, on what is held before it, and all that must come of it.

    `files` and `held` are names with their rows and forms; `options` go with the import; `expected` are counts by file;
    `bars` what the store holds at the end, by symbol and time, the last value being the flags; `wrong` the kinds of
    suspicion; `refused` says that it takes `--supersede`.
    """

    seed: int
    told: str
    files: dict[str, tuple[list[Row], Form]]
    held: dict[str, tuple[list[Row], Form]]
    options: dict[str, Any]
    expected: dict[str, dict[str, int]]
    total: dict[str, int]
    bars: dict[str, dict[int, tuple[float, ...]]]
    held_bars: dict[str, dict[int, tuple[float, ...]]]
    wrong: set[str]
    refused: bool

    def write(self, folder: Path, *, held: bool = False) -> Path:
        """Write the files of the import, or those of the one before it, into a folder."""
        folder.mkdir(parents=True)
        for name, (rows, form) in (self.held if held else self.files).items():
            (folder / name).write_bytes(write_file(rows, form))
        return folder


def make_market(seed: int) -> Market:
    """Make the market of a seed."""
    rng = random.Random(seed)
    equity = rng.random() < 0.4
    interval = rng.choice(["5m", "15m", "30m", "1h", "1d"] if equity else ["1m", "5m", "15m", "1h", "4h", "1d"])
    grid = _session_grid(rng, interval) if equity else _plain_grid(rng, interval)
    names = ["AAPL", "KO", "XOM", "BRK-B"] if equity else ["BTCUSDT", "ETHUSDT", "SOLUSDT", "ADAUSDC"]
    lines = [_line(rng, name, len(grid)) for name in rng.sample(names, rng.randint(1, 3))]
    before = rng.choice(["", "", "equal", "differing", "refused", "rescaled"])
    split = len(grid) // 3 if before else 0
    held = {line.symbol: _held(rng, line, split, before, len(grid)) for line in lines} if before else {}
    for line in lines:
        line.bars = {step: values for step, values in line.bars.items() if step >= split}
        _plant(rng, line, grid)
    if before in ("equal", "differing", "refused"):
        for line in lines:
            _meet(rng, line, held[line.symbol], grid, before)
    if not equity and not before and rng.random() < 0.2:
        _plant_future(rng, lines[0], grid, INTERVALS[interval] * MINUTE)
    options: dict[str, Any] = {"venue": rng.choice(["alpha", "beta"])}
    if equity:
        options["kind"] = "equity"
    files = _files(rng, lines, grid, interval, options)
    return _told(seed, f"{before or 'nothing'} held, {interval}", lines, files, held, grid, options, interval, before)


def _plain_grid(rng: random.Random, interval: str) -> list[int]:
    """Steps of a market that never closes."""
    width = INTERVALS[interval] * MINUTE
    first = int(datetime(rng.randint(2019, 2023), rng.randint(1, 12), 3, tzinfo=UTC).timestamp()) * 1_000_000
    return [first + place * width for place in range(rng.randint(260, 420))]


def _session_grid(rng: random.Random, interval: str) -> list[int]:
    """Steps of the sessions of the New York Stock Exchange in 2021; a daily bar is named by midnight UTC."""
    days = [date(2021, 1, 1) + timedelta(days=place) for place in range(365)]
    days = [day for day in days if day.weekday() < 5 and (day.month, day.day) not in CLOSED]
    wanted = rng.randint(200, 240) if interval == "1d" else rng.randint(260, 420)
    start = rng.randint(0, len(days) - (wanted if interval == "1d" else 61))
    steps: list[int] = []
    for day in days[start:]:
        if len(steps) >= wanted:
            break
        if interval == "1d":
            steps.append(int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000)
            continue
        opened = datetime(day.year, day.month, day.day, 9, 30, tzinfo=NEW_YORK)
        minutes = 210 if (day.month, day.day) in SHORT else 390
        at = int(opened.timestamp()) * 1_000_000
        steps.extend(range(at, at + minutes * MINUTE, INTERVALS[interval] * MINUTE))
    return steps[:wanted]


def _line(rng: random.Random, symbol: str, steps: int) -> Line:
    """A clean series: a walk in cents, or in numbers that have no short text."""
    ticks, bars, long = rng.randrange(20_00, 9_000_00) * 100, {}, rng.random() < 0.3
    for step in range(steps):
        ends = max(20_00_00, ticks + round(ticks * rng.gauss(0, 0.012) / 100) * 100)
        high, low = max(ticks, ends) + rng.randrange(0, 9) * 100, min(ticks, ends) - rng.randrange(0, 9) * 100
        noise = rng.random() if long else 0.0
        prices = [value / UNIT + noise for value in (ticks, high, low, ends)]
        bars[step] = (*prices, rng.randrange(1, 900_000) / 1000)
        ticks = ends
    return Line(symbol, bars)


def _held(rng: random.Random, line: Line, split: int, before: str, steps: int) -> dict[int, Values]:
    """What the store shall hold already: the first part of the series, up to somewhere inside the new file."""
    if before == "rescaled":
        return {step: _times(values, 0.02) for step, values in line.bars.items() if step < split}
    until = split + (steps - split) * 2 // 3
    held = {step: values for step, values in line.bars.items() if step < until}
    for step in rng.sample(sorted(held)[5:-5], 4):
        del held[step]
    return held


def _meet(rng: random.Random, line: Line, held: dict[int, Values], grid: list[int], before: str) -> None:
    """Make the held bars equal to those that the rows come to, then let some of them differ."""
    new = _read(line.rows, Counter())
    both = [step for step in held if grid[step] in new]
    for step in both:
        held[step] = new[grid[step]]
    if before == "equal":
        return
    among = sorted(set(both) - {max(held)})
    # Up to one overlapping bar in a hundred may differ; the last one held was perhaps not finished.
    count = len(both) // 100 if before == "differing" else max(4, len(both) // 10)
    for step in [*rng.sample(among, count), *([max(held)] if max(held) in both and rng.random() < 0.5 else [])]:
        held[step] = _times(held[step], 1.001)


def _plant(rng: random.Random, line: Line, grid: list[int]) -> None:
    """Plant defects, then write the rows of the series."""
    steps = sorted(line.bars)
    for _ in range(rng.randint(0, 3)):
        start = rng.randrange(5, len(steps) - 15)
        for step in steps[start : start + rng.randint(1, 9)]:
            line.bars.pop(step, None)
    nulls = _free(rng, line, rng.randint(0, 4))
    kept = {step: line.bars.pop(step) for step in nulls}
    _plant_runs(rng, line)
    for step in _free(rng, line, rng.randint(0, 4)):
        opened, high, low, close, volume = line.bars[step]
        broken = rng.choice([(opened, low - 1, low, close, volume), (opened, high, high + 1, close, volume)])
        line.bars[step] = broken
        line.planted["ohlc_violations"] += 1
    for step in _free(rng, line, rng.randint(0, 5)):
        line.bars[step] = (*line.bars[step][:4], 0.0)
        line.planted["zero_volume"] += 1
    line.rows = [Row(line.symbol, grid[step], line.bars[step]) for step in sorted(line.bars)]
    for values, step in zip(kept.values(), kept, strict=True):
        _insert(rng, line.rows, _nulled(rng, line.symbol, grid[step], values), near=True)
    _plant_extra(rng, line, grid)


def _plant_runs(rng: random.Random, line: Line) -> None:
    """Plant spikes of about a hundred times, which count when they come back in time, and prices that stand still."""
    steps = sorted(line.bars)
    for _ in range(rng.randint(0, 2)):
        length, place = rng.choice([1, 2, 3, 5, 8]), rng.randrange(10, len(steps) - 25)
        around = steps[place - 8 : place + length + 8]
        if line.used.isdisjoint(around):
            factor = rng.choice([100.0, 0.01])
            line.used.update(around)
            for step in steps[place : place + length]:
                line.bars[step] = _times(line.bars[step], factor)
            if length <= 5:
                line.planted["jumps"] += 1
                line.suspicions.add("jumps")
    if len(steps) > 150 and rng.random() < 0.15:
        length, place = rng.choice([99, 100, 120]), rng.randrange(2, len(steps) - 125)
        around = steps[place - 1 : place + length + 1]
        if line.used.isdisjoint(around):
            line.used.update(around)
            price = line.bars[steps[place]][3]
            for step in steps[place : place + length]:
                line.bars[step] = (price, price, price, price, line.bars[step][4])
            if length >= 100:
                line.suspicions.add("constant")


def _plant_extra(rng: random.Random, line: Line, grid: list[int]) -> None:
    """Plant rows that are no bars of their own, and disorder."""
    for step in _free(rng, line, rng.randint(0, 4)):
        for _ in range(rng.randint(1, 2)):
            _insert(rng, line.rows, Row(line.symbol, grid[step], line.bars[step]), near=rng.random() < 0.7)
            line.planted["duplicates"] += 1
    for step in _free(rng, line, rng.randint(0, 3)):
        changed = _times(line.bars[step], rng.choice([1.01, 0.99]))
        if rng.random() < 0.3:
            changed = (*line.bars[step][:4], line.bars[step][4] + 1)
        _insert(rng, line.rows, Row(line.symbol, grid[step], changed), near=rng.random() < 0.7)
        line.planted["conflicting"] += 1
    for step in _free(rng, line, rng.randint(0, 2)):
        _insert(rng, line.rows, _nulled(rng, line.symbol, grid[step], line.bars[step]), near=False)
    for _ in range(rng.randint(0, 3)):
        _insert(rng, line.rows, Row(line.symbol, None, line.rows[0].values), near=False)
    order = rng.choice(["sorted", "sorted", "newest first", "swaps", "shuffled"])
    if order == "newest first":
        line.rows.reverse()
    elif order == "shuffled":
        rng.shuffle(line.rows)
    elif order == "swaps":
        for _ in range(5):
            one, other = rng.randrange(1, len(line.rows)), rng.randrange(1, len(line.rows))
            line.rows[one], line.rows[other] = line.rows[other], line.rows[one]


def _plant_future(rng: random.Random, line: Line, grid: list[int], width: int) -> None:
    """Add a bar that cannot have closed: it opens in 2099."""
    away = (4_086_000_000_000_000 - grid[-1]) // width
    grid_ts = grid[-1] + away * width
    values = line.bars[max(line.bars)]
    line.bars[len(grid) - 1 + away] = values
    line.rows.insert(rng.randint(0, len(line.rows)), Row(line.symbol, grid_ts, values))
    line.planted["partial"] += 1
    line.suspicions.add("future")


def _free(rng: random.Random, line: Line, count: int) -> list[int]:
    """Steps with a bar that nothing was planted in yet, and none at the ends."""
    steps = sorted(line.bars)
    free = [step for step in steps[3:-3] if step not in line.used]
    chosen = rng.sample(free, min(count, len(free)))
    line.used.update(chosen)
    return chosen


def _nulled(rng: random.Random, symbol: str, ts: int, values: Values) -> Row:
    """A row with a price that is none."""
    broken = list(values)
    broken[rng.randrange(4)] = rng.choice([math.nan, math.nan, math.inf])
    return Row(symbol, ts, (broken[0], broken[1], broken[2], broken[3], broken[4]))


def _insert(rng: random.Random, rows: list[Row], row: Row, *, near: bool) -> None:
    """Put a row beside those of its time, or anywhere."""
    place = rng.randint(1, len(rows))
    if near and row.ts is not None:
        place = next((at for at, other in enumerate(rows) if other.ts is not None and other.ts >= row.ts), len(rows))
    rows.insert(place, row)


def _times(values: Values, factor: float) -> Values:
    """The prices of a bar times a factor."""
    opened, high, low, close, volume = values
    return (opened * factor, high * factor, low * factor, close * factor, volume)


def _files(
    rng: random.Random, lines: list[Line], grid: list[int], interval: str, options: dict[str, Any]
) -> dict[str, tuple[list[Row], Form]]:
    """Share the rows out to one panel, or to a file a symbol; every file of an import is told the same."""
    # India's zone says India's exchange, which this is not.
    zones = ("America/New_York", "Europe/Berlin") + (() if "kind" in options else ("Asia/Kolkata",))
    times = [row.ts for line in lines for row in line.rows if row.ts is not None]
    if rng.random() < 0.4:
        rows = _woven(rng, [list(line.rows) for line in lines])
        for _ in range(rng.randint(0, 3)):
            rows.insert(rng.randint(1, len(rows)), Row("", grid[0], lines[0].rows[0].values))
        form = choose_form(rng, times, interval, zones, panel=True)
        options.update(form.options)
        return {f"panel.{form.suffix}": (rows, form)}
    # A text without a header is recognised by its first 50 rows, of which a few may be broken; else columns are named.
    clean = all(sum(_is_odd(row) for row in line.rows[:50]) <= 3 for line in lines)
    form = choose_form(rng, times, interval, zones, panel=False, clean=clean)
    options.update(form.options)
    name: Callable[[str], str] = rng.choice([lambda s: s, lambda s: f"{s}_{interval}"])
    return {f"{name(line.symbol)}.{form.suffix}": (line.rows, form) for line in lines}


def _woven(rng: random.Random, parts: list[list[Row]]) -> list[Row]:
    """Rows of several series, one block after the other or mixed; the order inside a series stays."""
    if rng.random() < 0.5:
        return [row for part in parts for row in part]
    order = [place for place, part in enumerate(parts) for _ in part]
    rng.shuffle(order)
    sources = [iter(part) for part in parts]
    return [next(sources[place]) for place in order]


def _told(
    seed: int,
    told: str,
    lines: list[Line],
    files: dict[str, tuple[list[Row], Form]],
    held: dict[str, dict[int, Values]],
    grid: list[int],
    options: dict[str, Any],
    interval: str,
    before: str,
) -> Market:
    """Work out the report and the bars, and compare them with what was planted."""
    width = INTERVALS[interval] * MINUTE
    places = {ts: step for step, ts in enumerate(grid)}
    by_symbol = {line.symbol: line for line in lines}
    expected: dict[str, dict[str, int]] = {}
    bars: dict[str, dict[int, tuple[float, ...]]] = {}
    refused = False
    for name, (rows, _) in files.items():
        counts: Counter[str] = Counter(rows=len(rows))
        lost = sum(1 for row in rows if not row.symbol)
        counts.update(nulls=lost, quarantined=lost)
        for symbol in dict.fromkeys(row.symbol for row in rows if row.symbol):
            line = by_symbol[symbol]
            kept = _read([row for row in rows if row.symbol == symbol], counts)
            counts.update(symbols=1, kept=len(kept), jumps=line.planted["jumps"], partial=line.planted["partial"])
            steps = {ts: places.get(ts, len(grid) - 1 + (ts - grid[-1]) // width) for ts in kept}
            holes = _holes([steps[ts] for ts in sorted(kept)])
            counts.update(gaps=len(holes), missing=sum(holes))
            theirs = {grid[step]: values for step, values in held.get(symbol, {}).items()}
            refused |= _meeting(theirs, kept, counts)
            bars[symbol] = _flagged({**theirs, **kept}, {**places, **steps})
        expected[name] = {key: counts[key] for key in COUNTS}
    total = {key: sum(one[key] for one in expected.values()) for key in COUNTS}
    total["symbols"] = len(lines)
    for key in ("jumps", "partial", "ohlc_violations", "zero_volume", "duplicates", "conflicting"):
        planted = sum(line.planted[key] for line in lines)
        assert total[key] == planted, f"seed {seed}: {key} {total[key]}, planted {planted}"
    held_files = {f"{symbol}.csv": (_rows(symbol, steps, grid), Form()) for symbol, steps in held.items()}
    held_bars = {
        symbol: _flagged({grid[step]: values for step, values in steps.items()}, places)
        for symbol, steps in held.items()
    }
    wrong = {kind for line in lines for kind in line.suspicions} | ({"off_scale"} if before == "rescaled" else set())
    assert refused == (before == "refused"), f"seed {seed}: {before}"
    form = next(iter(files.values()))[1]
    return Market(
        seed, f"{told}, {form.told}", files, held_files, options, expected, total, bars, held_bars, wrong, refused
    )


def _rows(symbol: str, steps: dict[int, Values], grid: list[int]) -> list[Row]:
    """Clean rows."""
    return [Row(symbol, grid[step], steps[step]) for step in sorted(steps)]


def _read(rows: list[Row], counts: Counter[str]) -> dict[int, Values]:
    """Read the rows of one series as contract.md 5 says, one after the other; return the bars."""
    seen: dict[int, list[Values]] = {}
    before: int | None = None
    for row in rows:
        if row.ts is None:
            counts.update(nulls=1, quarantined=1)
            continue
        counts["out_of_order"] += before is not None and row.ts < before
        before = row.ts
        if all(math.isfinite(price) for price in row.values[:4]):
            seen.setdefault(row.ts, []).append(row.values)
        else:
            counts.update(nulls=1, quarantined=1)
    kept = {}
    for ts, every in seen.items():
        distinct = set(every)
        counts.update(duplicates=len(every) - len(distinct), conflicting=len(distinct) - 1)
        counts["quarantined"] += len(distinct) if len(distinct) > 1 else 0
        kept[ts] = every[-1]
    counts["ohlc_violations"] += sum(_is_broken(values) for values in kept.values())
    counts["zero_volume"] += sum(values[4] == 0 for values in kept.values())
    return kept


def _is_broken(values: Values) -> bool:
    """Whether a high or a low lies on the wrong side of another price."""
    opened, high, low, close, _ = values
    return high < max(opened, low, close) or low > min(opened, high, close)


def _is_odd(row: Row) -> bool:
    """Whether a row is no bar, or a broken one."""
    return row.ts is None or not all(map(math.isfinite, row.values[:4])) or _is_broken(row.values)


def _holes(steps: list[int]) -> list[int]:
    """How many steps are absent in each hole."""
    return [after - before - 1 for before, after in pairwise(steps) if after - before > 1]


def _meeting(held: dict[int, Values], new: dict[int, Values], counts: Counter[str]) -> bool:
    """Count how new bars meet those held; say whether they must be refused."""
    both = [ts for ts in new if ts in held]
    differing = [ts for ts in both if held[ts] != new[ts]]
    counts.update(added=len(new) - len(both), unchanged=len(both) - len(differing), superseded=len(differing))
    finished = [ts for ts in differing if ts != max(held)]
    return len(finished) * 100 > len(both)


def _flagged(bars: dict[int, Values], steps: dict[int, int]) -> dict[int, tuple[float, ...]]:
    """Add the flags of each bar of a series."""
    found: dict[int, tuple[float, ...]] = {}
    before: int | None = None
    for ts in sorted(bars):
        values = bars[ts]
        flags = TRADED if values[4] > 0 else 0
        flags |= SUSPECT if _is_broken(values) else 0
        flags |= AFTER_HOLE if before is not None and steps[ts] - before > 1 else 0
        flags |= PARTIAL if ts > 4_000_000_000_000_000 else 0
        before = steps[ts]
        found[ts] = (*values, flags)
    return found
