"""Numbers as a page shows them: one format for each kind, a true minus, never `-0.0`, `nan` or an exponent."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

from tapehead.model.markup import Html, tag

NONE = "–"
MINUS = "−"
_DAY_US = 86_400_000_000
_SCALES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"))

Kind = Literal[
    "percent", "signed_percent", "fine_percent", "basis_points", "signed", "ratio", "money", "signed_money", "count",
    "days", "bars",
]  # fmt: skip


def plain(value: float | None, decimals: int = 2) -> str:
    """Return a number; whole with thousands marks from 1,000 on, in millions (G, T, P) from 10 M on."""
    if value is None or not math.isfinite(value):
        return NONE
    size = abs(value)
    if size >= 1e7:
        scale, letter = next(((s, n) for s, n in _SCALES if size >= s), _SCALES[-1])
        text = f"{size / scale:,.1f} {letter}"
    elif size >= 1_000:
        text = f"{size:,.0f}"
    else:
        text = f"{size:.{decimals}f}"
    return f"{MINUS}{text}" if value < 0 and text.strip("0.,") else text


def signed(value: float | None, decimals: int = 2) -> str:
    """Return a number with its sign; zero has none."""
    text = plain(value, decimals)
    return text if text == NONE or text.startswith(MINUS) or not text.strip("0.,") else f"+{text}"


def percent(value: float | None, decimals: int = 1) -> str:
    """Return a fraction as a signed percentage, without its sign of percent."""
    return signed(None if value is None else value * 100, decimals)


def share(value: float | None, decimals: int = 1) -> str:
    """Return a fraction as a percentage, without its sign of percent."""
    return plain(None if value is None else value * 100, decimals)


def count(value: float | None) -> str:
    """Return a whole number with thousands marks."""
    return NONE if value is None else plain(float(round(value)), 0)


def column(values: Sequence[float], digits: int = 8) -> list[str]:
    """Return numbers of a column with as many decimals as the longest of them needs.

    Each counts with `digits` significant ones, at least 2 and at most 8 behind the point, so that points stand below
    each other.
    """
    behind = 2
    for value in values:
        if math.isfinite(value) and value:
            places = max(0, min(8, digits - 1 - math.floor(math.log10(abs(value)))))
            behind = max(behind, len(f"{abs(value):.{places}f}".partition(".")[2].rstrip("0")))
    return [_fixed(value, behind) for value in values]


def labels(values: Sequence[float], *, percent: bool = False, sign: bool = False) -> list[str]:
    """Return the labels of an axis, with as few decimals as tell its round numbers apart."""
    scaled = [value * 100 if percent else value for value in values]
    near = 1e-9 * max((abs(value) for value in scaled), default=0.0)
    behind = next((d for d in range(8) if all(abs(round(value, d) - value) <= near for value in scaled)), 8)
    out = [plain(value, 0) if abs(value) >= 1e7 else _fixed(value, behind) for value in scaled]
    return [f"+{text}" if sign and value > near else text for value, text in zip(scaled, out, strict=True)]


def _fixed(value: float, decimals: int) -> str:
    """Return a number with so many decimals and thousands marks."""
    if not math.isfinite(value):
        return NONE
    text = f"{abs(value):,.{decimals}f}"
    return f"{MINUS}{text}" if value < 0 and text.strip("0.,") else text


def moment(ts: int, *, whole: bool = False) -> str:
    """Return a time (us UTC): the day alone at midnight, unless `whole`, else with hours and minutes."""
    time = datetime.fromtimestamp(ts // 1_000_000, UTC)
    return time.strftime("%Y-%m-%d" if ts % _DAY_US == 0 and not whole else "%Y-%m-%d %H:%M")


def drawn(kind: Kind, value: float | None) -> str:
    """Return a number in the format of its kind, without its unit."""
    if value is None:
        return NONE
    if kind in ("percent", "signed_percent"):
        return percent(value) if kind == "signed_percent" else share(value)
    if kind == "fine_percent":
        return share(value, 2)
    if kind == "basis_points":
        return plain(value * 10_000, 1)
    if kind in ("signed", "signed_money"):
        return signed(value)
    if kind in ("count", "bars"):
        return count(value)
    return plain(value, 1 if kind == "days" else 2)


def toned(text: object, value: float | None, name: str = "span", **attributes: object) -> Html:
    """Return an element in the colour of a sign: gain above 0, loss below."""
    tone = None if value is None or not math.isfinite(value) or value == 0 else "gain" if value > 0 else "loss"
    given = attributes.pop("class_", None)
    return tag(name, text, class_=" ".join(filter(None, (str(given or ""), tone))) or None, **attributes)


def because(why: Mapping[str, str], name: str) -> str | None:
    """Return why a metric has no value, in words."""
    return why[name].replace("_", " ") if name in why else None
