"""Metrics: the registry of one service, as the catalogue describes it."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from tapehead.api.measure.catalogue import CATALOGUE, Described

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
COUNTED = frozenset(("tapehead_runs_total", "tapehead_results_total", "tapehead_log_commits_total"))
"""Counters that are counted here; the others are counted where things happen, and read."""


class Reading(NamedTuple):
    """A value that is looked at when somebody asks, with the values of its labels in the catalogue's order."""

    name: str
    value: float
    labels: tuple[str, ...] = ()


class Metrics:
    """What is counted as it happens, and what is read when somebody asks. Safe from any thread.

    Parameters
    ----------
    read : callable
        Gives the readings; called once an answer.
    """

    def __init__(self, read: Callable[[], Iterable[Reading]]) -> None:
        # Without it every counter would send the time it was made as a series of its own.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # its library has no types
        self._registry = CollectorRegistry()
        self._histograms: dict[str, Histogram] = {}
        self._counters: dict[str, Counter] = {}
        for each in CATALOGUE:
            if each.kind == "histogram":
                self._histograms[each.name] = Histogram(
                    each.name, each.text, each.labels, buckets=each.bounds, registry=self._registry
                )
            elif each.name in COUNTED:
                self._counters[each.name] = Counter(each.name, each.text, each.labels, registry=self._registry)
        self._registry.register(_Readings(read))

    def observe(self, name: str, value: float, *labels: str) -> None:
        """Put a value into a histogram."""
        found = self._histograms[name]
        (found.labels(*labels) if labels else found).observe(value)

    def count(self, name: str, *labels: str, by: int = 1) -> None:
        """Add to a counter."""
        found = self._counters[name]
        (found.labels(*labels) if labels else found).inc(by)

    def text(self) -> bytes:
        """Return everything as Prometheus reads it, of MEDIA_TYPE."""
        return generate_latest(self._registry)


class _Readings:
    """Turns readings into families, in the catalogue's order."""

    def __init__(self, read: Callable[[], Iterable[Reading]]) -> None:
        self._read = read
        self._known = {each.name: each for each in CATALOGUE if each.kind != "histogram" and each.name not in COUNTED}

    def describe(self) -> list[Metric]:
        """Return the families without values, so that no name can be given twice."""
        return [_family(each) for each in self._known.values()]

    def collect(self) -> Iterator[Metric]:
        """Return the families with the values of now; one that nothing is known of has none."""
        found: dict[str, GaugeMetricFamily | CounterMetricFamily] = {}
        for reading in self._read():
            described = self._known[reading.name]
            if len(reading.labels) != len(described.labels):
                raise ValueError(f"{reading.name} has the labels {described.labels}, not {reading.labels}")
            family = found.setdefault(reading.name, _family(described))
            family.add_metric(reading.labels, reading.value)
        for name in self._known:
            if name in found:
                yield found[name]


def _family(described: Described) -> GaugeMetricFamily | CounterMetricFamily:
    """Return an empty family."""
    kind = CounterMetricFamily if described.kind == "counter" else GaugeMetricFamily
    return kind(described.name, described.text, labels=described.labels)
