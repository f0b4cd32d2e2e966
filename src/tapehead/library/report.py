"""write_report, make_sheet: a run, or one instrument of it, as one file that any browser shows without a network."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tapehead.errors import DiskFullError, ParameterError, SurroundingsError, TapeheadError
from tapehead.library.curves import accounts_of
from tapehead.library.tear import many, shared, single
from tapehead.library.tear.facts import Facts, Kept, read_facts
from tapehead.library.tear.page import MARK, page
from tapehead.metrics.account import Account
from tapehead.model.pooling import ACCOUNT
from tapehead.model.result import RunResult
from tapehead.model.table import Table
from tapehead.wiring.assemble import House

_FULL = {errno.ENOSPC, errno.EDQUOT}
_HEAD_BYTES = 256
_Progress = Callable[..., None]


class NoResultsError(TapeheadError, LookupError):
    """Run {run} has no result; how it ended: `tapehead show {run}`."""

    code = "runs.no_results"


class Report(NamedTuple):
    """A file that was written: its path and size, how many instruments it tells of, whether it replaced another."""

    path: str
    size_bytes: int
    instruments: int
    replaced: bool


class Sheet(NamedTuple):
    """A tear sheet that is made while it is read, and how many instruments it tells of."""

    pieces: Iterable[str]
    instruments: int


class Place(NamedTuple):
    """Where a tear sheet goes, and whether a file is replaced there."""

    path: Path
    replaced: bool


def write_report(
    house: House,
    run: Kept,
    path: str | os.PathLike[str],
    symbol: str | None = None,
    *,
    force: bool = False,
    progress: _Progress | None = None,
) -> Report:
    """Write a tear sheet; a run of one instrument gives the sheet of that instrument.

    Parameters
    ----------
    path : path
        Written beside its place, then renamed. A tear sheet that is there already is replaced, another file is not.
    symbol : str, optional
        `symbol` or `venue:symbol`; None means the whole run.
    force : bool
        Write over a file that is no tear sheet too.
    progress : callable, optional
        Told how many curves are made again, of how many.

    Raises
    ------
    ParameterError
        The path is a folder, or another file lies there.
    NoResultsError, RunKeyError
        There is nothing to tell.
    DiskFullError, SurroundingsError
        It cannot be written; what was there before is.
    """
    place = check_place(path, force=force)
    return write_sheet(place, make_sheet(house, run, symbol, progress=progress))


def make_sheet(house: House, run: Kept, symbol: str | None = None, *, progress: _Progress | None = None) -> Sheet:
    """Return a tear sheet as pieces of HTML; see `write_report`."""
    if run.spec.grid is not None:
        bound = f"a backtest, and this is a sweep. Run one of its sets alone; see them: tapehead show {run.id}"
        raise ParameterError(name="run", value=run.id, bound=bound)
    results = run.results()
    if not results:
        raise NoResultsError(run=run.id)
    if run.spec.portfolio is not None and (symbol is None or run[symbol].instrument == ACCOUNT):
        return _account_sheet(house, run, results)
    if symbol is not None or len(results) == 1:
        result = run[results[0].instrument if symbol is None else symbol]
        facts = read_facts(house, run, {result.instrument})
        sheet = _single(house, run, result, facts)
        title = f"{result.instrument} · {facts.strategy} · Tapehead"
        return Sheet(page(title, single.head(sheet), single.body(sheet), _foot(facts)), 1)
    facts = read_facts(house, run, {each.instrument for each in results})
    whole = _many(house, run, results, facts, progress)
    title = f"{facts.strategy} on {len(results):,} · Tapehead"
    return Sheet(page(title, many.head(whole), many.body(whole), _foot(facts)), len(results))


def _account_sheet(house: House, run: Kept, results: list[RunResult]) -> Sheet:
    """Return the sheet of a portfolio; what has to be made again is left out where it cannot be."""
    # Here, since what makes a portfolio brings its kernels, which no other sheet needs.
    from tapehead.library.portfolio_again import PortfolioAgain

    rows = {each.instrument: each for each in results if each.instrument != ACCOUNT}
    facts, result, again = read_facts(house, run, set(rows)), run[ACCOUNT], PortfolioAgain(house, run.id)
    made: tuple[Account | None, Table | None, Table | None] = (None, None, None)
    trouble = ""
    try:
        made = (again.account(result), again.course(result), again.shares())
    except TapeheadError as error:
        trouble = _trouble(error)
    sheet = shared.Shared(result, rows, run.spec, facts, run.times(ACCOUNT), run.money_points(ACCOUNT), *made, trouble)
    title = f"{facts.strategy}, one account of {len(rows):,} · Tapehead"
    return Sheet(page(title, shared.head(sheet), shared.body(sheet), _foot(facts)), len(rows))


def write_sheet(place: Place, sheet: Sheet) -> Report:
    """Write a tear sheet beside its place, then rename it. Raises DiskFullError, SurroundingsError."""
    return Report(str(place.path), _written(place.path, sheet.pieces), sheet.instruments, place.replaced)


def _single(house: House, run: Kept, result: RunResult, facts: Facts) -> single.Single:
    """Gather what the sheet of one instrument is made of."""
    account, trouble = None, ""
    for _, made in accounts_of(house, run.record, [result]):
        account, trouble = (None, _trouble(made)) if isinstance(made, TapeheadError) else (made, "")
    times = run.times(result.instrument) if account is None else account.bars.ts
    return single.Single(result, run.spec, facts, times, run.money_a_point(result.instrument), account, trouble)


def _trouble(error: TapeheadError) -> str:
    """Say why there is no curve."""
    return f"Its curve cannot be made again, so what needs one is left out. {error}"


def _many(house: House, run: Kept, results: list[RunResult], facts: Facts, progress: _Progress | None) -> many.Many:
    """Gather what the sheet of a run is made of."""
    trouble: list[str] = []

    def accounts() -> Iterator[Account]:
        for done, (_, made) in enumerate(accounts_of(house, run.record, results), 1):
            if progress is not None:
                progress("curves", done, len(results))
            if isinstance(made, TapeheadError):
                trouble.append(str(made))
            else:
                yield made

    return many.Many(results, run.spec, facts, accounts, trouble)


def _foot(facts: Facts) -> str:
    """Return the last line: what this page is."""
    versions = {} if facts.record.receipt is None else facts.record.receipt.versions
    made = f" {versions['tapehead']}" if "tapehead" in versions else ""
    return (
        f"Run {facts.run} was made by Tapehead{made}. This page holds all of itself: it asks the network for nothing "
        "and runs no script. Times are UTC; every figure is of the past."
    )


def check_place(path: str | os.PathLike[str], *, force: bool) -> Place:
    """Return where to write; raise ParameterError where that is a folder, or a file nobody would want to lose."""
    # What a link leads to is written, and the link stays.
    place = Path(os.path.realpath(path))
    if not os.fspath(path):
        raise ParameterError(name="output", value="''", bound="the name of a file, such as tear.html")
    if place.is_dir():
        raise ParameterError(name="output", value=path, bound=f"a file, and there is a folder: {place / 'tear.html'}")
    if not place.exists():
        return Place(place, replaced=False)
    if not force and not _is_sheet(place):
        bound = "a file that is not there yet or a tear sheet, which can be made again; or --force given"
        raise ParameterError(name="output", value=path, bound=bound)
    return Place(place, replaced=True)


def _is_sheet(place: Path) -> bool:
    """Say whether a file is a tear sheet of ours; one that cannot be read is none."""
    try:
        with place.open("rb") as file:
            return MARK.encode() in file.read(_HEAD_BYTES)
    except OSError:
        return False


def _written(place: Path, pieces: Iterable[str]) -> int:
    """Write a page beside its place, then rename it; return its size."""
    partial = place.with_name(f".{place.name}.{os.getpid()}.partial")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            for piece in pieces:
                file.write(piece.encode())
        size = partial.stat().st_size
        partial.rename(place)
    except OSError as error:
        if isinstance(error, TapeheadError):
            raise
        if error.errno in _FULL:
            raise DiskFullError(path=place.parent, what=place.name) from error
        raise SurroundingsError(
            f"{place} cannot be written: {error.strerror or error}. Name a file in a folder of yours, such as "
            f"tear.html: tapehead report RUN -o tear.html"
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return size
