"""iso, us_of: moments as text that never varies."""

from datetime import UTC, datetime


def iso(ts: int) -> str:
    """Return a time (us UTC) as ISO 8601 with Z."""
    moment = datetime.fromtimestamp(ts // 1_000_000, UTC)
    micro = ts % 1_000_000
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{micro:06d}" if micro else "") + "Z"


def us_of(text: str) -> int:
    """Undo `iso`."""
    since = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
