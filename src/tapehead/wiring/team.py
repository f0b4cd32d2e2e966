"""Team: the strategies of one run: one of a backtest, one or several of a sweep."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tapehead.model.space import JOIN, STRATEGY
from tapehead.model.spec import RunSpec
from tapehead.strategies.strategy import Strategy, instance
from tapehead.wiring.plugins import Loaded, load_strategy


@dataclass(frozen=True, slots=True)
class Team:
    """Strategies by name; `wheres` are what `load_strategy` takes for each."""

    members: tuple[Loaded, ...]
    wheres: tuple[str, ...]

    @property
    def name(self) -> str:
        """What a RunSpec calls them."""
        return JOIN.join(each.name for each in self.members)

    @property
    def source(self) -> bytes:
        """Digest of the sources of all."""
        if len(self.members) == 1:
            return self.members[0].source
        return hashlib.sha256(b"".join(each.name.encode() + b"\0" + each.source for each in self.members)).digest()

    @property
    def origin(self) -> str:
        """Where the code lies, empty where it is built in; of several a list as JSON: a path may hold any sign."""
        origins = [each.origin for each in self.members]
        return origins[0] if len(origins) == 1 else json.dumps(origins) if any(origins) else ""

    @property
    def several(self) -> Mapping[str, tuple[Any, str]]:
        """Class and origin by name, where there is more than one."""
        return {each.name: (each.made, each.origin) for each in self.members} if len(self.members) > 1 else {}

    def member(self, parameters: Mapping[str, Any]) -> Loaded:
        """Return the strategy that parameters are of."""
        if len(self.members) == 1:
            return self.members[0]
        return next(each for each in self.members if each.name == parameters[STRATEGY])

    def strategy(self, parameters: Mapping[str, Any]) -> Strategy:
        """Make the strategy that parameters are of."""
        own = dict(parameters)
        if len(self.members) > 1:
            del own[STRATEGY]
        return instance(self.member(parameters).made, own)


def load_team(wheres: Sequence[str]) -> Team:
    """Load strategies, those of a sweep over several in the order of their names; raises what `load_strategy` does."""
    found = sorted(((load_strategy(each), each) for each in dict.fromkeys(wheres)), key=lambda pair: pair[0].name)
    return Team(tuple(loaded for loaded, _ in found), tuple(where for _, where in found))


def team_of(spec: RunSpec, origin: str) -> Team:
    """Load the strategies of a kept run, whose code lies at `origin`."""
    names = [str(name) for name in (spec.grid or {}).get(STRATEGY, ())] or [spec.strategy]
    origins = json.loads(origin) if origin and len(names) > 1 else [origin] * len(names)
    wheres = [_where(name, place) for name, place in zip(names, origins, strict=True)]
    return load_team(wheres)


def _where(name: str, origin: str) -> str:
    """Return what `load_strategy` takes to find a strategy again."""
    if not name.partition(":")[0].endswith(".py"):
        return name
    return f"{origin}:{name.rpartition(':')[2]}"
