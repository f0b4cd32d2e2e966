"""short_spec: what was asked of a run, without the rows of weights and facts that were given with it."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from tapehead.model.spec import canonical


def short_spec(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a spec in its canonical form, for lists and events; one that is short already stays as it is.

    Given weights and facts become `rows` (how many), `first` and `last` (their times, ISO, UTC) and `sha256` (hex, of
    their canonical JSON). A run is made again from the whole spec only.
    """
    pooling = spec.get("portfolio", {})
    weights, facts = pooling.get("weights"), pooling.get("facts")
    short: dict[str, Any] = {}
    if isinstance(weights, Mapping) and "sha256" not in weights:
        short["weights"] = _outline(weights, weights, sum(map(len, weights.values())))
    if isinstance(facts, list):
        short["facts"] = _outline(facts, (row["time"] for row in facts), len(facts))
    return {**spec, "portfolio": {**pooling, **short}} if short else dict(spec)


def _outline(whole: Any, times: Iterable[str], rows: int) -> dict[str, Any]:
    """Return how many rows there are, their first and last time, and their hash."""
    held = sorted(times)
    ends = {"first": held[0] if held else None, "last": held[-1] if held else None}
    return {"rows": rows, **ends, "sha256": hashlib.sha256(canonical(whole)).hexdigest()}
