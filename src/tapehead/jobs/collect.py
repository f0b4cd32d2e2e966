"""collect: give back what no snapshot that anybody needs names."""

import re
from typing import Final

from tapehead.errors import ParameterError
from tapehead.model.history import Swept
from tapehead.ports.bars import BarStore
from tapehead.ports.runs import RunStore

_UNITS_US: Final = {"s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000, "w": 604_800_000_000}
_LONGEST_US: Final = 36_525 * _UNITS_US["d"]
_EVERY_RUN: Final = 2**31


def read_keep(text: str) -> int:
    """Return how long a snapshot is kept, in us, of `30d`, `12h`, `0d`; raise ParameterError."""
    match = re.fullmatch(r"([0-9]{1,9})([smhdw])", text.strip())
    us = -1 if match is None else int(match[1]) * _UNITS_US[match[2]]
    if not 0 <= us <= _LONGEST_US:
        raise ParameterError(
            name="keep", value=text, bound="a number and a unit of s m h d w, up to 100 years, such as 30d or 0d"
        )
    return us


def collect(store: BarStore, runs: RunStore, *, keep_us: int, now: int, dry_run: bool = False) -> Swept:
    """Give back what only old snapshots name that no kept run was made on, no reader leases, and nobody could undo to.

    Parameters
    ----------
    store, runs : BarStore, RunStore
    keep_us : int
        Snapshots that were the head within this time (us) before `now` stay.
    now : int
        us UTC.
    dry_run : bool
        Count only.

    Raises
    ------
    StoreLockedError, UnwritableHomeError
        Nothing was given back.
    """
    return store.sweep(lambda: {one.snapshot for one in runs.runs(limit=_EVERY_RUN)}, now - keep_us, dry_run=dry_run)
