"""RunSpec, RunKey, canonical JSON and the digest of a run: what was asked, said in bytes that never vary."""

import hashlib
import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal, NamedTuple

from tapehead.errors import ParameterError
from tapehead.model import iso_times
from tapehead.model.fees import Fees, read_fees
from tapehead.model.pooling import Pooling
from tapehead.model.rules import Rules

Adjust = Literal["none", "split", "all"]
ADJUSTS: Final[tuple[Adjust, ...]] = ("none", "split", "all")
"""What signals see taken out of prices: nothing, splits, splits and dividends. Fills stay on stored prices."""
Search = Literal["grid", "random", "bayes", "halving"]
SEARCHES: Final[tuple[Search, ...]] = ("grid", "random", "bayes", "halving")
"""How the sets of a sweep are chosen: all of them, drawn, asked of a model of what came so far, raced."""
SEED: Final = 7
OBJECTIVE: Final = "sharpe"

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical(value: Any) -> bytes:
    """Return canonical JSON: UTF-8, keys sorted, no blanks, floats as Python's repr, no NaN."""
    return _encode(value).encode()


iso, us_of = iso_times.iso, iso_times.us_of


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What was asked. Only what differs from its default stands in the canonical form; the snapshot never does.

    `parameters` holds every parameter of the strategy; `start` and `end` are us UTC, half-open; `symbols` are
    `venue:symbol` names. Exactly one of `universe` and `symbols` is given. `adjust` picks the prices that signals see.

    A sweep has a `grid`: values by parameter, rising; `parameters` holds those that do not vary. Over several
    strategies `strategy` joins their names by " + ", sorted; `grid["strategy"]` holds them one by one, and every other
    key of `grid` and `parameters` says whose it is: `SmaCross.fast`. `where` is the constraint, `search` how sets are
    chosen, at most `budget` of them, by what `objective`, from what `seed`. Only a sweep has any of these.
    A `portfolio` trades all instruments from one account, by those settings.
    Raises ParameterError for an `adjust` or a `search` that is not there.
    """

    strategy: str
    parameters: Mapping[str, float | int | str]
    interval: str
    universe: str | None = None
    symbols: tuple[str, ...] | None = None
    start: int | None = None
    end: int | None = None
    rules: Rules = field(default_factory=Rules)
    adjust: Adjust = "none"
    grid: Mapping[str, tuple[float | int | str, ...]] | None = None
    where: str = ""
    search: Search = "grid"
    budget: int | None = None
    objective: str = OBJECTIVE
    seed: int = SEED
    portfolio: Pooling | None = None

    def __post_init__(self) -> None:
        """Raise ParameterError for an unknown `adjust` or `search`."""
        if self.adjust not in ADJUSTS:
            raise ParameterError(name="adjust", value=self.adjust, bound="none, split or all")
        if self.search not in SEARCHES:
            raise ParameterError(name="search", value=self.search, bound="grid, random, bayes or halving")

    def to_json(self) -> dict[str, Any]:
        """Return the canonical form as plain values."""
        out: dict[str, Any] = {
            "strategy": self.strategy,
            "parameters": dict(self.parameters),
            "interval": self.interval,
        }
        if self.universe is not None:
            out["universe"] = self.universe
        if self.symbols is not None:
            out["symbols"] = list(self.symbols)
        for name in ("start", "end"):
            if getattr(self, name) is not None:
                out[name] = iso(getattr(self, name))
        default = Rules()
        for name in RULE_KEYS:
            value = getattr(self.rules, name)
            if value != getattr(default, name):
                out[name] = value.text if isinstance(value, Fees) else value
        if self.adjust != "none":
            out["adjust"] = self.adjust
        if self.grid is not None:
            out["grid"] = {name: list(values) for name, values in self.grid.items()}
            asked = {name: getattr(self, name) for name in _SWEEP_KEYS}
            out |= {name: value for name, value in asked.items() if value != _SWEEP_KEYS[name]}
        if self.portfolio is not None:
            out["portfolio"] = self.portfolio.to_json()
        return out

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "RunSpec":
        """Undo `to_json`."""
        return RunSpec(
            strategy=value["strategy"],
            parameters=dict(value["parameters"]),
            interval=value["interval"],
            universe=value.get("universe"),
            symbols=tuple(value["symbols"]) if "symbols" in value else None,
            start=us_of(value["start"]) if "start" in value else None,
            end=us_of(value["end"]) if "end" in value else None,
            rules=_read_rules(value),
            adjust=value.get("adjust", "none"),
            grid={name: tuple(values) for name, values in value["grid"].items()} if "grid" in value else None,
            portfolio=Pooling.from_json(value["portfolio"]) if "portfolio" in value else None,
            **{name: value[name] for name in _SWEEP_KEYS if name in value},
        )


_SWEEP_KEYS: Final[Mapping[str, object]] = {
    "where": "",
    "search": "grid",
    "budget": None,
    "objective": OBJECTIVE,
    "seed": SEED,
}
"""What a sweep's spec holds beside its grid, with the defaults."""
_FACTS: Final = ("multiplier", "delisted", "calendar")
RULE_KEYS: Final = tuple(f.name for f in fields(Rules) if f.name not in _FACTS)
"""Fields of Rules that a RunSpec carries; the others are facts of each instrument."""


def _read_rules(value: Mapping[str, Any]) -> Rules:
    """Return the rules of a canonical form."""
    held = {name: value[name] for name in RULE_KEYS if name in value}
    if "fee" in held:
        held["fee"] = read_fees(held["fee"])
    return Rules(**held)


class RunKey(NamedTuple):
    """Four digests that together name a result: asked spec, strategy source, engine source, data read."""

    spec: bytes
    strategy: bytes
    engine: bytes
    data: bytes

    def digest(self) -> bytes:
        """Return SHA-256 over the four."""
        return hashlib.sha256(b"".join(self)).digest()

    def receipt(self) -> str:
        """Return the first 8 hex digits of `digest()`."""
        return self.digest().hex()[:8]


class DigestLine(NamedTuple):
    """What one result adds to the digest of its run."""

    instrument: str
    interval: str
    parameters: Mapping[str, float | int | str]
    decisions: bytes
    final_equity: float
    max_drawdown: float
    fees_paid: float

    def order(self) -> tuple[bytes, bytes, bytes]:
        """Return the key that lines are sorted by."""
        return self.instrument.encode(), self.interval.encode(), canonical(dict(self.parameters))

    def to_bytes(self) -> bytes:
        """Return the line: five fields joined by one blank, ended by LF."""
        named = {"instrument": self.instrument, "interval": self.interval, "parameters": dict(self.parameters)}
        numbers = (self.final_equity, self.max_drawdown, self.fees_paid)
        fields = [canonical(named), self.decisions.hex().encode()]
        fields += [struct.pack(">d", number).hex().encode() for number in numbers]
        return b" ".join(fields) + b"\n"


def run_digest(lines: Iterable[DigestLine]) -> str:
    """Return the digest of a run as hex: SHA-256 over its lines in the order of `DigestLine.order`."""
    digest = hashlib.sha256()
    for line in sorted(lines, key=DigestLine.order):
        digest.update(line.to_bytes())
    return digest.hexdigest()
