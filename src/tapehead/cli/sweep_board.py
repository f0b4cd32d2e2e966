"""SweepBoard: what the events of a sweep have told so far."""

from dataclasses import dataclass

from tapehead.cli.board import Board
from tapehead.model.events import Event, Tiled


@dataclass(slots=True)
class SweepBoard(Board):
    """As Board, of which no row is kept: `cells` counts the results, which lie with the store.

    `instruments` is how many were asked for; `total` counts cells.
    """

    cells: int = 0
    instruments: int = 0

    @property
    def asked(self) -> int:
        """How many instruments were asked for."""
        return self.instruments

    @property
    def noted(self) -> int:
        """How many warnings there are; one of sets that failed may speak of many of them."""
        return len(self.warnings)

    def take(self, event: Event) -> None:
        """Learn from one event."""
        if isinstance(event, Tiled):
            self.cells += len(event.tile)
            self.done, self.queued = max(self.done, self.cells), None
        else:
            Board.take(self, event)
