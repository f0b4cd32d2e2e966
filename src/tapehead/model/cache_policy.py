"""CachePolicy: how long values of a kind are good, and how many are kept."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from tapehead.errors import ParameterError

_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST_S: Final = 10 * 366 * 86_400
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """How long values of a kind are good, and how many are kept.

    Attributes
    ----------
    name : str
        Letters, digits, `_`, `.` and `-`; also the namespace of its values where no other is given.
    ttl : str, float or timedelta
        How long a value is good, counted from when it was made: `"90s"`, `"5m"`, `"1h"`, `"1d"`, `"1w"`, or seconds.
    max_items : int
        Most values of the namespace on this machine; the longest unused go first. In Redis its own bound holds.
    max_value_bytes : int
        A value that takes more is handed out and not kept.

    Examples
    --------
    >>> CachePolicy("quotes", "5s").ttl_s
    5.0
    """

    name: str
    ttl: str | float | timedelta
    max_items: int = 100_000
    max_value_bytes: int = 64 * _MIB

    def __post_init__(self) -> None:
        """Refuse what no cache can keep."""
        check_namespace("name", self.name)
        read_ttl(self.ttl)
        for name in ("max_items", "max_value_bytes"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise ParameterError(name=name, value=getattr(self, name), bound="an integer of at least 1")

    @property
    def ttl_s(self) -> float:
        """How long a value is good, in seconds."""
        return read_ttl(self.ttl)


def read_ttl(ttl: str | float | timedelta) -> float:
    """Return seconds of `"5m"`, of a number of seconds or of a timedelta; raise ParameterError."""
    seconds = -1.0
    if isinstance(ttl, timedelta):
        seconds = ttl.total_seconds()
    elif isinstance(ttl, str):
        match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)([smhdw])", ttl.strip())
        seconds = float(match[1]) * _UNITS_S[match[2]] if match else -1.0
    elif isinstance(ttl, (int, float)) and not isinstance(ttl, bool):
        seconds = float(ttl)
    if not 0 < seconds <= _LONGEST_S:
        bound = "above 0 and at most 10 years: a number with a unit of s m h d w, such as '5m', or seconds"
        raise ParameterError(name="ttl", value=repr(ttl), bound=bound)
    return seconds


def check_namespace(name: str, value: object) -> None:
    """Raise ParameterError for what cannot name values: it stands in the keys of a Redis, and is looked for there."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        bound = "1 to 100 letters, digits, '_', '.' and '-', such as quotes"
        raise ParameterError(name=name, value=repr(value), bound=bound)


POLICIES: Final = {
    policy.name: policy
    for policy in (
        CachePolicy("quotes", "60s"),
        CachePolicy("history", "1h"),
        CachePolicy("news", "30m"),
        CachePolicy("indicators", "5m"),
        CachePolicy("predictions", "10m"),
        CachePolicy("company_facts", "1d"),
    )
}
"""Policies that have a name."""
