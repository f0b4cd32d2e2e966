"""SerialExecutor: one task after another in the caller's thread."""

from collections.abc import Callable, Iterable, Iterator

from tapehead.ports.work import Cancel, Done, Task


class SerialExecutor:
    """`ports.work.Executor` without threads; the order of completion is the order of the tasks."""

    kind, workers = "serial", 1
    lost: tuple[str, ...] = ()

    def __init__(self, why: str = "asked for") -> None:
        self.why = why

    def map(
        self, work: Callable[[Task], Done], tasks: Iterable[Task], *, cancel: Cancel, in_flight: int
    ) -> Iterator[tuple[Task, Done]]:
        """Yield each task with its outcome; a task is taken only when it begins, so `in_flight` is always kept."""
        del in_flight
        for task in tasks:
            if cancel.asked:
                return
            yield task, work(task)

    def map_groups(
        self, work: Callable[[Task], Done], tasks: Iterable[Task], *, cancel: Cancel, in_flight: int, most: int
    ) -> Iterator[list[tuple[Task, Done]]]:
        """Yield what has ended: one at a time."""
        del most
        for one in self.map(work, tasks, cancel=cancel, in_flight=in_flight):
            yield [one]
