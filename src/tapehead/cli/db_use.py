"""use_lines: who has a database open and how its replicas stand, for people."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tapehead.cli.cells import folded
from tapehead.cli.closing import plural

if TYPE_CHECKING:
    from tapehead.database.use import Session, Use

_MOST = 20
_WIDTH = 80
_DEEPER = " " * 8
_MINUTE_S, _HOUR_S = 60, 3600


def use_lines(use: "Use") -> Iterator[str]:
    """Yield lines of at most 80 columns, but for a URL that is longer."""
    for one in use.replicas:
        behind = "" if one.behind is None else f", {one.behind:,} commits behind"
        why = f": {one.text}" if one.text else ""
        place, stands = f"{one.name}  {one.where}", f"{one.state}{behind}{why}"
        line = f"{place}  {stands}"
        yield from [line] if len(line) <= _WIDTH else [place, *folded(stands, _WIDTH, _DEEPER, _DEEPER)]
    yield f"used    {plural(len(use.sessions), 'session')} here, {use.of_server} of {use.limit} on the server"
    if not use.sessions:
        return
    yield f"\n{'session':<46} {'does':<19} {'for':>6} {'pid':>6}"
    for session in use.sessions[:_MOST]:
        yield _line(session)
    if len(use.sessions) > _MOST:
        yield f"and {len(use.sessions) - _MOST} more: tapehead --json db status"


def _line(session: "Session") -> str:
    """Return one session; of one in a transaction, how long that is open."""
    long_s = session.state_s if session.transaction_s is None else session.transaction_s
    name = (session.name or "unnamed")[:46]
    return f"{name:<46} {session.state[:19]:<19} {_length(long_s):>6} {session.pid:>6}"[:_WIDTH]


def _length(seconds: float) -> str:
    """Return a length of time with its unit."""
    if seconds < _MINUTE_S:
        return f"{seconds:.1f} s"
    if seconds < _HOUR_S:
        return f"{seconds / _MINUTE_S:.0f} min"
    return f"{seconds / _HOUR_S:.0f} h"
