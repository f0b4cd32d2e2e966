"""Refusals: a file that contradicts what is held, has a defect under `--strict`, or holds no bar."""

from collections.abc import Sequence

from tapehead.errors import FileFormatError, ImportConflictError
from tapehead.jobs.gather import Gathered
from tapehead.jobs.merge import Overlap
from tapehead.model.factors import Basis
from tapehead.model.instrument import Series
from tapehead.model.quality import FileReport

_SHARE = 0.01
_RATIO = 2.0
_LONGEST_SAMPLE = 80
_ADJUSTED = {"raw": "raw prices", "split": "prices adjusted for splits", "all": "prices adjusted for all actions"}
_DEFECTS = {
    "nulls": ("row", "rows", "without a usable price or time"),
    "duplicates": ("exact duplicate", "exact duplicates", ""),
    "conflicting": ("row", "rows", "of one time with other values"),
    "out_of_order": ("row", "rows", "out of order"),
    "ohlc_violations": ("bar", "bars", "whose high or low contradicts open and close"),
    "jumps": ("jump", "jumps", "as of a wrong unit"),
    "missing": ("bar", "bars", "missing"),
    "quarantined": ("row", "rows", "would be set aside"),
}


def check_conflict(path: str, series: Series, overlap: Overlap, last: int | None) -> None:
    """Raise when the overlap says that this is another instrument or another adjustment.

    Parameters
    ----------
    path : str
    series : Series
    overlap : Overlap
    last : int or None
        Open time of the last bar that was there, which may have been unfinished.

    Raises
    ------
    ImportConflictError
        More than 1 % of the overlapping bars differ (the last bar held aside), or the median ratio of their closes lies
        outside 0.5-2.
    """
    if not overlap.overlapping:
        return
    median = overlap.ratio
    ratio_off = median is not None and not 1 / _RATIO <= median <= _RATIO
    if overlap.differing(last) <= _SHARE * overlap.overlapping and not ratio_off:
        return
    ratio = "" if median is None else f", median close ratio {median:.4g}"
    raise ImportConflictError(
        f"{path}: {overlap.superseded:,} of {overlap.overlapping:,} overlapping bars of {series.instrument} "
        f"{series.interval} differ from what is held{ratio}. It is another instrument or another adjustment; "
        f"nothing was written. {_ways_out(path)}",
        path=path,
        series=series.instrument,
        overlapping=overlap.overlapping,
        superseded=overlap.superseded,
    )


def check_basis(path: str, instrument: str, held: Basis, new: Basis) -> None:
    """Raise ImportConflictError when a file's prices are adjusted by something else than those held."""
    if held and new and held != new:
        raise ImportConflictError(
            f"{path}: it holds {_ADJUSTED[new]} of {instrument}, and what is held are {_ADJUSTED[held]}; nothing was "
            f"written. {_ways_out(path)}",
            path=path,
            series=instrument,
        )


def _ways_out(path: str) -> str:
    """Return the two ways out of a conflict."""
    return f"Keep it apart: tapehead import {path} --venue NAME. Or let it win: tapehead import {path} --supersede"


def check_strict(reports: Sequence[FileReport]) -> None:
    """Raise ImportConflictError when a file has any defect or anything looks wrong."""
    counts: dict[str, int] = {}
    for report in reports:
        for name, count in report.defects().items():
            counts[name] = counts.get(name, 0) + count
    troubles = [
        f"{counts[name]:,} {one if counts[name] == 1 else many} {what}".rstrip()
        for name, (one, many, what) in _DEFECTS.items()
        if name in counts
    ]
    troubles += [text for report in reports for text in report.looks_wrong]
    if not troubles:
        return
    path = next(report.path for report in reports if report.defects() or report.looks_wrong)
    raise ImportConflictError(
        f"{path}: --strict refuses it: {'; '.join(dict.fromkeys(troubles))}. Nothing was written. "
        f"See all counts: tapehead import {path} --dry-run",
        path=path,
    )


def no_bars(file: Gathered) -> FileFormatError:
    """Return the error that says why none of a file's rows is a bar."""
    path = file.path
    if not file.rows:
        step = "Give one with bars: tapehead import PATH"
        return FileFormatError(path=path, cause="the file has columns, but no row", step=step)
    troubles = {
        "a time that cannot be read": file.untimed,
        "a price that is null or no number": file.unpriced,
        "no symbol": file.unnamed,
        "another number of fields than the header": len(file.unread),
    }
    told = ", ".join(f"{count:,} with {what}" for what, count in troubles.items() if count)
    shown = f"; one reads '{file.sample[:_LONGEST_SAMPLE]}'" if file.sample else ""
    cause = f"none of its {file.rows:,} rows is a bar: {told}{shown}"
    step = f"Name its columns: tapehead import {path} --columns ts=COLUMN,open=COLUMN"
    return FileFormatError(path=path, cause=cause, step=step)
