"""sweep_digest: the digest of a sweep, a line a cell, made from its tiles an instrument at a time."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.model.result import RunId
from tapehead.model.spec import canonical
from tapehead.model.tile import Tile
from tapehead.ports.runs import RunStore

Columns = Mapping[str, NDArray[Any]]
COLUMNS: Final = ("points", "decisions", "final_equity", "values.max_drawdown", "values.fees_paid")
"""What of a tile counts in the digest."""
_HEX: Final = 16


class SweepDigest:
    """The digest of `model.spec.run_digest` over the line of each cell, taken instrument after instrument.

    Parameters
    ----------
    interval : str
    named : callable
        Gives the parameters of a set by its number in the space.

    Notes
    -----
    Memory: the cells of one instrument, and a text for each set.
    """

    def __init__(self, interval: str, named: Callable[[int], Mapping[str, float | int | str]]) -> None:
        self._interval = interval
        self._named = named
        self._digest = hashlib.sha256()
        self._texts: dict[int, bytes] = {}

    def take(self, instrument: str, tiles: Sequence[Columns]) -> None:
        """Add the cells of an instrument; instruments come in the order of the UTF-8 bytes of their names."""
        held = [each for each in tiles if each["points"].shape[0]]
        for each in held:
            for point in each["points"].tolist():
                if point not in self._texts:
                    self._texts[point] = canonical(dict(self._named(point)))
        for line in self._lines(instrument, held) if held else ():
            self._digest.update(line)

    def hexdigest(self) -> str:
        """Return the digest of all that was taken."""
        return self._digest.hexdigest()

    def _lines(self, instrument: str, held: Sequence[Columns]) -> Iterator[bytes]:
        """Yield the lines of one instrument, by the canonical form of their parameters."""
        points, decisions, equity, drawdown, fees = (np.concatenate([one[name] for one in held]) for name in COLUMNS)
        # A drawdown or a fee that no JSON can say is undefined, and counts as 0.
        known = [np.where(np.isnan(column), 0.0, column) for column in (drawdown, fees)]
        numbers = np.stack([equity, *known], axis=1).astype(">f8").tobytes().hex()
        bits = decisions.tobytes().hex()
        begin = b'{"instrument":%b,"interval":%b,"parameters":' % (canonical(instrument), canonical(self._interval))
        kept = [self._texts[point] for point in points.tolist()]
        for place in sorted(range(len(kept)), key=kept.__getitem__):
            a, b, c = (numbers[_HEX * k : _HEX * (k + 1)] for k in range(3 * place, 3 * place + 3))
            yield b"%b%b} %b\n" % (begin, kept[place], f"{bits[64 * place : 64 * place + 64]} {a} {b} {c}".encode())


def columns_of(tile: Tile) -> Columns:
    """Return what of a whole tile counts in the digest; of one without a cell nothing but its points."""
    if not len(tile):
        return {"points": tile.points}
    own: dict[str, NDArray[Any]] = {"points": tile.points, "decisions": tile.decisions}
    own["final_equity"] = tile.final_equity
    return own | {name: tile.column(name.removeprefix("values.")) for name in COLUMNS if name.startswith("values.")}


def sweep_digest(
    runs: RunStore,
    run: RunId,
    instruments: Sequence[str],
    interval: str,
    named: Callable[[int], Mapping[str, float | int | str]],
) -> str:
    """Return the digest of the kept cells of a sweep on some instruments, in any order; see SweepDigest."""
    digest = SweepDigest(interval, named)
    for instrument in sorted(instruments, key=str.encode):
        digest.take(instrument, [part.columns for part in runs.tiles(run, COLUMNS, instrument)])
    return digest.hexdigest()
