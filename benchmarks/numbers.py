"""Numbers of a table, and of a JSON line."""

from __future__ import annotations


def number(value: float | None) -> str:
    """Three digits, or as many as stand before the point; a dash where there is none."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def short(value: float | None) -> float | None:
    """Four digits are more than a timing holds."""
    return None if value is None else float(f"{value:.4g}")
