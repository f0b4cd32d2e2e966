"""sweep_digest: the digest of a sweep, a line a cell, made from its tiles an instrument at a time."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tapehead.model.result import RunId
from tapehead.model.spec import canonical
from tapehead.ports.runs import RunStore, TilePart

I64 = NDArray[np.int64]
_COLUMNS = ("points", "decisions", "final_equity", "values.max_drawdown", "values.fees_paid")
_HEX = 16


def sweep_digest(
    runs: RunStore,
    run: RunId,
    instruments: Sequence[str],
    interval: str,
    named: Callable[[int], Mapping[str, float | int | str]],
) -> str:
    """Return the digest of the kept cells of a sweep: that of `model.spec.run_digest` over the line of each.

    Parameters
    ----------
    instruments : sequence of str
        Those that may have cells, in any order.
    named : callable
        Gives the parameters of a set by its number in the space.

    Notes
    -----
    Memory: the cells of one instrument, and a text for each set.
    """
    digest = hashlib.sha256()
    texts: dict[int, bytes] = {}
    for instrument in sorted(instruments, key=str.encode):
        parts = list(runs.tiles(run, _COLUMNS, instrument))
        for each in parts:
            for point in each.columns["points"].tolist() if each.cells else ():
                if point not in texts:
                    texts[point] = canonical(dict(named(point)))
        for line in _lines(instrument, interval, parts, texts):
            digest.update(line)
    return digest.hexdigest()


def _lines(instrument: str, interval: str, parts: Sequence[TilePart], texts: Mapping[int, bytes]) -> Iterator[bytes]:
    """Yield the lines of one instrument, by the canonical form of their parameters."""
    held = [each.columns for each in parts if each.cells]
    if not held:
        return
    points, decisions, equity, drawdown, fees = (np.concatenate([one[name] for one in held]) for name in _COLUMNS)
    # A drawdown or a fee that no JSON can say is undefined, and counts as 0.
    known = [np.where(np.isnan(column), 0.0, column) for column in (drawdown, fees)]
    numbers = np.stack([equity, *known], axis=1).astype(">f8").tobytes().hex()
    bits = decisions.tobytes().hex()
    begin = b'{"instrument":%b,"interval":%b,"parameters":' % (canonical(instrument), canonical(interval))
    kept = [texts[point] for point in points.tolist()]
    for place in sorted(range(len(kept)), key=kept.__getitem__):
        a, b, c = (numbers[_HEX * k : _HEX * (k + 1)] for k in range(3 * place, 3 * place + 3))
        yield b"%b%b} %b\n" % (begin, kept[place], f"{bits[64 * place : 64 * place + 64]} {a} {b} {c}".encode())
