"""Upkeep: what keeps a store healthy, and what takes back a change."""

from tapehead.model.segment import Commit
from tapehead.wiring.assemble import House


class Upkeep:
    """The part of `Store` that looks after what is held."""

    _house: House

    def undo(self, commit: int) -> Commit:
        """Take back one commit, such as an import; the undo is a commit too, and can be undone.

        Raises
        ------
        UndoError
            There is no such commit, it was undone already, or a later one builds on it.
        """
        return self._house.bars.undo(commit)
