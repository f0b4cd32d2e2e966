"""Exact: every indicator of W7 once more, from its definition, in plain Python with 50 decimal digits.

Prices are taken as they are written in decimals, so that windows are summed without any rounding; averages that run
on are rounded in the fiftieth digit. It shares no code with Tapehead and uses no NumPy but to keep what it found. What
the oracles of the tests say in decimals is theirs; what they say in floats and fractions stands here once more:

    python -m benchmarks.exact FOLDER

reads the columns there and writes `exact-NAME.npy`, shape (n_lines, n_bars), for each indicator, and for the ADX also
`exact-adx-floats.npy`.
"""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal, getcontext
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.lines import LINES, PRICES
from tests.oracles import averages, flows, momentum, reaches

getcontext().prec = 50
D = Decimal
Known = D | None
Values = list[Known]
ZERO, HUNDRED = D(0), D(100)
Item = TypeVar("Item")


class Prices:
    """The columns of one instrument."""

    def __init__(self, columns: dict[str, Sequence[float]]) -> None:
        self.open, self.high, self.low, self.close, self.volume = (
            [D(repr(value)) for value in columns[name]] for name in PRICES
        )


def summed(values: Sequence[D], n: int) -> Values:
    """The sum of the last `n`; nothing is lost when a bar is given back."""
    out: Values = []
    total = ZERO
    for t, value in enumerate(values):
        total += value
        if t >= n:
            total -= values[t - n]
        out.append(total if t >= n - 1 else None)
    return out


def mean(values: Values, n: int) -> Values:
    """The mean of the last `n` known values."""
    begin = next((t for t, value in enumerate(values) if value is not None), len(values))
    known = [value for value in values[begin:] if value is not None]
    return [None] * begin + [None if total is None else total / n for total in summed(known, n)]


def weighted(values: Sequence[D], n: int) -> Values:
    """Weights 1 to `n`, the newest weighing most."""
    out: Values = []
    total = heavy = ZERO
    for t, value in enumerate(values):
        heavy += min(t + 1, n) * value
        if t >= n:
            heavy -= total
            total -= values[t - n]
        total += value
        out.append(heavy / (n * (n + 1) // 2) if t >= n - 1 else None)
    return out


def moving(values: Values, n: int, keep: D | None = None) -> Values:
    """An average that runs on: from the mean of the first `n` known values; 2/(n + 1) of the way, or 1/n of it."""
    share = D(2) / (n + 1) if keep is None else 1 - keep
    out: Values = []
    seen, total = 0, ZERO
    for value in values:
        if value is None:
            out.append(None)
            continue
        seen += 1
        total = total + value if seen <= n else total + (value - total) * share
        if seen == n:
            total /= n
        out.append(total if seen >= n else None)
    return out


def wilder(values: Values, n: int) -> Values:
    """Wilder's average: (before * (n - 1) + today)/n."""
    return moving(values, n, D(n - 1) / n)


def deviation(values: Sequence[D], n: int, ddof: int) -> Values:
    """The root of n * sum of squares less the square of the sum, over n * (n - ddof)."""
    squares = summed([value * value for value in values], n)
    return [
        None if total is None or square is None else ((n * square - total * total) / (n * (n - ddof))).sqrt()
        for total, square in zip(summed(values, n), squares, strict=True)
    ]


def joined(one: Values, other: Values, join: Callable[[D, D], Known]) -> Values:
    """Bar by bar, where both are known."""
    return [None if a is None or b is None else join(a, b) for a, b in zip(one, other, strict=True)]


def around(middle: Values, reach: Values, width: int) -> list[Values]:
    """Upper, middle, lower."""
    upper = joined(middle, reach, lambda mid, far: mid + width * far)
    return [upper, middle, joined(middle, reach, lambda mid, far: mid - width * far)]


def strength(p: Prices, average: Callable[[Values, int], Values]) -> list[Values]:
    """100 * gains/(gains + losses), 50 where nothing moved."""
    moves = [later - earlier for earlier, later in zip(p.close, p.close[1:], strict=False)]
    up, down = ([max(sign * move, ZERO) for move in moves] for sign in (1, -1))
    return [[None, *joined(average([*up], 14), average([*down], 14), of_hundred)]]


def of_hundred(part: D, rest: D) -> D:
    """The share of the first in percent."""
    return D(50) if part + rest == 0 else HUNDRED * part / (part + rest)


def macd(p: Prices) -> list[Values]:
    """Both averages begin on the bar on which the longer one is known, each from the mean of its own last values."""
    line = joined([None] * 14 + moving([*p.close[14:]], 12), moving([*p.close], 26), lambda a, b: a - b)
    smooth = moving(line, 9)
    return [line, smooth, joined(line, smooth, lambda a, b: a - b)]


def volatility(p: Prices) -> list[Values]:
    """Deviation of returns about their mean, over n - 1."""
    returns = [later / earlier - 1 for earlier, later in zip(p.close, p.close[1:], strict=False)]
    return [[None, *deviation(returns, 20, 1)]]


def true_range(p: Prices) -> Values:
    """The greatest of three distances."""
    found = [
        max(top, before) - min(bottom, before)
        for top, bottom, before in zip(p.high[1:], p.low[1:], p.close, strict=False)
    ]
    return [None, *found]


def adx(p: Prices, *, floats: bool = False) -> list[Values]:
    """Sums begin with 13 bars; sum - sum/14 + today; the average of the distance is Wilder's.

    Only the larger of two moves counts, and neither of two equal ones. With `floats` moves are as floats subtract: two
    that are equal in decimals may then differ in the last bit, and one of them counts.
    """
    n = 14
    ranges = true_range(p)
    plus: Values = [None] * len(ranges)
    minus, distance = plus[:], plus[:]
    reach = ups = downs = ZERO
    keep = D(n - 1) / n
    for t in range(1, len(ranges)):
        up, down = moved(p.high[t - 1], p.high[t], floats), moved(p.low[t], p.low[t - 1], floats)
        now = ranges[t] or ZERO
        fade = keep if t >= n else 1
        reach = reach * fade + now
        ups = ups * fade + (up if up > max(down, ZERO) else ZERO)
        downs = downs * fade + (down if down > max(up, ZERO) else ZERO)
        if t >= n:
            one, other = (HUNDRED * part / reach if reach else ZERO for part in (ups, downs))
            plus[t], minus[t] = one, other
            distance[t] = HUNDRED * abs(one - other) / (one + other) if one + other else ZERO
    return [wilder(distance, n), plus, minus]


def moved(before: D, after: D, floats: bool) -> D:
    """How far a price rose."""
    return D(float(after) - float(before)) if floats else after - before


def extreme(values: Sequence[Item], n: int, pick: Callable[[Sequence[Item]], Item]) -> Iterator[Item]:
    """The highest or lowest of each whole window."""
    return (pick(values[t - n + 1 : t + 1]) for t in range(n - 1, len(values)))


def channel(p: Prices, n: int) -> tuple[Values, Values]:
    """Highest high and lowest low of the last `n`; floats are compared, which is faster and gives the same."""
    found = []
    for side, pick in ((p.high, max), (p.low, min)):
        plain = list(map(float, side))
        back = dict(zip(plain, side, strict=True))
        found.append([None] * min(n - 1, len(side)) + [back[value] for value in extreme(plain, n, pick)])
    return found[0], found[1]


def donchian(p: Prices) -> list[Values]:
    """Upper, middle, lower."""
    upper, lower = channel(p, 20)
    return [upper, joined(upper, lower, lambda a, b: (a + b) / 2), lower]


def stochastic(p: Prices) -> list[Values]:
    """Where the close lies between lowest low and highest high, its mean, and that one's."""
    upper, lower = channel(p, 14)
    fast: Values = [
        None if top is None or bottom is None else of_hundred(price - bottom, top - price)
        for top, bottom, price in zip(upper, lower, p.close, strict=True)
    ]
    slow = mean(fast, 3)
    return [fast, slow, mean(slow, 3)]


def supertrend(p: Prices) -> list[Values]:
    """Bands of three true ranges that only come nearer, until a close crosses them; 1 while the line lies below."""
    reach = wilder(true_range(p), 10)
    line: Values = [None] * len(reach)
    rising: Values = [ZERO] * len(reach)
    upper = lower = ZERO
    up = first = True
    for t, far in enumerate(reach):
        if far is None:
            continue
        price, middle = p.close[t], (p.high[t] + p.low[t]) / 2
        top, bottom = middle + 3 * far, middle - 3 * far
        if first:
            upper, lower, up, first = top, bottom, price >= middle, False
        else:
            upper = top if p.close[t - 1] > upper else min(upper, top)
            lower = bottom if p.close[t - 1] < lower else max(lower, bottom)
        up = price > lower if up else price > upper
        line[t], rising[t] = (lower if up else upper), D(up)
    return [line, rising]


def obv(p: Prices) -> list[Values]:
    """The first bar counts."""
    total = p.volume[0]
    out: Values = [total]
    for t in range(1, len(p.close)):
        now, before = p.close[t], p.close[t - 1]
        total += p.volume[t] if now > before else -p.volume[t] if now < before else ZERO
        out.append(total)
    return [out]


def weighed(p: Prices, n: int) -> list[Values]:
    """Typical price weighed by volume, over the last `n` bars."""
    typical = (top + bottom + last for top, bottom, last in zip(p.high, p.low, p.close, strict=True))
    traded = [price * size for price, size in zip(typical, p.volume, strict=True)]
    return [joined(summed(traded, n), summed(p.volume, n), lambda value, size: value / (3 * size))]


def since_first(p: Prices) -> list[Values]:
    """The same over all bars until now."""
    value = size = ZERO
    out: Values = []
    for t, volume in enumerate(p.volume):
        value += (p.high[t] + p.low[t] + p.close[t]) * volume
        size += volume
        out.append(value / (3 * size))
    return [out]


MAKERS: dict[str, Callable[[Prices], list[Values]]] = {
    "sma": lambda p: [mean([*p.close], 20)],
    "ema": lambda p: [moving([*p.close], 20)],
    "wma": lambda p: [weighted(p.close, 20)],
    "rsi": lambda p: strength(p, wilder),
    "rsi_simple": lambda p: strength(p, mean),
    "macd": macd,
    "bollinger": lambda p: around(mean([*p.close], 20), deviation(p.close, 20, 0), 2),
    "std": lambda p: [deviation(p.close, 20, 0)],
    "volatility": volatility,
    "roc": lambda p: [[None] * 10 + [HUNDRED * (b / a - 1) for a, b in zip(p.close, p.close[10:], strict=False)]],
    "true_range": lambda p: [true_range(p)],
    "atr": lambda p: [wilder(true_range(p), 14)],
    "adx": adx,
    "donchian": donchian,
    "keltner": lambda p: around(moving([*p.close], 20), wilder(true_range(p), 10), 2),
    "stochastic": stochastic,
    "supertrend": supertrend,
    "obv": obv,
    "vwap": since_first,
    "vwap_rolling": lambda p: weighed(p, 20),
}


def twin(name: str) -> Callable[[Prices], list[Values]]:
    """What the oracle of an indicator says at its defaults; the open is the second line of those that take two."""
    home = next(module for module in (averages, momentum, flows, reaches) if hasattr(module, name))
    make = getattr(home, name)
    places = inspect.signature(make).parameters
    inputs = [COLUMNS.get(each, each) for each in places if COLUMNS.get(each, each) in PRICES]
    return lambda p: [list(line) for line in make(*(getattr(p, each) for each in inputs))]


COLUMNS = {"values": "close", "benchmark": "open", "opening": "open"}
TWINS = {name: twin(name) for name in LINES if name not in MAKERS}
MAKERS |= TWINS


def write(folder: Path, names: Iterable[str]) -> None:
    """Find every line and keep it, rounded once to a float; what is not known yet is NaN."""
    prices = Prices({name: np.load(folder / f"{name}.npy").tolist() for name in PRICES})
    for name in names:
        keep(folder / f"exact-{name}.npy", MAKERS[name](prices))
        if name == "adx":
            keep(folder / "exact-adx-floats.npy", adx(prices, floats=True))


def keep(path: Path, lines: list[Values]) -> None:
    """Write the lines of one indicator."""
    np.save(path, np.array([[float("nan") if value is None else float(value) for value in line] for line in lines]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--names", default=",".join(MAKERS))
    asked = parser.parse_args()
    write(asked.folder, asked.names.split(","))
    print("{}")
