"""Indicators by name: those of the catalogue, of installed packages (group `tapehead.indicators`), and of TA-Lib."""

from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from tapehead.errors import IndicatorPluginError, UnknownIndicatorError
from tapehead.indicators.catalogue import INDICATORS, Indicator, function_of

ENTRY_POINTS = "tapehead.indicators"
TALIB = "talib"


def indicators() -> tuple[Indicator, ...]:
    """Return the catalogue and what installed packages offer, by name; TA-Lib's are asked for by their own."""
    return tuple(sorted((*INDICATORS, *plugged()), key=lambda one: one.name))


def talib() -> tuple[Indicator, ...]:
    """Return TA-Lib's functions; raise MissingPackageError where its wheel is not installed."""
    from tapehead.indicators.talib import talib_indicators

    return talib_indicators()


def named_indicator(name: str) -> Indicator | None:
    """Return the indicator of a name, `talib.CDLDOJI` among them; None where there is none."""
    held: tuple[Indicator, ...] = INDICATORS
    if name.startswith(f"{TALIB}."):
        held = talib()
    elif all(one.name != name for one in held):
        # 50 ms, paid only for a name that the catalogue has not.
        held = plugged()
    return next((one for one in held if one.name == name), None)


def find_indicator(name: str) -> Indicator:
    """Return the indicator of a name; raise UnknownIndicatorError with what is near."""
    found = named_indicator(name)
    if found is None:
        held = talib() if name.startswith(f"{TALIB}.") else indicators()
        known = {one.name.lower(): one.name for one in held}
        near = [known[each] for each in get_close_matches(name.lower(), known, 1)]
        raise UnknownIndicatorError(name=name, hint=f" Did you mean '{near[0]}'?" if near else "")
    return found


@lru_cache(maxsize=1)
def plugged() -> tuple[Indicator, ...]:
    """Load the entries that installed packages offer.

    Raises
    ------
    IndicatorPluginError
        One does not load, is no entry, has a name that is taken, or its function is not there.
    """
    from importlib.metadata import entry_points

    found: dict[str, Indicator] = {}
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        package = point.dist.name if point.dist is not None else point.value
        entry = _loaded(point, package)
        if entry.name in found or any(one.name == entry.name for one in INDICATORS):
            raise IndicatorPluginError(plugin=point.name, package=package, cause=f"the name '{entry.name}' is taken")
        found[entry.name] = entry
    return tuple(found.values())


def _loaded(point: Any, package: str) -> Indicator:
    """Load one entry and its function."""
    try:
        made = point.load()
    except Exception as error:
        cause = f"it does not load, {type(error).__name__}: {error}"
        raise IndicatorPluginError(plugin=point.name, package=package, cause=cause) from error
    if not isinstance(made, Indicator) or "." not in made.module or not made.name.isidentifier():
        cause = "it is no tapehead.indicators.entry.Indicator that names its own module, with a dot in it"
        raise IndicatorPluginError(plugin=point.name, package=package, cause=cause)
    try:
        function_of(made)
    except (ImportError, AttributeError) as error:
        raise IndicatorPluginError(plugin=point.name, package=package, cause=str(error)) from error
    return made
