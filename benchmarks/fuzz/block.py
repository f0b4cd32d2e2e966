"""Block: a case in the format of the truth tables (`tests/truth`), with what came of it."""

from __future__ import annotations

from benchmarks.fuzz.case import PRICES, WISHES, Case
from benchmarks.fuzz.ours import tell
from benchmarks.fuzz.plain import orders


def block(case: Case, sentence: str) -> str:
    """Return one case: bars, wishes, settings; orders as the rules have them, trades and equity as Tapehead does."""
    rows = [["hour", *PRICES, "volume", "signals"]]
    for t, step in enumerate(case.step):
        prices = [f"{getattr(case, name)[t]!r}".removesuffix(".0") for name in PRICES]
        rows.append([str(step), *prices, "5", " ".join(name for name in WISHES if getattr(case, name)[t]) or "-"])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    table = ["  ".join(cell.ljust(n) for cell, n in zip(row, widths, strict=True)).rstrip() for row in rows]
    told = [f"orders: {'; '.join(orders(case)) or 'none'}", *tell(case)]
    name = f"case {case.number} of seed {case.seed}, tier {case.tier}"
    return "\n".join([f"### {name}", sentence, f"settings: {_settings(case)}", *table, *told])


def _settings(case: Case) -> str:
    """Settings in the words of the tables; only what is not the default there."""
    said = {"fill": case.settings.fill, "cash": case.settings.cash, **case.settings.changed()}
    said.pop("levels", None)
    return " ".join(f"{name}={_word(value)}" for name, value in said.items())


def _word(value: object) -> str:
    """A value as the tables write it; a rate without a unit is a fraction."""
    return "yes" if value is True else str(value)
