"""Numbers of a table, and of a JSON line."""

from __future__ import annotations


def number(value: float | None) -> str:
    """Three digits, or as many as stand before the point; a dash where there is none."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


PUBLISHED = {
    "W6": "Manifold-BT: 2,490 ms on 4 cores and 342 MB, 5.0 ns a bar, pair and core",
    "W7": "indicators as columns of a table, by one of the designs that Tapehead began with: 1.3 M rows/s",
}
"""What others say of a workload and was not run here."""


def per_pair(ms: float | None, pairs: int, bars: int) -> float | None:
    """Nanoseconds a bar and pair."""
    return None if ms is None else ms * 1e6 / (pairs * bars)


def short(value: float | None) -> float | None:
    """Four digits are more than a timing holds."""
    return None if value is None else float(f"{value:.4g}")
