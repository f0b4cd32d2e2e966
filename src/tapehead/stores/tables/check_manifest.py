"""check_manifest: whether the rows of the manifest agree with each other."""

from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise

from tapehead.model.history import Finding
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.segment import TAIL, SegmentRef
from tapehead.stores.tables.database import Database
from tapehead.stores.tables.recount import wrong_coverage
from tapehead.stores.tables.seal import find_broken

_AGAIN = "Import its file again: tapehead import PATH"
_RECOUNT = "Count it anew: tapehead store recount"


def read_refs(database: Database) -> list[SegmentRef]:
    """Return every block that any commit names, segments first, those of equal data side by side."""
    return [
        SegmentRef(Series(venue, symbol, Interval.parse(Interval.of_us(us).text)), *fields)
        for venue, symbol, us, *fields in database.execute("every_block")
    ]


def named(ref: SegmentRef) -> str:
    """Return what a block is of, as a person says it."""
    period = f" {ref.period}" if ref.period else ""
    return f"{ref.series.instrument} {ref.series.interval}{period}{' (tail)' if ref.layer == TAIL else ''}"


def check_manifest(database: Database) -> Iterator[Finding]:
    """Yield rows that contradict themselves, their commits or each other, and a coverage that is not theirs."""
    refs = read_refs(database)
    commits = {row[0]: row[1] for row in database.execute("undo_links")}
    for ref in refs:
        cause = _row_fault(ref, commits)
        if cause:
            yield Finding("manifest", named(ref), f"{named(ref)}: {cause}. {_AGAIN}")
    yield from _overlaps(refs)
    for number in find_broken(database):
        text = f"snapshot {number} does not hold the blocks that were committed. {_AGAIN}"
        yield Finding("manifest", f"commit {number}", text)
    for number, undoes in commits.items():
        if undoes is not None and database.execute("commit_of", (undoes,)).fetchone()[3] != number:
            text = f"commit {number} undoes {undoes}, which names another. See: tapehead store log"
            yield Finding("manifest", f"commit {number}", text)
    for series, (said, true) in wrong_coverage(database).items():
        venue, symbol, us = database.execute("series_named", (series,)).fetchone()
        name = f"{venue}:{symbol} {Interval.of_us(us)}"
        bars = [0 if row is None else row[2] for row in (said, true)]
        text = f"coverage of {name} says {bars[0]:,} bars, its blocks hold {bars[1]:,}, or between other times"
        yield Finding("manifest", name, f"{text}. {_RECOUNT}")


def _row_fault(ref: SegmentRef, commits: Iterable[int]) -> str:
    """Return what is wrong with one row, empty where nothing is."""
    if ref.since not in commits or (ref.until is not None and ref.until not in commits):
        return f"it is held from commit {ref.since} to {ref.until}, and one of them is not there"
    if ref.until is not None and ref.until <= ref.since:
        return f"it ends at commit {ref.until}, before it begins at {ref.since}"
    if ref.rows < 1 or ref.first > ref.last:
        return f"it says {ref.rows} rows from {ref.first} to {ref.last}"
    period_of = ref.series.interval.period_of
    if {period_of(ref.first), period_of(ref.last)} != {ref.period}:
        return "its bars lie outside its period"
    return ""


def _overlaps(refs: Iterable[SegmentRef]) -> Iterator[Finding]:
    """Yield layers of one period that two segments have at one time."""
    segments = [ref for ref in refs if ref.layer != TAIL]
    segments.sort(key=lambda ref: (ref.series, ref.period, ref.layer, ref.since))
    for _, group in groupby(segments, key=lambda ref: (ref.series, ref.period, ref.layer)):
        for before, after in pairwise(group):
            if before.until is None or before.until > after.since:
                text = f"two segments are its layer {after.layer} from commit {after.since} on. {_AGAIN}"
                yield Finding("manifest", named(after), f"{named(after)}: {text}")
