"""cached: a function whose answers are kept for a while, for all processes that ask."""

import functools
import inspect
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final, ParamSpec, Protocol, TypeVar, cast

from tapehead.errors import CachedFunctionError, ParameterError
from tapehead.layout.to_bytes import with_article
from tapehead.library.cache import Cache, asked_of, open_cache
from tapehead.library.function_key import classes_of, digest_of, name_of, version_of
from tapehead.model.cache_policy import CachePolicy, check_namespace
from tapehead.model.time_slot import check_slot, slot_at
from tapehead.ports.values import Asked, ValueKey

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)
_WAYS: Final = "one of ttl='5m', policy='quotes' or slot='1d'"


class CachedFunction(Protocol[P, R_co]):
    """A function whose answers are kept; `namespace` is their name, `__wrapped__` the function itself."""

    namespace: str
    __wrapped__: Callable[..., Any]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Return what is kept, else call."""
        ...

    def __get__(self, instance: object, owner: type | None = None) -> Callable[..., R_co]:
        """Bind as a method."""
        ...

    def fresh(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Call, whatever is kept, and keep what that gives."""
        ...

    def forget(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Drop what is kept for these arguments; say whether there was anything."""
        ...

    def key(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """Return the key of these arguments: namespace, digest, version of the function."""
        ...


def cached(
    *,
    ttl: str | float | timedelta | None = None,
    policy: str | CachePolicy | None = None,
    slot: str | None = None,
    zone: str = "UTC",
    namespace: str | None = None,
    version: str | None = None,
    ignore: Sequence[str] = (),
    types: Sequence[type] = (),
    errors: Sequence[type[Exception]] = (),
    cache: Cache | None = None,
) -> Callable[[Callable[P, R_co]], CachedFunction[P, R_co]]:
    """Keep what a function returns, and give it to whoever asks again: other threads, tasks and processes too.

    Parameters
    ----------
    ttl : str, float or timedelta, optional
        How long an answer is good: `"90s"`, `"5m"`, `"1h"`, `"1d"`, or seconds.
    policy : str or CachePolicy, optional
        That by a name: quotes (60 s), history (1 h), news (30 min), indicators (5 min), predictions (10 min),
        company_facts (1 day), or your own.
    slot, zone : str, optional
        An answer is good until the slot of time ends in which it was asked for: `"1d"` in `"America/New_York"`.
    namespace : str, optional
        Name of the answers in statistics and for `clear`; default the policy's, else the function's.
    version : str, optional
        Stands for the source of the function. Without it, a function that is changed is asked anew.
    ignore : sequence of str
        Arguments that are not part of the key, such as `self` or a session.
    types : sequence of type
        Dataclasses, enums and named tuples in arguments and answers, beside those that the annotations name.
    errors : sequence of exception types
        What is kept too when it is raised, by its arguments; else every call that fails is made again.
    cache : Cache, optional
        Default that of `open_cache()`.

    Returns
    -------
    callable
        Of a function or a coroutine function the same kind, with `fresh`, `forget`, `key`.

    Raises
    ------
    ParameterError
        Not one of `ttl`, `policy` and `slot`, or one that there is not.
    CachedFunctionError
        A function whose answers cannot be kept: a generator, or one that remembers variables around it.

    Notes
    -----
    Of those who ask at once one calls, and the others get its answer. Answers come back as new objects, equal in type
    and bits. Where an argument or answer cannot be kept, UncacheableError says which and why. A Redis that is away is
    no error.

    Examples
    --------
    >>> @cached(policy="quotes")
    ... def quote(symbol: str) -> dict[str, float]:
    ...     return {"last": 1.5}
    """
    if sum(way is not None for way in (ttl, policy, slot)) != 1:
        given = ", ".join(
            f"{name}={way!r}" for name, way in (("ttl", ttl), ("policy", policy), ("slot", slot)) if way is not None
        )
        raise ParameterError(name="cached", value=given or "nothing", bound=f"given {_WAYS}")
    if slot is not None:
        check_slot(slot, zone)
    if namespace is not None:
        check_namespace("namespace", namespace)

    def wrap(function: Callable[P, R_co]) -> CachedFunction[P, R_co]:
        asker = _Asker(function, ttl, policy, slot, zone, namespace, version, ignore, types, errors, cache)
        return cast(CachedFunction[P, R_co], asker.wrapped())

    return wrap


class _Asker:
    """What is known of one cached function."""

    def __init__(
        self,
        function: Callable[..., Any],
        ttl: str | float | timedelta | None,
        policy: str | CachePolicy | None,
        slot: str | None,
        zone: str,
        namespace: str | None,
        version: str | None,
        ignore: Sequence[str],
        types: Sequence[type],
        errors: Sequence[type[Exception]],
        cache: Cache | None,
    ) -> None:
        _check(function, ignore)
        self._function, self._cache = function, cache or open_cache()
        self._slot, self._zone = slot, zone
        self._ignore, self._types, self._errors = tuple(ignore), tuple(types), tuple(errors)
        self._name, self._signature = name_of(function), inspect.signature(function)
        given = self._cache.policy(policy) if policy is not None else None
        life: str | float | timedelta = given.ttl if given else ttl if ttl is not None else str(slot)
        self.namespace = namespace or (given.name if given else _plain(self._name))
        bounds = {"max_items": given.max_items, "max_value_bytes": given.max_value_bytes} if given else {}
        self._policy = CachePolicy(self.namespace, life, **bounds)
        self._version = version_of(function, version)
        self._classes: dict[type, str] | None = None
        self._lock = threading.Lock()

    def wrapped(self) -> Any:
        """Return the function that asks first."""
        function, cache = self._function, self._cache
        made: Any
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def ask_async(*args: Any, **kwargs: Any) -> Any:
                return await cache.values.get_or_make_async(
                    self._asked(args, kwargs), lambda: function(*args, **kwargs)
                )

            async def fresh_async(*args: Any, **kwargs: Any) -> Any:
                value = await function(*args, **kwargs)
                await cache.values.put_async(self._asked(args, kwargs), value)
                return value

            made = ask_async
            made.fresh = fresh_async
        else:

            @functools.wraps(function)
            def ask(*args: Any, **kwargs: Any) -> Any:
                return cache.values.get_or_make(self._asked(args, kwargs), lambda: function(*args, **kwargs))

            def fresh(*args: Any, **kwargs: Any) -> Any:
                value = function(*args, **kwargs)
                cache.values.put(self._asked(args, kwargs), value)
                return value

            made = ask
            made.fresh = fresh
        made.forget = lambda *args, **kwargs: cache.values.forget(self._asked(args, kwargs).key)
        made.key = self._shown
        made.namespace = self.namespace
        return made

    def _asked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Asked:
        """Return what a call asks for."""
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        classes = self._named_classes()
        label, left_s = "", self._policy_s
        if self._slot is not None:
            slot = slot_at(time.time(), self._slot, self._zone)
            label = slot.label

            def left_s() -> float:
                return slot.end_s - time.time()

        digest = digest_of([self.namespace, self._name, label], bound.arguments, classes, self._ignore)
        key = ValueKey(self.namespace, digest, self._version)
        return asked_of(key, self._policy, left_s, classes, self._errors, f"what {self._name} returned")

    def _policy_s(self) -> float:
        """Return how long an answer is good."""
        return self._policy.ttl_s

    def _shown(self, *args: Any, **kwargs: Any) -> str:
        """Return the key of a call as text."""
        key = self._asked(args, kwargs).key
        return f"{key.namespace}:{key.digest.hex()}:{key.version}"

    def _named_classes(self) -> dict[type, str]:
        """Return the classes of arguments and answers, worked out at the first call: names may stand below."""
        with self._lock:
            if self._classes is None:
                self._classes = classes_of(self._function, self._types)
            return self._classes


def _check(function: Callable[..., Any], ignore: Sequence[str]) -> None:
    """Refuse what has no answer to keep."""
    if not inspect.isfunction(function):
        kind = type(function).__name__
        cause, step = (
            f"it is {with_article(kind)}, and only functions have a source to be known by",
            "Write a function that calls it",
        )
        raise CachedFunctionError(name=getattr(function, "__name__", kind), cause=cause, step=step)
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        cause, step = "it yields, and what was yielded is gone when it is asked again", "Return a list"
        raise CachedFunctionError(name=name_of(function), cause=cause, step=step)
    held = inspect.signature(function).parameters
    for name in ignore:
        if name not in held:
            bound = f"arguments of {name_of(function)}: {', '.join(held) or 'it has none'}"
            raise ParameterError(name="ignore", value=repr(name), bound=bound)


def _plain(name: str) -> str:
    """Return a function's name as a namespace: letters, digits, `_`, `.` and `-`."""
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_.-") else "_" for letter in name)
    return plain.lstrip(".-")[-100:].lstrip(".-") or "function"
