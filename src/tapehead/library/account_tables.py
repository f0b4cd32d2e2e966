"""read_given: weights and facts that a user hands in, checked against the instruments and the rules of a run."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tapehead.errors import ParameterError, UnknownSymbolError, WeightsError
from tapehead.jobs.universes import find_instrument
from tapehead.library.given_rows import GivenRow, a_number, at_row, given_rows
from tapehead.model.given import FACT_KINDS, FactKind, GivenFacts, GivenWeights
from tapehead.model.instrument import Instrument
from tapehead.model.iso_times import iso
from tapehead.model.rules import Rules
from tapehead.portfolio.weights import NEAR

WEIGHT_COLUMNS: Final = {"weight": ("weight", "target", "share")}
FACT_COLUMNS: Final = {"kind": ("kind", "type"), "value": ("value", "ratio", "amount")}
_WORDS: Final = (("weights", ""), ("weights", "equal"))
_WEIGHT: Final = "a share of equity in column weight, such as 0.25"
_KIND: Final = "split or dividend in column kind"
_VALUE: Final = "above 0 in column value: of a split how many units one becomes, of a dividend the money a unit"


def tables_of(pooling: Mapping[str, Any]) -> dict[str, Any]:
    """Return those settings of an account that are a table or the path of one, not a word."""
    named = ((name, pooling.get(name)) for name in ("weights", "facts"))
    return {name: one for name, one in named if one is not None and (name, one) not in _WORDS}


def rows_to_send(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return tables as a request can hold them; raise as `given_rows`."""
    sent: dict[str, Any] = {}
    if "weights" in tables:
        rows = given_rows("weights", tables["weights"], WEIGHT_COLUMNS)
        at: dict[tuple[int, str], int] = {}
        by_time: dict[str, dict[str, float]] = {}
        for row in rows:
            _once("weights", at, (row.time, row.symbol), row)
            by_time.setdefault(iso(row.time), {})[row.symbol] = a_number("weights", row.rest[0], row, _WEIGHT)
        sent["weights"] = by_time
    if "facts" in tables:
        sent["facts"] = [
            {"time": iso(row.time), "symbol": row.symbol, "kind": kind, "value": value}
            for row, kind, value in _told_facts(tables["facts"])
        ]
    return sent


def read_given(
    tables: Mapping[str, Any], held: Sequence[Instrument], own: Sequence[Instrument], rules: Rules
) -> dict[str, Any]:
    """Return tables as a run keeps them.

    Parameters
    ----------
    held, own : sequence of Instrument
        Those of the store, and those of the run.

    Raises
    ------
    ParameterError
        A table cannot be read, names what is not there, says something twice or holds what is none of its kind.
    UnknownSymbolError, AmbiguousSymbolError
        The store holds no such instrument, or several.
    WeightsError
        At one time they sum to more than the leverage.
    """
    found: dict[str, Any] = {}
    if "weights" in tables:
        rows = given_rows("weights", tables["weights"], WEIGHT_COLUMNS)
        found["weights"] = _weights(rows, _Names("weights", held, own), rules)
    if "facts" in tables:
        found["facts"] = _facts(tables["facts"], _Names("facts", held, own))
    return found


class _Names:
    """Finds instruments by what rows call them, each once."""

    def __init__(self, name: str, held: Sequence[Instrument], own: Sequence[Instrument]) -> None:
        self._name, self._held, self._own = name, held, own
        self._known: dict[str, Instrument | None] = {each.name: each for each in own}

    def of(self, row: GivenRow) -> Instrument | None:
        """Return the instrument of the run that a row names, None for another that the store holds."""
        if row.symbol not in self._known:
            self._known[row.symbol] = self._find(row.symbol)
        return self._known[row.symbol]

    def _find(self, symbol: str) -> Instrument | None:
        try:
            return find_instrument(self._own, symbol)
        except UnknownSymbolError:
            find_instrument(self._held, symbol)
            return None

    def needed(self, row: GivenRow) -> Instrument:
        """Return the instrument of the run that a row names; raise where it is none of the run."""
        found = self.of(row)
        if found is None:
            bound = (
                f"of the instruments of the run, such as {self._own[0].symbol}; leave the others out, or run on them"
            )
            raise ParameterError(name=self._name, value=f"{row.symbol} in row {row.number}", bound=bound)
        return found


def _weights(rows: Sequence[GivenRow], names: _Names, rules: Rules) -> GivenWeights:
    """Return weights by time; raise for what does not fit."""
    by_time: dict[int, dict[str, float]] = {}
    numbers: dict[tuple[int, str], int] = {}
    for row in rows:
        weight = a_number("weights", row.rest[0], row, _WEIGHT)
        if weight < 0.0 and rules.side == "long":
            raise at_row("weights", row.rest[0], row, "at least 0, or the run one of both sides: --side both")
        if weight > 0.0 and rules.side == "short":
            raise at_row("weights", row.rest[0], row, "at most 0, or the run one of both sides: --side both")
        name = names.needed(row).name
        _once("weights", numbers, (row.time, name), row)
        by_time.setdefault(row.time, {})[name] = weight + 0.0
    for time, weights in sorted(by_time.items()):
        total = math.fsum(abs(weight) for weight in weights.values())
        if total > rules.leverage * (1.0 + NEAR):
            step = f"Let them sum to less, or borrow: --leverage {math.ceil(total)}"
            raise WeightsError(sum=f"{total:.6g}", time=iso(time), leverage=f"{rules.leverage:g}", step=step)
    return GivenWeights(tuple((time, tuple(sorted(weights.items()))) for time, weights in sorted(by_time.items())))


def _facts(given: Any, names: _Names) -> GivenFacts:
    """Return the facts of the run's instruments; raise for what does not fit."""
    numbers: dict[tuple[Any, ...], int] = {}
    found: list[tuple[int, str, FactKind, float]] = []
    for row, kind, value in _told_facts(given):
        one = names.of(row)
        if one is None:
            continue
        _once("facts", numbers, (row.time, one.name, kind), row)
        if one.basis == "all" or (one.basis == "split" and kind == "split"):
            bound = f"left out: the stored prices of {one.name} have it taken out already"
            raise at_row("facts", kind, row, bound)
        found.append((row.time, one.name, kind, value))
    return GivenFacts(tuple(sorted(found)))


def _told_facts(given: Any) -> list[tuple[GivenRow, FactKind, float]]:
    """Return rows of facts with what they say; raise for what is none."""
    told: list[tuple[GivenRow, FactKind, float]] = []
    for row in given_rows("facts", given, FACT_COLUMNS):
        said, value = row.rest
        kind = next((kind for kind in FACT_KINDS if kind == str(said).strip().lower()), None)
        if kind is None:
            raise at_row("facts", said, row, _KIND)
        number = a_number("facts", value, row, _VALUE)
        if not number > 0.0:
            raise at_row("facts", value, row, _VALUE)
        told.append((row, kind, number))
    return told


def _once(name: str, numbers: dict[Any, int], key: Any, row: GivenRow) -> None:
    """Note where something is said; raise where it is said a second time."""
    before = numbers.setdefault(key, row.number)
    if before != row.number:
        value = f"{row.symbol} at {iso(row.time)} in rows {before} and {row.number}"
        raise ParameterError(name=name, value=value, bound="given once for each time")
