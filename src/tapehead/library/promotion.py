"""promote_store: a whole store taken over into another one, with a look before it and a proof after it."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tapehead.errors import DiskFullError, ParameterError, PromoteError
from tapehead.jobs.foresee import Forecast, Side, foresee
from tapehead.jobs.promote import Promotion, promote
from tapehead.jobs.verify import Verification
from tapehead.library.verify import verify_apart
from tapehead.ports.runs import RunRecord, RunStore
from tapehead.settings import SERVER_SCHEMES, Settings, read_settings
from tapehead.wiring.assemble import House, assemble, dismantle
from tapehead.wiring.folder_store import is_store

_LOOKED_AT = 50
"""Newest runs among which the smallest is made again."""
_SPARE = 1.2
"""How much more room than the bytes themselves a folder should have: databases keep pages and a log."""


@dataclass(frozen=True, slots=True)
class Promoted:
    """What was foreseen, what was done, and what a run that was made again there gave; None where none could be."""

    forecast: Forecast
    promotion: Promotion
    verification: Verification | None

    @property
    def is_equal(self) -> bool:
        """Whether the target holds just what the source holds."""
        again = self.verification
        return not self.promotion.faults and (again is None or again.verdict != "differs")


def foresee_store(house: House, to: str | os.PathLike[str]) -> Forecast:
    """Return what `promote_store` would take over, and how long about that takes; nothing is written, nor made.

    Raises
    ------
    ParameterError, PromoteError
    DatabaseAwayError, DatabaseRefusedError, OlderSchemaError, NewerSchemaError, NewerFormatError
        Of the target.
    """
    settings = _target(house, to)
    if not _is_there(settings):
        return foresee(side_of(house), None, called=_shown(settings))
    target = assemble(settings)
    try:
        return foresee(side_of(house), side_of(target))
    finally:
        dismantle(settings)


def promote_store(
    house: House,
    to: str | os.PathLike[str],
    *,
    forecast: Forecast,
    verify: str = "",
    progress: Callable[[str, int, int], None] | None = None,
) -> Promoted:
    """Take over all that a store holds into another one; see `jobs.promote.promote`.

    Parameters
    ----------
    house : House
        The source; it stays as it is.
    to : str or path
        Folder or URL of the target; made where there is none.
    forecast : Forecast
        Of `foresee_store`.
    verify : str
        Run that is made again from the target and compared, `none` for no run; by default the one with the fewest
        results among the newest completed ones.
    progress : callable, optional
        Told what is done, how many of it are, and of how many.
    """
    run = _chosen(house.runs, verify)
    settings = _target(house, to)
    if not settings.url:
        _check_room(settings.home, forecast)
    target = assemble(settings)
    try:
        done = promote(side_of(house), side_of(target), progress)
        again = None
        if run and run not in done.left and not done.faults:
            if progress is not None:
                progress("making a run again from the target", 0, 1)
            again = verify_apart(target, run)
        return Promoted(forecast, done, again)
    finally:
        dismantle(settings)


def side_of(house: House) -> Side:
    """Return a store as the job sees it."""
    return Side(house.where, house.bars, house.runs, house.trials)


def _target(house: House, to: str | os.PathLike[str]) -> Settings:
    """Return the settings of the target; raise ParameterError or PromoteError for a place that cannot be one."""
    scheme, is_url, _ = os.fspath(to).partition("://")
    if not scheme or (is_url and not os.fspath(to).startswith(SERVER_SCHEMES)):
        raise ParameterError(
            name="to", value=f"{scheme}://..." if is_url else "''", bound="a folder, or postgresql://USER@HOST/DATABASE"
        )
    settings = read_settings(home=to)
    mine = house.settings
    same = settings.url == mine.url and (bool(mine.url) or settings.home.resolve() == mine.home.resolve())
    if same:
        step = "Name the other store: tapehead store promote --help"
        raise PromoteError(source=house.where, target=house.where, cause="it is the same store", step=step)
    # What is proved is what the server itself holds: bytes of its replicas are others that may be whole.
    settings = replace(settings, replicas=())
    # Hot files of the target are not read here: they stay where those of the source are.
    return replace(settings, home=mine.home) if settings.url and not mine.url else settings


def _is_there(settings: Settings) -> bool:
    """Say whether a store is there; raises what a server says that cannot be asked."""
    if not settings.url:
        return is_store(settings.home)
    from tapehead.wiring.server_store import look_at_schema

    return bool(look_at_schema(settings)[2].found)


def _shown(settings: Settings) -> str:
    """Return what names a place to people."""
    if not settings.url:
        return str(settings.home)
    from tapehead.wiring.server_store import look_at_schema

    return look_at_schema(settings)[0]


def _check_room(folder: Path, forecast: Forecast) -> None:
    """Raise DiskFullError where the disk of a folder cannot hold what would come."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if shutil.disk_usage(there).free < forecast.size_bytes * _SPARE:
        raise DiskFullError(path=there, what=f"{forecast.size_bytes:,} bytes of a store")


def _chosen(runs: RunStore, asked: str) -> str:
    """Return the run that is to be made again, empty for none."""
    if asked == "none":
        return ""
    if asked:
        run = runs.resolve(asked)
        if runs.record(run).receipt is None:
            raise ParameterError(name="verify", value=asked, bound="a completed run, or none")
        return run
    done = [one for one in runs.runs(limit=_LOOKED_AT) if one.state == "completed" and one.receipt is not None]
    return min(done, key=_size).run if done else ""


def _size(record: RunRecord) -> tuple[int, int]:
    """Return how much work a run is: its results, the newest of equal ones first."""
    return record.count, -record.created_at
