"""read_time: what a user writes for a moment, as us UTC."""

from datetime import UTC, date, datetime
from typing import Any

from tapehead.errors import ParameterError

_FIRST_US, _LAST_US = -30_610_224_000_000_000, 253_402_300_800_000_000


def read_time(name: str, value: Any) -> int | None:
    """Return a moment as us UTC.

    Parameters
    ----------
    name : str
        The setting, for the sentence.
    value : str, date, datetime, int or None
        ISO 8601, UTC where it names no zone; an int is us UTC already; None stays None.

    Raises
    ------
    ParameterError
    """
    given = value
    wrong = ParameterError(
        name=name, value=value, bound="a date or ISO time in UTC, such as 2021-04-01 or 2021-04-01T12:00Z"
    )
    if value is None or isinstance(value, bool):
        if value is None:
            return None
        raise wrong
    if isinstance(value, int):
        return _bounded(name, value, value)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise wrong from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        raise wrong
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return _bounded(name, (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds, given)


def _bounded(name: str, us: int, given: Any) -> int:
    """Raise ParameterError unless a moment has four digits for its year."""
    if not _FIRST_US <= us < _LAST_US:
        bound = "a time from the year 1000 to the year 9999, as a date, ISO text or us UTC"
        raise ParameterError(name=name, value=given, bound=bound)
    return us
