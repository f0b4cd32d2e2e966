"""What the library asks of a store that keeps rows of bars for SQL beside its segments."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tapehead.model.instrument import Series


@dataclass(frozen=True, slots=True)
class PartitionReport:
    """What upkeep did to the partitions of the rows.

    `made` months got a partition, `moved` rows left the default partition for that of their month, `dropped` names the
    months that were dropped by age; `ahead_months` and `keep_months` are the ages in force, `keep_months` None: all.
    """

    made: int
    moved: int
    dropped: tuple[str, ...]
    ahead_months: int
    keep_months: int | None


class RowStore(Protocol):
    """Rows of bars by choice of their series. Safe from many threads."""

    def listed(self) -> Sequence[Series]:
        """Return the series that have rows, sorted."""
        ...

    def switch_on(self, series: Sequence[Series]) -> int:
        """Write the rows of series that have none, and keep them from now on; return how many rows were written.

        Raises RowsError for bars that no row may hold, StoreLockedError; nothing was written.
        """
        ...

    def switch_off(self, series: Sequence[Series]) -> int:
        """Make segments of what was edited, then remove the rows of series; return how many series had some."""
        ...

    def rebuild(self, series: Sequence[Series]) -> int:
        """Make segments of all rows of series, marked or not; return the number of the newest commit."""
        ...

    def keep_partitions(self, ahead_months: int | None, keep_months: int | None, *, keep_all: bool) -> PartitionReport:
        """Make the partitions to come, empty the default one, drop those that are too old; None: as it was set."""
        ...
