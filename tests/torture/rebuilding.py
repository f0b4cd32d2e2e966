"""rebuild: rows are edited by plain SQL, and the server is killed while segments are made of them."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tapehead.library.store
from tapehead.stores.codec import ParquetCodec
from tapehead.testing.bar_store import ALWAYS, read_columns
from tapehead.testing.samples import sample_draft, sample_series
from tests.torture.database import environ
from tests.torture.points import Bench, Point
from tests.torture.processes import Child, ask
from tests.torture.waits import Turn, Waits

if TYPE_CHECKING:
    import psycopg

_NAMES = ("AAA", "BBB")
_SERIES = [sample_series(name) for name in _NAMES]
_COLUMNS = ("open", "high", "low", "close", "volume")
_ROUNDS = 3
_KILL = "kill"
_AWAY_S = 0.3
_PAUSE_S = 0.02
_ROWS = (
    "SELECT (extract(epoch FROM ts) * 1000000)::bigint, open, high, low, close, volume FROM bars"
    " WHERE series = series_of(%s, '1h') ORDER BY ts"
)
_MOVED = "UPDATE bars SET volume = {number} WHERE series = series_of('{symbol}', '1h') AND ts >= '2021-01-{day}Z'"
_ADDED = (
    "INSERT INTO bars (series, ts, open, high, low, close, volume)"
    " SELECT series_of('{symbol}', '1h'), ts, {number}, {number}, {number}, {number}, 1"
    " FROM generate_series('{year}-01-{day}Z'::timestamptz, '2023-01-09Z', '{hours} hours') AS t (ts)"
    " ON CONFLICT (series, ts) DO UPDATE SET volume = excluded.open"
)
_REMOVED = "DELETE FROM bars WHERE series = series_of('{symbol}', '1h') AND extract(day FROM ts) = {day}"
_EDITS = (_MOVED, _MOVED, _ADDED, _ADDED, _REMOVED, _REMOVED, "TRUNCATE bars", "TRUNCATE bars_2021_01")


def rebuild(point: Point, bench: Bench) -> list[str]:
    """Edit rows in several rounds; in each but the first, the server is killed while the edit becomes segments."""
    chance, database = point.chance, bench.database
    rounds = [[_edit(chance) for _ in range(chance.randrange(1, 4))] for _ in range(_ROUNDS)]
    shares = [chance.random() for _ in rounds]
    with bench.folder() as folder, database.made(_template(bench, folder)) as url:
        reader = Child(_reading(url, folder))
        # Whoever opens a store while its server is away is told so; this one reads before it goes.
        reader.line()
        writer = Child(_editing(url, folder, rounds, shares))
        told: list[str] = []
        for line in iter(writer.line, None):
            if line == _KILL:
                with database.away(chance.uniform(0, _AWAY_S)):
                    Turn(folder).give()
            else:
                told.append(line)
        (folder / "done").touch()
        ended = writer.wait(), reader.wait()
        if any(one.code for one in ended):
            return [f"writer and reader ended with {[one.code for one in ended]}", *told[-1:], *ended[1].lines[-1:]]
        return ask(lambda: _judge(url, folder, told, ended[1].lines))


def _edit(chance: random.Random) -> str:
    """Draw an edit, of which most change something."""
    of = {
        "symbol": chance.choice(_NAMES),
        "day": f"0{chance.randrange(1, 9)}",
        "year": chance.choice((2021, 2022, 2023)),
        "hours": chance.randrange(1, 400),
        "number": chance.randrange(1, 10**6),
    }
    return chance.choice(_EDITS).format(**of)


def _template(bench: Bench, folder: Path) -> str:
    """Make the database of two series with rows, once a worker; return its name."""
    if bench.rows is None:
        name = "edited"
        bench.database.administer(f"CREATE DATABASE {name} OWNER tapehead")
        url = bench.database.url(name)

        def make(_: Callable[[object], None]) -> None:
            environ(str(folder))
            with tapehead.library.store.open(url) as store:
                bars = store.house.bars
                bars.commit(
                    [sample_draft(one, year=year, rows=300) for one in _NAMES for year in (2021, 2022)], note=""
                )
                store.rows_on()

        ended = Child(make).wait()
        assert ended.code == 0, ended.lines
        bench.rows = name
    return bench.rows


def _editing(
    url: str, folder: Path, rounds: Sequence[Sequence[str]], shares: Sequence[float]
) -> Callable[[Callable[[object], None]], None]:
    """Return work that commits edits and looks at the store, and tells what the rows were and the head."""

    def work(tell: Callable[[object], None]) -> None:
        environ(str(folder / "writer"))
        waits, turn, often = Waits(), Turn(folder), 0
        waits.begin()
        with tapehead.library.store.open(url) as store:
            for number, edits in enumerate(rounds):
                with _session(url) as link:
                    for edit in edits:
                        link.execute(edit.encode())
                    said = _of_rows(link)
                before = waits.count
                if number:
                    waits.at(
                        int(often * shares[number]), lambda: turn.take(tell, _KILL), after=shares[number] * 10 % 1 < 0.5
                    )
                head = store.house.bars.head()
                waits.end()
                often = often or waits.count - before
                # Killed at the last moment it may still be away, and no edit waits for it; a look does.
                again = store.house.bars.head()
                tell(f"{head} {said}" if again == head else f"{head} became {again}")

    return work


def _reading(url: str, folder: Path) -> Callable[[Callable[[object], None]], None]:
    """Return work that reads both series as one who may only read, over and over, and tells what they were."""

    def work(tell: Callable[[object], None]) -> None:
        environ(str(folder / "reader"))
        with tapehead.library.store.open(url) as store:
            bars = store.house.bars
            bars._may_write = False
            while not (folder / "done").exists():
                tell(bars.outlast(lambda: _of_store(bars)))
                time.sleep(_PAUSE_S)

    return work


@contextmanager
def _session(url: str) -> Iterator[psycopg.Connection[Any]]:
    """Have one transaction as anybody's psql."""
    import psycopg

    with psycopg.connect(url, options="-c search_path=tapehead -c extra_float_digits=1") as link:
        yield link


def _of_rows(link: psycopg.Connection[Any]) -> str:
    """Return a hash of the rows of both series."""
    every = hashlib.sha256()
    for name in _NAMES:
        for row in link.execute(_ROWS.encode(), (name,)):
            every.update(repr((int(row[0]), *map(float, row[1:]))).encode())
        every.update(b"|")
    return every.hexdigest()[:16]


def _of_store(bars: Any, snapshot: int | None = None) -> str:
    """Return the same of what the store gives, at one snapshot."""
    every = hashlib.sha256()
    refs = bars.manifest(_SERIES, *ALWAYS, snapshot=snapshot).refs
    for one in _SERIES:
        if refs.get(one):
            found = read_columns(bars, ParquetCodec(), refs[one])
            for row in zip(*(found[name].tolist() for name in ("ts", *_COLUMNS)), strict=True):
                every.update(repr(row).encode())
        every.update(b"|")
    return every.hexdigest()[:16]


def _judge(url: str, folder: Path, told: list[str], seen: list[str]) -> list[str]:
    """Compare rows, segments of each snapshot and marks with what was told, and what the reader saw."""
    environ(str(folder / "judge"))
    rounds = [line.split() for line in told]
    wrong = []
    with tapehead.library.store.open(url) as store, _session(url) as link:
        bars = store.house.bars
        states = [_of_store(bars, 1), *(said for _, said in rounds)]
        if _of_rows(link) != states[-1]:
            wrong.append("the rows are not what was edited")
        if (count := link.execute("SELECT count(*) FROM marks").fetchone()) != (0,):
            wrong.append(f"marks are left: {count}")
        wrong += [
            f"snapshot {head} is not what the rows were" for head, said in rounds if _of_store(bars, int(head)) != said
        ]
        made = sum(one.kind == "rows" for one in store.log())
        if made != sum(before != after for before, after in pairwise(states)):
            wrong.append(f"{len(rounds)} edits became {made} commits")
        if set(seen) - set(states):
            wrong.append("a reader saw what was never committed")
        # Rows of years that nobody made room for lie in the default partition: an advice, no fault.
        return wrong + [f"check: {one.text}" for one in bars.check(rows=True) if one.where != "tapehead.bars_default"]
