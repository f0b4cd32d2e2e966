"""Charts as inline SVG: lines that stretch with the window, words that do not.

A plot is an SVG without a view box, so its labels keep their size at any width; the line lies in a nested one that is
stretched. Neither scripts nor style attributes are needed, so the strictest content policy holds.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.library.tear import figures
from tapehead.library.tear.scales import POINTS, histogram, linear_marks, log_marks, thinned, time_marks
from tapehead.model.markup import Html, joined, tag

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_WIDTH = 1_000.0
_LABELS = 20
_GUTTER = 56
_LONG_GAP_US = 4 * 86_400_000_000
_LONG_GAP_SHARE = 0.01
_MOST = 1e300


class Trace(NamedTuple):
    """One line: its values at the times of a plot, the class that colours it, and whether its area is filled."""

    values: F64
    class_: str
    filled: bool = False


def time_chart(
    ts: I64,
    traces: Sequence[Trace],
    *,
    label: str,
    marks: Callable[[Sequence[float]], list[str]],
    height: int = 240,
    log: bool = False,
    floor: float | None = None,
    ceiling: float | None = None,
) -> Html:
    """Draw lines over time.

    Parameters
    ----------
    ts : int64 array, shape (n,)
        Times, us UTC, rising.
    traces : sequence of Trace
        Values of shape (n,); the first one is on top. What is not finite, or beyond 1e300, is not drawn.
    label : str
        What a reader without eyes is told.
    marks : callable
        Gives the labels of values of the vertical axis.
    height : int
        Of the plot, px.
    log : bool
        Logarithmic axis; values must be above 0.
    floor, ceiling : float, optional
        Values that the axis shows in any case.
    """
    drawn = [np.where(np.abs(each.values) < _MOST, each.values, np.nan) for each in traces]
    shown = [np.log10(each) if log else each for each in drawn]
    whole = np.concatenate([each[np.isfinite(each)] for each in shown])
    if not whole.size:
        return tag("p", "There is nothing to draw.", class_="none")
    ends = [figure for figure in (floor, ceiling) if figure is not None]
    low, high = min([float(whole.min()), *ends]), max([float(whole.max()), *ends])
    pad = (high - low) * 0.04 or max(abs(high), 1.0) * 0.02
    low, high = (low if low == floor else low - pad), (high if high == ceiling else high + pad)
    found = log_marks(10**low, 10**high) if log else linear_marks(low, high)
    rows = [(float(np.log10(each) if log else each), text) for each, text in zip(found, marks(found), strict=True)]

    def y(value: F64 | float) -> F64:
        return (high - np.asarray(value)) / (high - low) * height

    lines = [_line(ts, values, y, trace) for values, trace in zip(shown, traces, strict=True)]
    inner = tag(
        "svg", *reversed(lines), viewBox=f"0 0 {_WIDTH:.0f} {height}", preserveAspectRatio="none", width="100%",
        height=height,
    )  # fmt: skip
    grid = [tag("line", x1="0", x2="100%", y1=_n(float(y(v))), y2=_n(float(y(v))), class_="grid") for v, _ in rows]
    plot = tag(
        "svg", tag("title", label), *grid, *_gaps(ts, height), inner, *_time_labels(ts, height),
        class_="plot", width="100%", height=height + _LABELS, role="img", aria_label=label,
    )  # fmt: skip
    return _framed([(float(y(v)), text) for v, text in rows], plot, height)


def _framed(rows: Sequence[tuple[float, str]], plot: Html, height: int) -> Html:
    """Put the labels of the vertical axis beside a plot."""
    words = [
        tag("text", text, x=_GUTTER - 8, y=_n(min(max(at, 8), height - 2)), dy="0.35em", text_anchor="end")
        for at, text in rows
    ]
    axis = tag("svg", *words, class_="axis", width=_GUTTER, height=height + _LABELS, aria_hidden="true")
    return tag("div", axis, plot, class_="frame")


def _line(ts: I64, values: F64, y: Callable[[F64], F64], trace: Trace) -> Html:
    """Draw one line, broken where bars are missing for long."""
    known = np.flatnonzero(np.isfinite(values))
    if not known.size:
        return Html("")
    at = known[thinned(values[known], POINTS)]
    times, heights = ts[at], y(values[at])
    x = _x(ts, times)
    # Only what is missing between bars breaks a line, not what thinning left out.
    broken = np.isin(at, known[1:][_is_long(ts, np.diff(ts[known]))])
    starts = [0, *np.flatnonzero(broken).tolist()]
    parts = []
    for lo, hi in zip(starts, [*starts[1:], len(at)], strict=True):
        points = "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x[lo:hi].tolist(), heights[lo:hi].tolist(), strict=True))
        parts.append(f"M{points}")
    line = tag("path", d="".join(parts), class_=f"line {trace.class_}", vector_effect="non-scaling-stroke")
    if not trace.filled:
        return line
    zero = float(y(np.zeros(1))[0])
    area = "".join(f"{part}L{_end(part)} {zero:.1f}L{_begin(part)} {zero:.1f}Z" for part in parts)
    return joined([tag("path", d=area, class_=f"area {trace.class_}"), line])


def _begin(path: str) -> str:
    """Return where a path begins, across."""
    return path[1:].partition(" ")[0]


def _end(path: str) -> str:
    """Return where a path ends, across."""
    return path.rpartition("L")[2].removeprefix("M").partition(" ")[0]


def _is_long(ts: I64, steps: I64) -> NDArray[np.bool_]:
    """Say which steps between bars are so long that no line may cross them: a night or a weekend is not."""
    long = (steps > _LONG_GAP_US) & (steps > _LONG_GAP_SHARE * max(int(ts[-1] - ts[0]), 1))
    return long & (steps > 3 * np.median(np.diff(ts))) if ts.shape[0] > 1 else long


def _gaps(ts: I64, height: int) -> list[Html]:
    """Hatch what is missing."""
    steps = np.diff(ts)
    out = []
    for at in np.flatnonzero(_is_long(ts, steps)).tolist():
        left, right = (float(_x(ts, ts[place : place + 1])[0]) / _WIDTH * 100 for place in (at, at + 1))
        text = f"{steps[at] / 86_400_000_000:.0f} days missing"
        area = {"x": f"{left:.2f}%", "y": 0, "width": f"{right - left:.2f}%", "height": height}
        out.append(tag("rect", tag("title", text), class_="hole", data_gap=text, **area))
    return out


def _x(ts: I64, times: I64) -> F64:
    """Return how far across times lie."""
    span = max(int(ts[-1] - ts[0]), 1)
    return np.asarray((times - ts[0]) / span * _WIDTH, np.float64)


def _time_labels(ts: I64, height: int) -> list[Html]:
    """Label the horizontal axis; every other label leaves a narrow window."""
    out = []
    first, last = int(ts[0]), int(ts[-1])
    # The close of the first bar lies behind the moment that names its year.
    for place, (time, text) in enumerate(time_marks(first - (last - first) // 100, last)):
        across = max(float(_x(ts, np.array([time]))[0]) / _WIDTH * 100, 0.0)
        if across <= 96:
            out.append(
                tag("text", text, x=f"{across:.2f}%", y=height + 15, text_anchor="start" if across < 4 else "middle",
                    class_="minor" if place % 2 else None)
            )  # fmt: skip
    out.append(tag("text", "UTC", x="100%", y=height + 15, text_anchor="end", class_="zone"))
    return out


def distribution(
    values: F64, *, label: str, noun: str, percent: bool = True, signed: bool = True, height: int = 160, bins: int = 40
) -> Html:
    """Draw how often values occur; those beyond the outer marks are counted in the outer bars.

    Parameters
    ----------
    values : float64 array, shape (n,), n at least 1
        Finite.
    label : str
        What a reader without eyes is told.
    noun : str
        What is counted, such as `bars`.
    percent, signed : bool
        Whether values are fractions to be shown in percent, and whether their sign is coloured.
    """
    edges, counts = histogram(values, bins)
    low, span, most = float(edges[0]), float(edges[-1] - edges[0]), int(counts.max())
    bars = []
    for at, number in enumerate(counts.tolist()):
        if number:
            lo, hi = float(edges[at]), float(edges[at + 1])
            tall = max(number / most * (height - 12), 1.0)
            side = "flat" if not signed else "loss" if hi <= 1e-15 else "gain" if lo >= -1e-15 else "flat"
            ends = (figures.percent(end, 2) if percent else figures.signed(end, 2) for end in (lo, hi))
            title = tag("title", f"{' to '.join(ends)}{' %' if percent else ''}: {number:,} {noun}")
            place = {"x": f"{(lo - low) / span * 100:.2f}%", "width": f"{(hi - lo) / span * 100 - 0.2:.2f}%"}
            bars.append(tag("rect", title, **place, y=_n(height - tall), height=_n(tall), class_=f"bar {side}"))
    base = tag("line", x1="0", x2="100%", y1=height, y2=height, class_="grid")
    plot = tag("svg", tag("title", label), base, *bars, *_value_labels(low, span, height, percent, signed),
               class_="plot", width="100%", height=height + _LABELS, role="img", aria_label=label)  # fmt: skip
    return _framed([(12.0, figures.count(most)), (float(height), "0")], plot, height)


def _value_labels(low: float, span: float, height: int, percent: bool, signed: bool) -> list[Html]:
    """Label the horizontal axis of a distribution; every other label leaves a narrow window."""
    found = linear_marks(low, low + span, 6)
    out = []
    for place, (value, text) in enumerate(zip(found, figures.labels(found, percent=percent, sign=signed), strict=True)):
        across = (value - low) / span * 100
        anchor = "start" if across < 4 else "end" if across > 96 else "middle"
        given = {"text_anchor": anchor, "class_": "minor" if place % 2 else None}
        out.append(tag("text", text, x=f"{across:.2f}%", y=height + 15, **given))
    return out


def _n(value: float) -> str:
    """Return a coordinate in few digits."""
    return f"{value:.1f}".removesuffix(".0")
