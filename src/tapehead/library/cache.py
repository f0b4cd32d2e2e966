"""Cache: values by policy and key, each fetched once however many ask; `open_cache` is the door."""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from tapehead.errors import ParameterError
from tapehead.layout.from_bytes import UnreadableError, from_bytes
from tapehead.layout.to_bytes import to_bytes
from tapehead.library.cache_stats import CacheStats, read_stats
from tapehead.library.function_key import classes_of, digest_of
from tapehead.model.cache_policy import POLICIES, CachePolicy, check_namespace
from tapehead.ports.values import Asked, ValueKey, Values
from tapehead.settings import CacheSettings, read_cache_settings

T = TypeVar("T")
_VALUE: Final = b"v"
_ERROR: Final = b"e"
EXPLICIT: Final = "0" * 16
"""Version of a value that is asked for by a key of its own."""


def open_cache(url: str | None = None, *, home: str | os.PathLike[str] | None = None) -> "Cache":
    """Open the cache that `tapehead.cached` uses; nothing is made or connected to before a value is asked for.

    Parameters
    ----------
    url : str, optional
        A Redis or Valkey, such as `redis://:PASSWORD@HOST:6379/0`, a cluster or sentinels; default TAPEHEAD_REDIS.
        Without one, values are kept in a file of this machine, which all its processes share.
    home : path, optional
        Its folder `cache` holds that file; default TAPEHEAD_HOME, else `~/.tapehead`.

    Raises
    ------
    ParameterError, MissingPackageError

    Examples
    --------
    >>> cache = open_cache()
    """
    settings = read_cache_settings(home=home)
    return Cache(settings if url is None else replace(settings, shared=url, shared_by="url"))


class Cache:
    """Values by policy and key. Safe from many threads, event loops and processes.

    Parameters
    ----------
    settings : CacheSettings
        Where values are kept.

    Notes
    -----
    A value is kept as bytes and comes back as a new object each time; see `layout.to_bytes.KEPT` for what can be.
    A Redis that is away makes it slower: values are then kept on this machine.
    """

    def __init__(self, settings: CacheSettings) -> None:
        self._settings = settings
        self._made: Values | None = None
        self._policies = {**POLICIES, **{name: CachePolicy(name, ttl) for name, ttl in settings.policies}}

    def get_or_fetch(
        self, policy: str | CachePolicy, key: Any, fetch: Callable[[], T], *, types: Sequence[type] = ()
    ) -> T:
        """Return the value of a key, calling `fetch` where there is none.

        Parameters
        ----------
        policy : str or CachePolicy
            How long it is good; its name is the namespace.
        key : any
            What stands for the value: texts, numbers, dates, tuples of them.
        fetch : callable
            Makes the value. One caller of all threads and processes calls it, the others wait. What it raises goes to
            the callers of this process and is not kept.
        types : sequence of type
            Dataclasses, enums and named tuples that the value has.

        Raises
        ------
        ParameterError
            No such policy.
        UncacheableError
            The key or the value is of a type that is not kept.
        """
        asked = self.asked(self.policy(policy), key, types)
        value: T = self.values.get_or_make(asked, fetch)
        return value

    async def get_or_fetch_async(
        self, policy: str | CachePolicy, key: Any, fetch: Callable[[], Awaitable[T]], *, types: Sequence[type] = ()
    ) -> T:
        """Return the value of a key, awaiting `fetch` where there is none; see `get_or_fetch`."""
        asked = self.asked(self.policy(policy), key, types)
        value: T = await self.values.get_or_make_async(asked, fetch)
        return value

    def get(self, policy: str | CachePolicy, key: Any, default: Any = None, *, types: Sequence[type] = ()) -> Any:
        """Return the value of a key if it is there, else `default`."""
        value, why = self.values.look(self.asked(self.policy(policy), key, types))
        return default if why else value

    def put(self, policy: str | CachePolicy, key: Any, value: Any, *, types: Sequence[type] = ()) -> None:
        """Keep a value that you have made."""
        self.values.put(self.asked(self.policy(policy), key, types), value)

    def forget(self, policy: str | CachePolicy, key: Any) -> bool:
        """Drop the value of a key; say whether it was there."""
        return self.values.forget(self.asked(self.policy(policy), key, ()).key)

    def clear(self, namespace: str | None = None) -> int:
        """Drop the values of a namespace, or all of this cache, and their counters; keys of others in a Redis stay.

        Returns
        -------
        int
            How many values.
        """
        if namespace is not None:
            check_namespace("namespace", namespace)
        return self.values.clear(namespace)

    def stats(self, *, here: bool = False) -> CacheStats:
        """Return what is held, and what was asked since it was last cleared: by all processes, or by this one alone."""
        return read_stats(self.values, here=here)

    def close(self) -> None:
        """Let go of files and connections; asking again opens them."""
        if self._made is not None:
            self._made.close()

    def policy(self, policy: str | CachePolicy) -> CachePolicy:
        """Return a policy by its name; raise ParameterError."""
        if isinstance(policy, CachePolicy):
            return policy
        found = self._policies.get(policy)
        if found is None:
            bound = f"one of {', '.join(self._policies)}, or a CachePolicy of your own"
            raise ParameterError(name="policy", value=repr(policy), bound=bound)
        return found

    @property
    def values(self) -> Values:
        """The cache below, opened at first use."""
        if self._made is None:
            from tapehead.wiring.values import open_values

            self._made = open_values(self._settings)
        return self._made

    def asked(
        self,
        policy: CachePolicy,
        key: Any,
        types: Sequence[type],
        slot: str = "",
        left_s: Callable[[], float] | None = None,
    ) -> Asked:
        """Return what is asked for by a key; with a slot, for as long as `left_s` says when it is there."""
        classes = classes_of(None, types)
        digest = digest_of([policy.name, "", slot], {"key": key}, classes)
        return asked_of(ValueKey(policy.name, digest, EXPLICIT), policy, left_s or (lambda: policy.ttl_s), classes)


def asked_of(
    key: ValueKey,
    policy: CachePolicy,
    ttl_s: Callable[[], float],
    classes: Mapping[type, str],
    errors: Sequence[type[Exception]] = (),
    place: str = "the value",
) -> Asked:
    """Return what is asked for: how its value, or an exception of `errors`, is written and read."""
    by_name = {name: kind for kind, name in classes.items()}
    known = {f"{kind.__module__}:{kind.__qualname__}": kind for kind in errors}

    def write(value: Any) -> bytes:
        return _VALUE + to_bytes(value, classes, place=place)

    def write_error(error: Exception) -> bytes | None:
        kind = type(error)
        if kind not in errors:
            return None
        said = [f"{kind.__module__}:{kind.__qualname__}", list(error.args)]
        return _ERROR + to_bytes(said, classes, place=f"the {kind.__name__} of {place}")

    def read(data: bytes) -> Any:
        if data[:1] == _VALUE:
            return from_bytes(data[1:], by_name)
        name, args = from_bytes(data[1:], by_name)
        if name not in known:
            raise UnreadableError(f"exception {name!r}")
        try:
            kept = known[name](*args)
        except TypeError as error:
            raise UnreadableError(f"exception {name!r} is made otherwise now") from error
        raise kept

    return Asked(key, ttl_s, policy.max_items, policy.max_value_bytes, write, write_error, read, UnreadableError)
