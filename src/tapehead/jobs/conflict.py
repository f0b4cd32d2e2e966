"""Refusals: a file that contradicts what is held, looks wrong under `--strict`, or holds no bar."""

from collections.abc import Iterable, Sequence

from tapehead.errors import FileFormatError, ImportConflictError
from tapehead.jobs.clean import Cleaned
from tapehead.jobs.gather import FileRows
from tapehead.jobs.merge import Overlap
from tapehead.model.instrument import Series
from tapehead.model.quality import FileReport

_SHARE = 0.01
_RATIO = 2.0
_LONGEST_SAMPLE = 80


def check_conflict(path: str, series: Series, overlap: Overlap) -> None:
    """Raise when the overlap says that this is another instrument or another adjustment.

    Raises
    ------
    ImportConflictError
        More than 1 % of the overlapping bars differ (the last bar held, which may have been unfinished, aside), or the
        median ratio of their closes lies outside 0.5-2.
    """
    if not overlap.overlapping:
        return
    ratio_off = overlap.ratio is not None and not 1 / _RATIO <= overlap.ratio <= _RATIO
    if overlap.differing <= _SHARE * overlap.overlapping and not ratio_off:
        return
    ratio = "" if overlap.ratio is None else f", median close ratio {overlap.ratio:.4g}"
    raise ImportConflictError(
        f"{path}: {overlap.superseded:,} of {overlap.overlapping:,} overlapping bars of {series.instrument} "
        f"{series.interval} differ from what is held{ratio}. It is another instrument or another adjustment; "
        f"nothing was written. Keep it apart: tapehead import {path} --venue NAME. "
        f"Or let it win: tapehead import {path} --supersede",
        path=path,
        series=series.instrument,
        overlapping=overlap.overlapping,
        superseded=overlap.superseded,
    )


def check_strict(reports: Sequence[FileReport]) -> None:
    """Raise ImportConflictError when any row was set aside or anything looks wrong."""
    troubles = [text for report in reports for text in report.looks_wrong]
    aside = sum(report.quarantined for report in reports)
    if aside:
        troubles.insert(0, f"{aside:,} rows would be set aside")
    if not troubles:
        return
    path = next(report.path for report in reports if report.quarantined or report.looks_wrong)
    raise ImportConflictError(
        f"{path}: --strict refuses it: {'; '.join(dict.fromkeys(troubles))}. Nothing was written. "
        f"See all counts: tapehead import {path} --dry-run",
        path=path,
    )


def no_bars(path: str, rows: FileRows, cleaned: Iterable[Cleaned]) -> FileFormatError:
    """Return the error that says why none of a file's rows is a bar."""
    if not len(rows):
        step = "Give one with bars: tapehead import PATH"
        return FileFormatError(path=path, cause="the file has columns, but no row", step=step)
    parts = list(cleaned)
    untimed = sum(len(part.no_time) for part in parts)
    unpriced = sum(len(part.no_price) for part in parts)
    troubles = {
        "a time that cannot be read": untimed,
        "a price that is null or no number": unpriced,
        "no symbol": len(rows.without_symbol()),
        "another number of fields than the header": len(rows.unread),
    }
    told = ", ".join(f"{count:,} with {what}" for what, count in troubles.items() if count)
    sample = next(iter(rows.text.values()), None) or next((text for _, text, _ in rows.unread), "")
    shown = f"; one reads '{sample[:_LONGEST_SAMPLE]}'" if sample else ""
    cause = f"none of its {len(rows):,} rows is a bar: {told}{shown}"
    step = f"Name its columns: tapehead import {path} --columns ts=COLUMN,open=COLUMN"
    return FileFormatError(path=path, cause=cause, step=step)
