"""replay: the kept events of a run."""

from collections.abc import Iterator

from tapehead.model.result import RunId
from tapehead.ports.runs import EventLog

_PAGE = 256


def replay(log: EventLog, run: RunId, *, tiles: bool = False) -> Iterator[tuple[int, bytes]]:
    """Yield the kept events of a run, as first sent; with `tiles` each tile as one event."""
    after = 0
    while page := log.read(run, after, _PAGE, tiles=tiles):
        yield from page
        after = page[-1][0]
