"""open_values: the cache of what functions returned, out of the stores that the settings name."""

import atexit
import threading
from typing import TYPE_CHECKING, Final

from tapehead.caches.values.cache import ValueCache
from tapehead.caches.values.local import LocalValues
from tapehead.caches.values.process import ProcessValues
from tapehead.errors import MissingPackageError
from tapehead.ports.values import ValueStore
from tapehead.settings import CacheSettings

if TYPE_CHECKING:
    from tapehead.caches.values.shared import RedisValues

_SPARE_BYTES: Final = 32 << 20
"""Of memory, where the folder cannot be used."""
_lock = threading.Lock()
_open: dict[tuple[str, int, str], ValueCache] = {}


def open_values(settings: CacheSettings) -> ValueCache:
    """Return the cache of these settings, once a process.

    Raises
    ------
    MissingPackageError, ParameterError
        The Redis that is named cannot be used at all; one that is away is no error.
    """
    key = (str(settings.folder), settings.limit_bytes, settings.shared)
    with _lock:
        cache = _open.get(key)
        if cache is None:
            stores: list[ValueStore] = [*_shared(settings)]
            if settings.limit_bytes:
                spare = min(settings.limit_bytes, _SPARE_BYTES)
                stores += [LocalValues(settings.folder, settings.limit_bytes), ProcessValues(spare)]
            cache = _open[key] = ValueCache(stores)
            # What was counted goes to all processes when this one ends.
            atexit.register(cache.close)
        return cache


def _shared(settings: CacheSettings) -> "list[RedisValues]":
    """Return the store in Redis, if one is asked for."""
    if not settings.shared:
        return []
    # 0.2 s of modules, which nobody else needs.
    try:
        from tapehead.caches.values.shared import RedisValues
    except ModuleNotFoundError as error:
        if error.name != "redis":
            raise
        raise MissingPackageError(call="TAPEHEAD_REDIS", package="'tapehead[redis]'") from error
    return [RedisValues(settings.shared, name_in_errors=settings.shared_by)]
