"""Steps: how the schema of each SQLite file came about; a new file takes them all, an older one those it lacks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

_SQL: Final = Path(__file__).parent / "sql"


class Step(NamedTuple):
    """One step.

    Attributes
    ----------
    sql : tuple of str
        Files that take it, in order; none where only what is written into rows is new, or nobody can take it any more.
    begin : str
        That of them by which a new file begins at this step: it makes every table.
    back : str
        File that takes it back without a loss, once the tables of `empty` are; empty where that cannot be.
    empty : tuple of str
        Tables that must be empty for that.
    kept : str
        What would be lost, as the end of a sentence.
    """

    sql: tuple[str, ...] = ()
    begin: str = ""
    back: str = ""
    empty: tuple[str, ...] = ()
    kept: str = "the store itself"


STEPS: Final[Mapping[str, tuple[Step, ...]]] = {
    "bars": (
        Step(),
        Step(
            ("bars_0002_aside.sql", "bars_0002_begin.sql", "bars_0002_fill.sql"),
            begin="bars_0002_begin.sql",
            kept="commits that were undone or given back, new bars, factors and empty ranges",
        ),
        Step(("bars_0003_newest.sql",), back="bars_0003_no_newest.sql"),
        Step(("bars_0004_presets.sql",), back="bars_0004_no_presets.sql", empty=("presets",), kept="presets"),
    ),
    "runs": (
        Step(("runs_0001_begin.sql",), begin="runs_0001_begin.sql"),
        Step(kept="trades of results, which are written otherwise since"),
        Step(
            ("runs_0003_sweeps.sql",),
            back="runs_0003_no_sweeps.sql",
            empty=("tiles", "trials"),
            kept="results of sweeps and the ledger of trials",
        ),
        Step(("runs_0004_lines.sql",), back="runs_0004_no_lines.sql", kept=""),
    ),
    "access": (Step(("access_0001_begin.sql",), begin="access_0001_begin.sql"),),
}
"""By the name of a file: its steps, the first of number 1; the number it stands at is its `PRAGMA user_version`."""


def statements_up(name: str, found: int) -> list[str]:
    """Return the statements that bring a file from the step it stands at, 0 for a new one, to the newest."""
    steps = STEPS[name]
    files: list[str] = []
    if not found:
        found = max(number for number, step in enumerate(steps, 1) if step.begin)
        files = [steps[found - 1].begin]
    files += [file for step in steps[found:] for file in step.sql]
    return [one for file in files for one in statements_in(file)]


def statements_in(file: str) -> list[str]:
    """Return the statements of a file; each ends with a line that ends in a semicolon."""
    text = (_SQL / file).read_text(encoding="utf-8")
    return [part for part in text.split(";\n") if part.strip()]
