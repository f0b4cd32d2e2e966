"""An event log in memory, to see what streams ask of one."""

from collections.abc import Callable, Sequence

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


class Log:
    """An event log in memory that counts its reads; the port is proven elsewhere."""

    def __init__(self) -> None:
        self.events: list[bytes] = []
        self.reads: list[tuple[int, int]] = []
        self.told: Callable[[str, int], None] = lambda run, last: None

    def add(self, count: int, name: str = "progress") -> None:
        for _ in range(count):
            place = (name.encode(), RUN.encode(), len(self.events) + 1)
            self.events.append(b'{"event":"%b","id":"%b/%d"}' % place)
        self.told(RUN, len(self.events))

    def read(self, _run: str, after: int, limit: int) -> Sequence[tuple[int, bytes]]:
        self.reads.append((after, limit))
        return list(enumerate(self.events[after : after + limit], after + 1))

    def last(self, _run: str) -> int:
        return len(self.events)

    def listen(self, told: Callable[[str, int], None]) -> Callable[[], None]:
        self.told = told
        return lambda: None
