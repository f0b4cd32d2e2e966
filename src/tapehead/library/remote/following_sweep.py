"""FollowingTiles: a client's place in the events of a sweep that is told tile by tile."""

from collections.abc import Callable, Mapping

from tapehead.errors import ServerAwayError, SurroundingsError
from tapehead.jobs.sweep_digest import Columns, SweepDigest, columns_of
from tapehead.library.remote.following import Following
from tapehead.library.remote.problems import passing_cause
from tapehead.model.tile import Tile


class FollowingTiles(Following):
    """As Following; each event `tile` says where a tile lies, which is fetched and handed to `keep` before the next.

    Parameters
    ----------
    run, url : str
    interval : str
    named : callable
        Gives the parameters of a set by its number in the space.

    Notes
    -----
    Memory: 64 bytes a cell, for the digest over them all.
    """

    def __init__(
        self, run: str, url: str, interval: str, named: Callable[[int], Mapping[str, float | int | str]]
    ) -> None:
        super().__init__(run, url)
        self._interval, self._named = interval, named
        self._tiles: dict[str, dict[int, Columns]] = {}

    @property
    def path(self) -> str:
        """Where the events of the sweep are told, its tiles as tiles."""
        return f"{super().path}?tiles=true"

    def keep(self, tile: Tile) -> None:
        """Keep what a tile adds to the digest."""
        own = {name: column.copy() for name, column in columns_of(tile).items()}
        self._tiles.setdefault(tile.instrument, {})[tile.lo] = own

    def away_s(self, error: SurroundingsError) -> float:
        """Return the seconds to wait before a tile is asked for again; raise what waiting does not mend."""
        return self.wait_s(str(error).split(". ")[0] if isinstance(error, ServerAwayError) else passing_cause(error))

    def _many(self) -> int:
        """Return how many results the tiles stand for."""
        return sum(len(one["points"]) for held in self._tiles.values() for one in held.values())

    def _digest(self) -> str:
        """Return the digest of all cells."""
        digest = SweepDigest(self._interval, self._named)
        for instrument in sorted(self._tiles, key=str.encode):
            digest.take(instrument, list(self._tiles[instrument].values()))
        return digest.hexdigest()
