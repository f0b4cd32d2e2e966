"""How the words of Tapehead look in a notebook: small tables and lines, bounded, every text escaped."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.columns import FLAG_WORDS
from tapehead.model.markup import Html, joined, tag

ROWS = 10
"""At most so many rows of a table are shown."""


def sparkline(values: NDArray[np.float64], width: int = 120, height: int = 22) -> Html:
    """Draw a small line without axes in the colour of the text; nothing where fewer than two values are finite."""
    known = values[np.isfinite(values)]
    if known.shape[0] < 2:
        return Html("")
    low, high = float(known.min()), float(known.max())
    x = np.linspace(1, width - 1, known.shape[0])
    y = 1 + (high - known) / ((high - low) or 1.0) * (height - 2)
    points = "L".join(f"{a:.0f} {b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    line = tag("path", d=f"M{points}", fill="none", stroke="currentColor")
    return tag(
        "svg", line, class_="spark", width=width, height=height, viewBox=f"0 0 {width} {height}", aria_hidden="true"
    )


def bounded(total: int, rows: int = ROWS) -> list[int]:
    """Return the places of the rows to show: all of few, else the first and the last."""
    return list(range(total)) if total <= rows else [*range(rows // 2), *range(total - rows // 2, total)]


def table(titles: Sequence[str], rows: Iterable[Sequence[object]], note: str = "") -> Html:
    """Return a table with a line of words below it; cells are markup, or text that is escaped."""
    head = tag("tr", *(tag("th", title) for title in titles))
    body = [tag("tr", *(tag("td", cell) for cell in row)) for row in rows]
    words = tag("p", note) if note else None
    return tag("div", tag("table", tag("thead", head), tag("tbody", *body)), words)


def figures(values: Mapping[str, float | None], why: Mapping[str, str], note: str) -> Html:
    """Return metrics as a table of names and values; the reason where there is none."""
    rows = [
        (name, f"– ({why.get(name, 'undefined')})" if value is None else number(value))
        for name, value in values.items()
    ]
    return table(("metric", "value"), rows, note)


def cell(name: str, value: object) -> str:
    """Return a value of a column: a time as such, flags in words."""
    if name == "ts" or isinstance(value, np.datetime64):
        moment = int(value)  # type: ignore[call-overload]  # a time is whole, whatever holds it
        return str(np.datetime64(moment, "us")).replace("T", " ").removesuffix(".000000")
    if name == "flags" and isinstance(value, np.integer):
        return " ".join(word for bit, word in FLAG_WORDS.items() if int(value) & bit)
    plain = value.item() if isinstance(value, np.generic) else value
    return number(plain) if isinstance(plain, int | float) and not isinstance(plain, bool) else str(plain)


def few(values: NDArray[np.float64], points: int = 200) -> NDArray[np.float64]:
    """Return at most so many values, evenly spaced, with both ends."""
    n = values.shape[0]
    return values if n <= points else values[np.arange(points) * (n - 1) // (points - 1)]


def number(value: float) -> str:
    """Return a number in six significant digits."""
    if isinstance(value, float) and not math.isfinite(value):
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"


def shown_of(total: int, noun: str, rows: int = ROWS) -> str:
    """Say how many rows there are, and how many of them are shown."""
    return f"{total:,} {noun}" if total <= rows else f"{total:,} {noun}; the first and last {rows // 2} are shown"


def beside(*parts: object) -> Html:
    """Return parts one after another in one block."""
    return tag("div", joined(parts))
