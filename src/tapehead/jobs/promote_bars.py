"""promote_bars: bytes of segments, then the rows of the manifest, made the same in another store."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from tapehead.errors import PromoteError
from tapehead.jobs.digest_rows import RowDigest, plain
from tapehead.jobs.foresee import Side, absent, check_bars
from tapehead.model.segment import SegmentRef
from tapehead.ports.holdings import BAR_TABLES, NAMED_TABLES, BarHoldings, Row, Value

Say = Callable[[str, int, int], None]

_BATCH_BYTES: Final = 8 << 20
_BATCH: Final = 64
_ROWS: Final = 500
_TRIES: Final = 5


class TakenBars(NamedTuple):
    """Segments and their bytes that were copied, rows that were changed, and by table what the source's hash to."""

    segments: int
    segment_bytes: int
    rows: int
    digests: Mapping[str, RowDigest]


def promote_bars(source: Side, target: Side, say: Say) -> TakenBars:
    """Take bytes over in batches, then all rows in one transaction; see `jobs.promote.promote`."""
    segments = size_bytes = 0
    for _ in range(_TRIES):
        refs = source.bars.holdings().segments()
        copied, size = _copy(source, target, _lacking(refs, target), {ref.data for ref in refs}, say)
        segments, size_bytes = segments + copied, size_bytes + size
        done = _take_rows(source, target, say)
        if done is not None:
            return TakenBars(segments, size_bytes, *done)
    cause = "somebody writes to the first without a pause"
    raise PromoteError(source=source.where, target=target.where, cause=cause, step="Wait for that, then run it again")


def bar_faults(target: Side, digests: Mapping[str, RowDigest], say: Say) -> Iterator[str]:
    """Yield what of the target's bars is not as the source has it: rows by their hashes, bytes and bars by theirs."""
    say("comparing rows", 0, len(BAR_TABLES))
    with target.bars.holdings().moment():
        for done, table in enumerate(BAR_TABLES):
            known, found = digests[table], RowDigest()
            for row in map(plain, target.bars.holdings().rows(table)):
                if table not in NAMED_TABLES or row[0] in known.names:
                    found.add(row)
            say("comparing rows", done + 1, len(BAR_TABLES))
            if not known.equals(found):
                yield f"table {table} has {found.rows:,} rows that hash to {found}, and {known.rows:,} that to {known}"
    for finding in target.bars.check(rows=True, progress=say):
        if finding.what != "orphan":
            yield f"{finding.where}: {finding.text}"


def _lacking(refs: Sequence[SegmentRef], target: Side) -> list[SegmentRef]:
    """Return the segments of which the target lacks the bytes, or has others: those it names itself are its own."""
    gone = {ref.data for ref in absent(refs, target)}
    named = {ref.data: ref.file for ref in target.bars.holdings().segments()}
    return [
        ref
        for ref in refs
        if ref.data in gone or (named.get(ref.data) != ref.file and not target.bars.holdings().has(ref))
    ]


def _copy(source: Side, target: Side, refs: Sequence[SegmentRef], named: set[bytes], say: Say) -> tuple[int, int]:
    """Copy the bytes of segments in batches, each of them durable before the next is begun."""
    copied = size = 0
    for batch in _batches(source.bars.read(refs)):
        target.bars.holdings().take(batch, named)
        copied, size = copied + len(batch), size + sum(len(content) for _, content in batch)
        say("copying segments", copied, len(refs))
    return copied, size


def _batches(read: Iterator[tuple[SegmentRef, bytes]]) -> Iterator[list[tuple[SegmentRef, bytes]]]:
    """Yield what fits into memory and into one short transaction."""
    batch: list[tuple[SegmentRef, bytes]] = []
    size = 0
    for ref, content in read:
        batch.append((ref, content))
        size += len(content)
        if size >= _BATCH_BYTES or len(batch) == _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _take_rows(source: Side, target: Side, say: Say) -> tuple[int, Mapping[str, RowDigest]] | None:
    """Make the rows of the target those of one moment of the source; None where bytes for them are not there yet."""
    mine, theirs = source.bars.holdings(), target.bars.holdings()
    with theirs.writing(), mine.moment():
        # Again, now that nobody else can write there.
        check_bars(source, target)
        if absent(mine.segments(), target):
            return None
        changed, digests = 0, {}
        for done, table in enumerate(BAR_TABLES):
            say("copying rows", done, len(BAR_TABLES))
            digests[table] = RowDigest(named=table in NAMED_TABLES)
            changed += _level(table, mine, theirs, digests[table])
    return changed, digests


def _level(table: str, mine: BarHoldings, theirs: BarHoldings, digest: RowDigest) -> int:
    """Make the rows of a table equal; return how many were put or dropped."""
    changed = 0
    steps = _steps(table, mine, theirs, digest)
    while page := list(islice(steps, _ROWS)):
        gone, new = [row for row, is_there in page if not is_there], [row for row, is_there in page if is_there]
        if gone:
            theirs.drop(table, gone)
        if new:
            theirs.put(table, new)
        changed += len(page)
    return changed


def _steps(
    table: str, mine: BarHoldings, theirs: BarHoldings, digest: RowDigest
) -> Iterator[tuple[tuple[Value, ...], bool]]:
    """Yield each row to put (True), and the key of each to drop (False); both sides come in order of their keys."""
    width = BAR_TABLES[table]
    others = map(plain, theirs.rows(table))
    other = next(others, None)
    for row in map(plain, mine.rows(table)):
        digest.add(row)
        while other is not None and _key(other, width) < _key(row, width):
            if table not in NAMED_TABLES:
                yield other[:width], False
            other = next(others, None)
        if other is not None and other[:width] == row[:width]:
            if other != row:
                yield row, True
            other = next(others, None)
        else:
            yield row, True
    while other is not None and table not in NAMED_TABLES:
        yield other[:width], False
        other = next(others, None)


def _key(row: Row, width: int) -> tuple[str | int, ...]:
    """Return what a row is sorted by: numbers, or texts by their signs, as both databases do."""
    return tuple(value if isinstance(value, int) else str(value) for value in row[:width])
