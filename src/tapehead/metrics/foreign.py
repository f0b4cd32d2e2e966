"""What the tables of other tools are made of: cells, ratios that may have no value, times and durations in words."""

from datetime import UTC, datetime

from tapehead.metrics.definitions import DAY_US

Cell = float | int | str | None
Table = dict[str, Cell]
_SECOND_US = 1_000_000


def ratio(over: float | None, under: float | None) -> float | None:
    """Return a quotient; None where it has no value."""
    return None if over is None or not under else over / under


def percent(value: float | None) -> float | None:
    """Return a fraction in percent."""
    return None if value is None else value * 100.0


def duration(us: float | None) -> str | None:
    """Return a time span as pandas prints it: `584 days 00:00:00`."""
    if us is None:
        return None
    days, rest = divmod(round(us), DAY_US)
    hours, rest = divmod(rest, 3600 * _SECOND_US)
    minutes, rest = divmod(rest, 60 * _SECOND_US)
    seconds, micros = divmod(rest, _SECOND_US)
    return f"{days} days {hours:02}:{minutes:02}:{seconds:02}" + (f".{micros:06}" if micros else "")


def moment(ts: int) -> str:
    """Return a time (us UTC) as pandas prints it: `2004-08-19 00:00:00`."""
    return datetime.fromtimestamp(ts / _SECOND_US, UTC).strftime("%Y-%m-%d %H:%M:%S")
