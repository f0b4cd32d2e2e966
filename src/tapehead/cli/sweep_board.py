"""SweepBoard: what the events of a sweep have told so far."""

from dataclasses import dataclass

from tapehead.cli import numbers
from tapehead.cli.board import Board
from tapehead.cli.surface_table import set_words
from tapehead.model.events import Event, Progress, Tiled


@dataclass(slots=True)
class SweepBoard(Board):
    """As Board, of which no row is kept: `cells` counts the results, which lie with the store.

    `instruments` is how many were asked for; `total` counts cells. `leading` says which set is best so far, by the
    parameters that `names` has.
    """

    cells: int = 0
    instruments: int = 0
    names: tuple[str, ...] = ()
    leading: str = ""

    @property
    def asked(self) -> int:
        """How many instruments were asked for."""
        return self.instruments

    @property
    def aside(self) -> list[str]:
        """Which set is best so far."""
        return [self.leading] if self.leading else []

    @property
    def noted(self) -> int:
        """How many warnings there are; one of sets that failed may speak of many of them."""
        return len(self.warnings)

    def take(self, event: Event) -> None:
        """Learn from one event."""
        if isinstance(event, Tiled):
            self.cells += len(event.tile)
            self.done, self.queued = max(self.done, self.cells), None
            return
        Board.take(self, event)
        if isinstance(event, Progress) and event.best is not None:
            worth = f"median {numbers.signed(event.best['median'], 2)} on {event.best['instruments']:,} instruments"
            self.leading = f"best so far   {set_words(event.best['parameters'], self.names)}   {worth}"
