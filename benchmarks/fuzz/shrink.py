"""Shrink a failing case: fewer bars, fewer wishes, plainer settings and prices, as long as it still fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from benchmarks.fuzz.case import PRICES, WISHES, Case, Settings

Fails = Callable[[Case], bool]
MOST_TRIES = 1500


def shrink(case: Case, fails: Fails, tries: int = MOST_TRIES) -> Case:
    """Return a case that fails too and from which nothing more can be taken in one step, or in `tries` steps."""
    smaller = True
    while smaller and tries > 0:
        smaller = False
        for simpler in _simpler(case):
            tries -= 1
            if fails(simpler):
                case, smaller = simpler, True
                break
            if tries <= 0:
                break
    return case


def _simpler(case: Case) -> Iterator[Case]:
    """Yield simpler cases, the boldest first."""
    n = len(case)
    size = n // 2
    while size >= 1:
        for begin in range(n - size, -1, -size):
            if n - size >= 1:
                yield case.bars([i for i in range(n) if not begin <= i < begin + size])
        size //= 2
    yield from _plainer_settings(case)
    for name in WISHES:
        for t, wish in enumerate(getattr(case, name)):
            if wish:
                yield replace(case, **{name: [*getattr(case, name)[:t], False, *getattr(case, name)[t + 1 :]]})
    yield from _plainer_prices(case)


def _plainer_settings(case: Case) -> Iterator[Case]:
    """Yield cases with one setting as it is by default, or rounder."""
    plain = Settings()
    for name, value in case.settings.changed().items():
        changed = {name: getattr(plain, name)} | ({"flip": False} if name == "side" else {})
        yield replace(case, settings=replace(case.settings, **changed))
        if name == "fee" and value != 0.5:
            yield replace(case, settings=replace(case.settings, fee=0.5))
    if case.step != list(range(len(case))):
        yield replace(case, step=list(range(len(case))))


def _plainer_prices(case: Case) -> Iterator[Case]:
    """Yield cases with a bar that stands still, or with fewer digits."""
    for t in range(len(case)):
        now = {getattr(case, name)[t] for name in PRICES}
        for price in (10.0, 20.0, 30.0, case.open[t]):
            if now == {price}:
                break
            flat = {name: [*getattr(case, name)[:t], price, *getattr(case, name)[t + 1 :]] for name in PRICES}
            yield replace(case, **flat)
    for digits in (0, 1, 2, 4):
        rounded = {name: [max(round(price, digits), 10.0**-digits) for price in getattr(case, name)] for name in PRICES}
        if any(rounded[name] != getattr(case, name) for name in PRICES):
            yield replace(case, **rounded)
