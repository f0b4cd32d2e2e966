"""One-line breaks of the engine, each with the test file that must notice it."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """In `file` below src/tapehead the text `old`, which stands there once, becomes `new`; `killer` must fail."""

    says: str
    file: str
    old: str
    new: str
    killer: str


TRUTH = "tests/truth/test_truth.py"
WALK = "tests/parity/test_walk.py"
KERNELS = "kernels"

ENGINE = (
    Mutant(
        "the open after a decision counts as a gap",
        f"{KERNELS}/walk.py",
        "gap = (step[fill] - step[decision]) // unit - lag\n        if",
        "gap = (step[fill] - step[decision]) // unit\n        if",
        TRUTH,
    ),
    Mutant(
        "slippage helps the buyer",
        f"{KERNELS}/walk.py",
        "paid = price[fill] * (1.0 + slippage)",
        "paid = price[fill] * (1.0 - slippage)",
        TRUTH,
    ),
    Mutant(
        "the fee is not inside the budget",
        f"{KERNELS}/walk.py",
        "quantity = size * cash / (paid * (1.0 + fee))",
        "quantity = size * cash / paid",
        TRUTH,
    ),
    Mutant(
        "an entry expires a step too early",
        f"{KERNELS}/walk.py",
        "if max_wait >= 0 and gap > max_wait:",
        "if max_wait >= 0 and gap >= max_wait:",
        TRUTH,
    ),
    Mutant(
        "bars without a trade fill orders",
        f"{KERNELS}/walk.py",
        "while t < n and not traded[t] & TRADED:",
        "while t < n and not traded[t] | TRADED:",
        TRUTH,
    ),
    Mutant(
        "at a close one bar may buy and sell",
        f"{KERNELS}/walk.py",
        "first = fill + 1 - lag",
        "first = fill",
        WALK,
    ),
    Mutant(
        "a delisting costs nothing",
        f"{KERNELS}/walk.py",
        "got = close[fill] * (1.0 - haircut)",
        "got = close[fill]",
        TRUTH,
    ),
    Mutant(
        "a delisting pays a fee",
        f"{KERNELS}/walk.py",
        "fee_out = 0.0",
        "fee_out = quantity * got * fee",
        TRUTH,
    ),
    Mutant(
        "nothing and ignore change places",
        f"{KERNELS}/walk.py",
        "elif on_conflict == NOTHING:",
        "elif on_conflict == IGNORE:",
        TRUTH,
    ),
    Mutant(
        "cash stays below zero",
        f"{KERNELS}/walk.py",
        "if cash < 0.0:",
        "if cash < -1.0:",
        WALK,
    ),
    Mutant(
        "a price of zero buys infinitely many",
        f"{KERNELS}/walk.py",
        "if not 0.0 < quantity < np.inf:",
        "if not 0.0 < quantity:",
        TRUTH,
    ),
    Mutant(
        "drawdown starts at the first equity and not at the cash",
        f"{KERNELS}/moments.py",
        "state[PEAK], state[LOW], state[PEAK_BAR] = cash, cash, start - 1",
        "state[PEAK], state[LOW], state[PEAK_BAR] = 0.0, 0.0, start - 1",
        TRUTH,
    ),
    Mutant(
        "a peak held while flat starts the water too early",
        f"{KERNELS}/moments.py",
        "state[PEAK_BAR] = max(entry - 1, start - 1)",
        "state[PEAK_BAR] = max(state[PEAK_BAR], start - 1)",
        WALK,
    ),
    Mutant(
        "the bar of an exit at its open counts as exposure",
        f"{KERNELS}/moments.py",
        "min(leave + (0 if at_open else 1), n)",
        "min(leave + 1, n)",
        TRUTH,
    ),
    Mutant(
        "the entry bar counts for the worst price though it was bought at its close",
        f"{KERNELS}/moments.py",
        "for t in range(bars[row, ENTRY_BAR] + (0 if enters_at_open else 1), until):",
        "for t in range(bars[row, ENTRY_BAR], until):",
        TRUTH,
    ),
    Mutant(
        "a line that becomes known counts as crossing",
        f"{KERNELS}/crossings.py",
        "if code == ABOVE and last != UNKNOWN:",
        "if code == ABOVE:",
        "tests/parity/test_crossings.py",
    ),
    Mutant(
        "touching counts as above",
        f"{KERNELS}/crossings.py",
        "codes[t] = np.uint8(x > level) |",
        "codes[t] = np.uint8(x >= level) |",
        "tests/parity/test_crossings.py",
    ),
    Mutant(
        "RSI by another smoothing than Wilder's",
        f"{KERNELS}/smoothing.py",
        "keep = (period - 1) / period",
        "keep = period / (period + 1)",
        "tests/parity/test_indicators.py",
    ),
    Mutant(
        "EMA with another weight",
        f"{KERNELS}/smoothing.py",
        "weight = 2.0 / (period + 1)",
        "weight = 2.0 / period",
        "tests/parity/test_indicators.py",
    ),
    Mutant(
        "means of prices by running float sums",
        "indicators/sma.py",
        "if bars >= period:",
        "if bars < 0:",
        "tests/parity/test_indicators.py",
    ),
    Mutant(
        "a memo that forgets the length of a line",
        "indicators/memo.py",
        ", a.shape, a.strides)",
        ", a.strides)",
        "tests/unit/indicators/test_memo.py",
    ),
    Mutant(
        "a memo that remembers what its owner has changed",
        "indicators/values.py",
        "        line = line.copy()",
        "        line = line.view()",
        "tests/unit/indicators/test_memo.py",
    ),
    Mutant(
        "signals of the warm-up trade",
        "simulation/simulate.py",
        "return events[np.searchsorted(events, start) :] if start else events",
        "return events",
        TRUTH,
    ),
    Mutant(
        "holes count as no observations",
        "simulation/simulate.py",
        "return present if present >= GRID_SHARE * steps else steps",
        "return present",
        TRUTH,
    ),
    Mutant(
        "a partial bar trades",
        "library/simulate.py",
        "whole = (bars.flags & PARTIAL) == 0",
        "whole = bars.flags >= 0",
        TRUTH,
    ),
    Mutant(
        "growth a year from under 90 days",
        "metrics/definitions.py",
        "if days < SHORTEST_FOR_CAGR_DAYS:",
        "if days < 1:",
        "tests/unit/metrics/test_definitions.py",
    ),
    Mutant(
        "the digest depends on the order of arrival",
        "model/spec.py",
        "for line in sorted(lines, key=DigestLine.order):",
        "for line in lines:",
        "tests/golden/test_digest.py",
    ),
    Mutant(
        "the cache does not see an edited callee",
        f"{KERNELS}/jit.py",
        'for path in sorted(folder.glob("*.py")):',
        'for path in sorted(folder.glob("*.none")):',
        "tests/parity/test_kernel_cache.py",
    ),
)
