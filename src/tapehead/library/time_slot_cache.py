"""TimeSlotCache: values that are good until the end of the slot of time they were asked for in."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from tapehead.library.cache import Cache, open_cache
from tapehead.model.cache_policy import CachePolicy
from tapehead.model.time_slot import TimeSlot, check_slot, slot_at
from tapehead.ports.values import Asked

T = TypeVar("T")


class TimeSlotCache:
    """Values by key and slot of time: its minute, its five minutes, its day in a zone.

    Parameters
    ----------
    slot : str
        `1d`, or a length that divides a day, such as `30s`, `5m` or `4h`; slots are counted from midnight.
    zone : str
        Whose midnight, such as `America/New_York`.
    namespace : str
        Name of its values.
    cache : Cache, optional
        Default that of `open_cache()`.
    clock : callable
        Seconds since 1970, UTC.

    Raises
    ------
    ParameterError

    Notes
    -----
    Two that ask on either side of a boundary ask for two values. One that was fetched across the end of its slot goes
    to those who asked for it and is not kept.

    Examples
    --------
    >>> prices = TimeSlotCache(slot="5m")
    """

    def __init__(
        self,
        slot: str,
        zone: str = "UTC",
        *,
        namespace: str = "slots",
        cache: Cache | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        length = check_slot(slot, zone)
        self._slot, self._zone, self._clock = slot, zone, clock
        self._policy = CachePolicy(namespace, length)
        self._cache = cache or open_cache()

    def get(self, key: Any, default: Any = None, *, types: Sequence[type] = ()) -> Any:
        """Return the value of a key in the slot of now, or `default`."""
        value, why = self._cache.values.look(self._asked(key, types))
        return default if why else value

    def set(self, key: Any, value: Any, *, types: Sequence[type] = ()) -> None:
        """Keep a value until the slot of now ends."""
        self._cache.values.put(self._asked(key, types), value)

    def get_or_fetch(self, key: Any, fetch: Callable[[], T], *, types: Sequence[type] = ()) -> T:
        """Return the value of a key in the slot of now; the first of many askers fetches it."""
        value: T = self._cache.values.get_or_make(self._asked(key, types), fetch)
        return value

    async def get_or_fetch_async(self, key: Any, fetch: Callable[[], Awaitable[T]], *, types: Sequence[type] = ()) -> T:
        """Return the value of a key in the slot of now; the first of many askers awaits `fetch`."""
        value: T = await self._cache.values.get_or_make_async(self._asked(key, types), fetch)
        return value

    def slot(self) -> TimeSlot:
        """Return the slot of now."""
        return slot_at(self._clock(), self._slot, self._zone)

    def _asked(self, key: Any, types: Sequence[type]) -> Asked:
        """Return what is asked for now."""
        slot = self.slot()
        return self._cache.asked(self._policy, key, types, slot.label, lambda: slot.end_s - self._clock())
