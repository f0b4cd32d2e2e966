"""SweepBoard: what the events of a sweep have told so far."""

from dataclasses import dataclass

from tapehead.cli.board import Board
from tapehead.model.events import Event, Tiled


@dataclass(slots=True)
class SweepBoard(Board):
    """As Board, of which no row is kept: `cells` counts the results, which lie with the store."""

    cells: int = 0

    def take(self, event: Event) -> None:
        """Learn from one event."""
        if isinstance(event, Tiled):
            self.cells += len(event.tile)
            self.done, self.queued = max(self.done, self.cells), None
        else:
            Board.take(self, event)
