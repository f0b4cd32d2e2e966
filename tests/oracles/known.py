"""Lines of decimals, None where nothing is known yet: what definitions of indicators are put together of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

D = Decimal
Known = D | None
Line = Sequence[Known]


def bar_by_bar(make: Callable[..., Known], *lines: Line) -> list[Known]:
    """What `make` says of each bar on which every line is known."""
    return [None if any(value is None for value in row) else make(*row) for row in zip(*lines, strict=True)]


def windows(make: Callable[[list[D]], Known], line: Line, n: int) -> list[Known]:
    """What `make` says of the last `n` values, oldest first, where all are known."""
    out: list[Known] = []
    for t in range(len(line)):
        held = [value for value in line[max(t + 1 - n, 0) : t + 1] if value is not None]
        out.append(make(held) if len(held) == n else None)
    return out


def before(line: Line, n: int) -> list[Known]:
    """The value `n` bars ago."""
    return [None if t < n else line[t - n] for t in range(len(line))]


def mean(line: Line, n: int) -> list[Known]:
    """Arithmetic mean of the last `n`."""
    return windows(lambda held: sum(held) / n, line, n)


def total(line: Line, n: int) -> list[Known]:
    """Sum of the last `n`."""
    return windows(lambda held: D(sum(held)), line, n)


def highest(line: Line, n: int) -> list[Known]:
    """Largest of the last `n`."""
    return windows(max, line, n)


def lowest(line: Line, n: int) -> list[Known]:
    """Smallest of the last `n`."""
    return windows(min, line, n)


def weighted(line: Line, n: int) -> list[Known]:
    """Weights 1 for the oldest to `n` for the newest."""
    return windows(lambda held: sum(i * x for i, x in enumerate(held, 1)) / D(n * (n + 1) // 2), line, n)


def deviation(line: Line, n: int, ddof: int = 0) -> list[Known]:
    """Root of the squares about the mean over n - ddof."""

    def of(held: list[D]) -> D:
        # Sums alone, so that a flat window is exactly that.
        return (sum((n * x - sum(held)) ** 2 for x in held) / D(n * n * (n - ddof))).sqrt()

    return windows(of, line, n)


def running(line: Line, n: int, share: D) -> list[Known]:
    """From the mean of the first `n` known values, `share` of the way to each later one."""
    out: list[Known] = []
    first: list[D] = []
    value = D(0)
    for x in line:
        if x is None:
            out.append(None)
            continue
        if len(first) < n:
            first.append(x)
            value = sum(first) / D(n)
        else:
            value += (x - value) * share
        out.append(value if len(first) == n else None)
    return out


def exponential(line: Line, n: int) -> list[Known]:
    """2/(n + 1) of the way."""
    return running(line, n, D(2) / (n + 1))


def wilder(line: Line, n: int) -> list[Known]:
    """1/n of the way."""
    return running(line, n, D(1) / n)


def change(line: Line, n: int = 1) -> list[Known]:
    """Value less that of `n` bars ago."""
    return bar_by_bar(lambda now, then: now - then, line, before(line, n))


def change_in_percent(line: Line, n: int) -> list[Known]:
    """The same over the value of then."""
    return bar_by_bar(lambda now, then: 100 * (now / then - 1) if then else None, line, before(line, n))


def ratio(part: Line, whole: Line, flat: Known) -> list[Known]:
    """A part of a whole; `flat` where there is no whole."""
    return bar_by_bar(lambda a, b: a / b if b else flat, part, whole)


def scaled(line: Line, by: int) -> list[Known]:
    """So many times each."""
    return bar_by_bar(lambda x: by * x, line)


def plus(one: Line, other: Line) -> list[Known]:
    """Sum of two lines."""
    return bar_by_bar(lambda a, b: a + b, one, other)


def less(one: Line, other: Line) -> list[Known]:
    """Difference of two lines."""
    return bar_by_bar(lambda a, b: a - b, one, other)


def sizes(line: Line) -> list[Known]:
    """Each without its sign."""
    return bar_by_bar(abs, line)


def place(line: Line, upper: Line, lower: Line) -> list[Known]:
    """Where a line lies from `lower`, 0, to `upper`, 100; 50 where both are one."""
    return bar_by_bar(
        lambda x, top, bottom: 100 * (x - bottom) / (top - bottom) if top != bottom else D(50), line, upper, lower
    )


def true_range(high: Line, low: Line, close: Line) -> list[Known]:
    """The greatest of high - low, |high - close before| and |low - close before|."""
    return bar_by_bar(
        lambda top, bottom, then: max(top - bottom, abs(top - then), abs(bottom - then)), high, low, before(close, 1)
    )


def strength(line: Line, n: int) -> list[Known]:
    """Wilder's index: 100 x average gain over average gain and loss; 50 while nothing has moved."""
    moves = change(line)
    gains = wilder(bar_by_bar(lambda move: max(move, D(0)), moves), n)
    losses = wilder(bar_by_bar(lambda move: max(-move, D(0)), moves), n)
    return bar_by_bar(lambda up, down: 100 * up / (up + down) if up + down else D(50), gains, losses)


def summed_up(line: Line) -> list[Known]:
    """Sum from the first known value on."""
    out: list[Known] = []
    so_far = D(0)
    for x in line:
        so_far += x or 0
        out.append(None if x is None else so_far)
    return out
