"""verify: make a run again from its segments and compare every bit."""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tapehead.model.result import RunResult
from tapehead.model.trades import without_rates

Verdict = Literal["identical", "same decisions, metrics within 4 ulp (other CPU or libm)", "differs"]
IDENTICAL: Verdict = "identical"
SAME_DECISIONS: Verdict = "same decisions, metrics within 4 ulp (other CPU or libm)"
DIFFERS: Verdict = "differs"
NEAR_ULP = 4


@dataclass(frozen=True, slots=True)
class Verification:
    """Outcome of a verification.

    `compared` results were made again; `first_difference` names instrument and field, with both values; `changed` says
    which of code and engine are no longer what the receipt names.
    """

    run: str
    verdict: Verdict
    compared: int
    digest: str
    first_difference: str = ""
    changed: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the document `tapehead.verify/1`."""
        return {
            "schema": "tapehead.verify/1",
            "run": self.run,
            "verdict": self.verdict,
            "compared": self.compared,
            "digest": self.digest,
            "first_difference": self.first_difference,
            "changed": list(self.changed),
        }


def compare(
    kept: Mapping[str, RunResult], made: Mapping[str, RunResult], failed: Mapping[str, str] | None = None
) -> tuple[Verdict, str]:
    """Return the verdict over results by instrument, and the first difference in order of instrument.

    `failed` says why an instrument could not be made again.
    """
    near = ""
    for name in sorted({*kept, *made}):
        if name not in made:
            return DIFFERS, f"{name}: kept but not made again. {(failed or {}).get(name, '')}".strip()
        if name not in kept:
            return DIFFERS, f"{name}: made again but not kept"
        old, new = kept[name], made[name]
        said = _trades(old, new) or _words(old, new)
        if said:
            return DIFFERS, f"{name}: {said}"
        for field, a, b in _numbers(old, new):
            if a == b and type(a) is type(b) and _same_bits(a, b):
                continue
            text = f"{name}: {field} was {a!r}, is {b!r}"
            if field == "final_equity" or not is_near(a, b):
                return DIFFERS, text
            near = near or text
    return (SAME_DECISIONS, near) if near else (IDENTICAL, "")


def _numbers(old: RunResult, new: RunResult) -> list[tuple[str, float | None, float | None]]:
    """Return every number of both results, side by side."""
    rows: list[tuple[str, float | None, float | None]] = [("final_equity", old.final_equity, new.final_equity)]
    rows += [(name, old.metrics.get(name), new.metrics.get(name)) for name in {**old.metrics, **new.metrics}]
    length = max(len(old.equity), len(new.equity))
    padded = [(*line, *([None] * (length - len(line)))) for line in (old.equity.tolist(), new.equity.tolist())]
    return [*rows, *((f"equity[{k}]", padded[0][k], padded[1][k]) for k in range(length))]


def _same_bits(a: float | None, b: float | None) -> bool:
    """Tell 0.0 from -0.0."""
    return a is None or b is None or struct.pack(">d", a) == struct.pack(">d", b)


def is_near(a: float | None, b: float | None) -> bool:
    """Say whether two values are at most 4 units in the last place apart."""
    if a is None or b is None:
        return False
    return abs(a - b) <= NEAR_ULP * max(math.ulp(a), math.ulp(b))


def _words(old: RunResult, new: RunResult) -> str:
    """Return the first of a result's facts that differs, numbers and trades apart; empty when none does."""
    for name in ("interval", "parameters", "flags", "why", "bars", "first", "last", "segments", "decisions"):
        a, b = getattr(old, name), getattr(new, name)
        if a != b:
            if name in ("segments", "decisions"):
                return f"{name} differ: other hashes are kept"
            return f"{name} was {a!r}, is {b!r}"
    return ""


def _trades(old: RunResult, new: RunResult) -> str:
    """Return the first trade that differs, in words; empty when none does."""
    if old.trades is None or new.trades is None:
        return "no trades are kept" if old.trades is not new.trades else ""
    kept, made = old.trades, new.trades
    if kept.entry_rate is None:
        # They were kept before trades had rates, or have none.
        made = without_rates(made)
    if kept.to_bytes() == made.to_bytes():
        return ""
    before, after = list(kept.rows()), list(made.rows())
    for k, (a, b) in enumerate(zip(before, after, strict=False)):
        # A level that there was none of is NaN on both sides, and differs from itself.
        differing = [name for name in a if a[name] != b[name] and not (a[name] != a[name] and b[name] != b[name])]
        if differing:
            return f"trade {k + 1}: {differing[0]} was {a[differing[0]]!r}, is {b[differing[0]]!r}"
    return f"{len(before)} trades were kept, {len(after)} were made again"
