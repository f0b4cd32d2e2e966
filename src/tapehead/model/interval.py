"""Interval: the spacing of bars."""

import re
from dataclasses import dataclass
from functools import lru_cache

from tapehead.errors import ParameterError

_UNITS_US = {"s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000, "w": 604_800_000_000}
_MONTHLY_UP_TO_US = 5 * _UNITS_US["m"]
_YEARLY_UP_TO_US = 4 * _UNITS_US["h"]


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """Spacing of bars: a count and a unit, such as `15m`, `1h` or `1d`.

    Attributes
    ----------
    us : int
        Length in microseconds.
    text : str
        Shortest spelling; `60m` is `1h`.
    """

    us: int
    text: str

    @staticmethod
    def parse(text: str) -> "Interval":
        """Read `1h`, `15m`, `1d`; raise ParameterError on anything else."""
        return _parse(text.strip() if isinstance(text, str) else repr(text))

    @staticmethod
    def of_us(us: int) -> "Interval":
        """Return the interval of `us` microseconds, a whole number of seconds."""
        if us <= 0 or us % 1_000_000:
            raise ParameterError(
                name="interval", value=f"{us} us", bound="a whole number of seconds, such as 1m, 1h or 1d"
            )
        unit = next(u for u in ("d", "h", "m", "s") if us % _UNITS_US[u] == 0)
        return Interval(us, f"{us // _UNITS_US[unit]}{unit}")

    def __str__(self) -> str:
        """Return `text`."""
        return self.text

    def period_of(self, ts: int) -> int:
        """Return the calendar period (UTC) of a segment that holds `ts`: YYYYMM up to 5m, YYYY up to 4h, else 0."""
        from datetime import UTC, datetime

        if self.us > _YEARLY_UP_TO_US:
            return 0
        day = datetime.fromtimestamp(ts // 1_000_000, UTC)
        return day.year * 100 + day.month if self.us <= _MONTHLY_UP_TO_US else day.year


@lru_cache(maxsize=256)
def _parse(text: str) -> Interval:
    """Parse once a spelling."""
    match = re.fullmatch(r"([1-9][0-9]{0,5})([smhdw])", text)
    if match is None:
        raise ParameterError(
            name="interval", value=text, bound="a number and a unit of s m h d w, such as 15m, 1h or 1d"
        )
    return Interval.of_us(int(match[1]) * _UNITS_US[match[2]])
