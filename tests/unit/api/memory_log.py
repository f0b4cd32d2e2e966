"""An event log in memory, to see what streams ask of one."""

from collections.abc import Callable, Sequence

from tapehead.ports.runs import Told

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


class Log:
    """An event log in memory that counts its reads; the port is proven elsewhere."""

    def __init__(self) -> None:
        self.events: list[bytes] = []
        self.reads: list[tuple[int, int]] = []
        self.told: Told = lambda run, last, rows: None

    def add(self, count: int, name: str = "progress", *, at_hand: bool = False) -> None:
        """Add events and tell of them, with their bytes where they are to be at hand."""
        before = len(self.events)
        for _ in range(count):
            place = (name.encode(), RUN.encode(), len(self.events) + 1)
            self.events.append(b'{"event":"%b","id":"%b/%d"}' % place)
        rows = list(enumerate(self.events[before:], before + 1))
        self.told(RUN, len(self.events), rows if at_hand else ())

    def read(self, _run: str, after: int, limit: int, *, tiles: bool = False) -> Sequence[tuple[int, bytes]]:
        self.reads.append((after, limit))
        return list(enumerate(self.events[after : after + limit], after + 1))

    def last(self, _run: str) -> int:
        return len(self.events)

    def listen(self, told: Told) -> Callable[[], None]:
        self.told = told
        return lambda: None
