"""CacheStats: what a cache holds, how often it was asked, and why it had to say no."""

from collections.abc import Mapping
from dataclasses import dataclass

from tapehead.ports.values import MISSING, StoreFacts, Values


@dataclass(frozen=True, slots=True)
class StoreHits:
    """Hits that one store answered, and how long they took on average (ms, reading the bytes included)."""

    store: str
    hits: int
    hit_ms: float


@dataclass(frozen=True, slots=True)
class NamespaceStats:
    """One namespace; counted since it was last cleared.

    Attributes
    ----------
    name : str
    items, size_bytes : int
        What is kept now; values whose time is over are among them until they are replaced or room is wanted.
    hits : int
        Values that were there.
    misses : mapping of str to int
        Values that were not, by reason: `absent`, `expired`, `evicted`, `changed` (another version of the function),
        `unreadable`, `away` (where it may be could not be asked).
    joined : int
        Misses that waited for the call of another and called nothing.
    made, failed : int
        Calls made, and those of them that raised.
    too_large, late : int
        Values that were not kept: more bytes than allowed; good no longer when they were done.
    made_s, saved_s : float
        Time spent in calls; time that hits spared.
    stores : tuple of StoreHits
    """

    name: str
    items: int
    size_bytes: int
    hits: int
    misses: Mapping[str, int]
    joined: int
    made: int
    failed: int
    too_large: int
    late: int
    made_s: float
    saved_s: float
    stores: tuple[StoreHits, ...]

    @property
    def hit_share(self) -> float | None:
        """Share of what was asked that was there, 0 to 1; None where nothing was asked."""
        asked = self.hits + sum(self.misses.values())
        return self.hits / asked if asked else None


@dataclass(frozen=True, slots=True)
class CacheStats:
    """Namespaces by name, and the stores in the order in which they are asked."""

    namespaces: tuple[NamespaceStats, ...]
    stores: tuple[StoreFacts, ...]

    def __getitem__(self, namespace: str) -> NamespaceStats:
        """Return a namespace; one of which nothing is known has nothing."""
        known = {each.name: each for each in self.namespaces}
        return known.get(namespace) or _stats(namespace, 0, 0, {})

    @property
    def degraded(self) -> str:
        """Which stores cannot be used, in sentences; empty where all can."""
        return "; ".join(each.degraded for each in self.stores if each.degraded)


def read_stats(values: Values, *, here: bool) -> CacheStats:
    """Return the figures of a cache, counted over all processes or in this one alone."""
    held: dict[str, tuple[int, int, dict[str, float]]] = {}
    for _, facts in values.namespaces():
        items, size, counts = held.get(facts.name, (0, 0, {}))
        added = {name: counts.get(name, 0.0) + value for name, value in facts.counts.items()}
        held[facts.name] = (items + facts.items, size + facts.size_bytes, {**counts, **added})
    if here:
        counted = values.here()
        held = {name: (*held.get(name, (0, 0, {}))[:2], dict(counted.get(name, {}))) for name in {*held, *counted}}
    found = tuple(_stats(name, *held[name]) for name in sorted(held))
    return CacheStats(found, tuple(values.facts()))


def _stats(name: str, items: int, size_bytes: int, counts: Mapping[str, float]) -> NamespaceStats:
    """Return the figures of one namespace out of its counters."""

    def whole(counter: str) -> int:
        return round(counts.get(counter, 0.0))

    stores = [one.removeprefix("hits_") for one in counts if one.startswith("hits_") and not one.endswith("_s")]
    return NamespaceStats(
        name,
        items,
        size_bytes,
        whole("hits"),
        {why: whole(why) for why in MISSING if whole(why)},
        whole("joined"),
        whole("made"),
        whole("failed"),
        whole("too_large"),
        whole("late"),
        counts.get("made_s", 0.0),
        counts.get("saved_s", 0.0),
        tuple(
            StoreHits(store, whole(f"hits_{store}"), counts.get(f"hits_{store}_s", 0.0) / whole(f"hits_{store}") * 1e3)
            for store in sorted(stores)
            if whole(f"hits_{store}")
        ),
    )
