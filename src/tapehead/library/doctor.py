"""examine: whether everything is here that a run needs, each check with its cure."""

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tapehead.layout.formats import BARS_FORMAT, RUNS_FORMAT, SEGMENT_FORMAT
from tapehead.library.schema import schema_of
from tapehead.wiring.assemble import House
from tapehead.wiring.platform import kernels_folder, version_facts

LEAST_FREE_BYTES = 1 << 30
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `ok` None is a remark; `cure` says what to do when it is not ok."""

    name: str
    ok: bool | None
    text: str
    cure: str = ""


def examine(house: House) -> list[Check]:
    """Return the checks of an open store, in the order a reader would ask."""
    return [_home(house), _disk(house), _formats(house), _bars(house), _kernels(), _tiers(house), _versions()]


def warm_up(progress: Callable[[str, int, int], object] | None = None) -> None:
    """Compile every kernel that is not kept yet; `progress` is told what, how many are done, of how many."""
    from tapehead.kernels.warm import compile_beside

    compile_beside(None if progress is None else partial(progress, "compiling"))


def _home(house: House) -> Check:
    """Check that the home can be written."""
    home = house.where
    if house.settings.url:
        said = (
            f"{home} can be {'read and written' if house.writable else 'read only'}; hot files in {house.settings.home}"
        )
        return Check("home", house.writable, said, "Name the primary server, or a user who may write.")
    cure = f"Give the folder to your user, or take another: tapehead --home {home}-of-mine doctor"
    if house.full:
        return Check("home", ok=False, text=f"{home} can be read only: its disk is full", cure="Free some space.")
    return Check("home", house.writable, f"{home} can be {'read and written' if house.writable else 'read only'}", cure)


def _disk(house: House) -> Check:
    """Check that some space is left."""
    free = shutil.disk_usage(house.settings.home).free
    cure = "Free some space; an import needs about 20 bytes a bar, the hot tier 49."
    return Check("disk", free >= LEAST_FREE_BYTES, f"{free / _MIB:,.0f} MiB free", cure)


def _formats(house: House) -> Check:
    """Tell the formats; an unknown one would not have opened."""
    if house.settings.url:
        report = schema_of(house.settings)
        said = f"{report.server}, schema {report.found}, segments {SEGMENT_FORMAT}"
        return Check("formats", report.is_newest, said, "Bring the schema to the newest step: tapehead db upgrade")
    return Check("formats", ok=True, text=f"bars {BARS_FORMAT}, runs {RUNS_FORMAT}, SQLite {sqlite3.sqlite_version}")


def _bars(house: House) -> Check:
    """Tell what is held."""
    cover = house.bars.coverage()
    if not cover:
        return Check("bars", None, "no bars yet", "Import a file, or make a synthetic market: tapehead demo")
    names = len({each.series.instrument for each in cover})
    held = f"{sum(c.rows for c in cover):,} bars of {names:,} instrument{'s' * (names != 1)}"
    return Check("bars", ok=True, text=f"{held}, snapshot {house.bars.head()}")


def _kernels() -> Check:
    """Check that the kernels are compiled and kept."""
    folder = kernels_folder()
    if folder is None:
        return Check("kernels", None, "no folder for them can be written: each process compiles anew (about a minute)")
    ready = any(folder.rglob("*.nbc"))
    cure = "They compile at first use, about a minute. Compile them now: tapehead doctor --warm"
    return Check("kernels", ready, f"{'compiled' if ready else 'not yet compiled'} in {folder}", cure)


def _tiers(house: House) -> Check:
    """Tell whether the cache tiers work."""
    tiers = house.tiers()
    degraded = "; ".join(t.degraded for t in tiers if t.degraded)
    names = ", ".join(f"{t.name} {t.size_bytes / _MIB:,.0f} of {t.limit_bytes / _MIB:,.0f} MiB" for t in tiers)
    return Check("tiers", not degraded, degraded or names or "switched off", "Results stay the same, only slower.")


def _versions() -> Check:
    """Tell the versions of what computes."""
    return Check("versions", ok=True, text=", ".join(f"{name} {number}" for name, number in version_facts().items()))
