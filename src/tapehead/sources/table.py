"""Table: rows with named columns, whatever file they lie in, and what its place says about them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tapehead.model.factors import Basis

Opener = Callable[[Sequence[str], Sequence[str]], Iterable[Any]]
"""Names of every column, and those wanted, to pyarrow RecordBatches of just these; each call begins anew."""


@dataclass(frozen=True, slots=True)
class Table:
    """What every format is turned into before its columns are looked at.

    Attributes
    ----------
    path : str
        The file, for sentences.
    name : str
        What names symbol and interval: the path, or the member of an archive that has several.
    names : tuple of str
        Every column, in order.
    opener : callable
    sample : tuple of tuples of str
        Fields of the first rows, where the file has no header; else empty.
    guesses : tuple of str
        What was decided so far, with its evidence.
    scale : float
        Prices are divided by it.
    day_us : int or None
        Midnight of the day (us, on the wall clock of the zone) that times are counted from, in milliseconds.
    symbol, tz, interval, kind : str or None
        What the file's place says; what the user named wins.
    form : str
        Form of the text of times as strptime has it, where the format says it; else empty.
    basis : Basis or None
    """

    path: str
    name: str
    names: tuple[str, ...]
    opener: Opener
    sample: tuple[tuple[str, ...], ...] = ()
    guesses: tuple[str, ...] = ()
    scale: float = 1.0
    day_us: int | None = None
    symbol: str | None = None
    tz: str | None = None
    interval: str | None = None
    form: str = ""
    kind: str | None = None
    basis: Basis | None = None

    def open(self, wanted: Sequence[str]) -> Iterable[Any]:
        """Return record batches of the wanted columns, from the start."""
        return self.opener(self.names, wanted)
