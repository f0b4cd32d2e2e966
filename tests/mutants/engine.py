"""One-line breaks of the engine, each with the test file that must notice it."""

from __future__ import annotations

from tests.mutants.accounts import ACCOUNTS
from tests.mutants.fills import FILLS
from tests.mutants.mutant import TRUTH, Mutant

WALK = "tests/parity/test_walk.py"
SCORE = "tests/parity/test_score.py"
KERNELS = "kernels"


ENGINE = (
    *FILLS,
    *ACCOUNTS,
    Mutant(
        "a line that becomes known counts as crossing",
        f"{KERNELS}/crossings.py",
        "ups[w] = above & (under << _ONE | not_above)",
        "ups[w] = above & ~(above << _ONE)",
        "tests/parity/test_crossings.py",
    ),
    Mutant(
        "touching counts as above",
        f"{KERNELS}/crossings.py",
        "above |= bit if x > y else _NONE",
        "above |= bit if x >= y else _NONE",
        "tests/parity/test_crossings.py",
    ),
    Mutant(
        "a stretch of bars forgets the bar before it",
        f"{KERNELS}/crossings.py",
        "    carried[0], carried[1] = not_above, not_below",
        "    carried[0], carried[1] = _NONE, not_below",
        SCORE,
    ),
    Mutant(
        "crossings before the start are wishes",
        f"{KERNELS}/crossings.py",
        "            word &= _ALL << np.uint64(first % WORD)",
        "            word &= _ALL",
        SCORE,
    ),
    Mutant(
        "a set goes on with the account of the one before",
        f"{KERNELS}/trade.py",
        "        a, r = accounts[k], rules[k]",
        "        a, r = accounts[0], rules[k]",
        SCORE,
    ),
    Mutant(
        "what is packed counts bars from the first one read",
        f"{KERNELS}/trade.py",
        "        marks[names.EXIT_BAR, k] -= first",
        "        marks[names.EXIT_BAR, k] -= 0",
        SCORE,
    ),
    Mutant(
        "sets are walked though their trades find no room",
        f"{KERNELS}/trade.py",
        "            return k\n",
        "            used = 0\n",
        SCORE,
    ),
    Mutant(
        "what lies behind a chunk of returns is counted",
        f"{KERNELS}/moments.py",
        "        change = change if j < count else 0.0",
        "        change = change if j <= count else 0.0",
        "tests/parity/test_moments.py",
    ),
    Mutant(
        "a block begins a bar late",
        f"{KERNELS}/moments.py",
        "                edge = start + (block + 1) * scored // BLOCKS",
        "                edge = start + (block + 1) * scored // BLOCKS + 1",
        SCORE,
    ),
    Mutant(
        "a chunk that makes a low is passed over",
        f"{KERNELS}/moments.py",
        "            state[LOW] = bottom",
        "            state[LOW] = min(state[LOW], top)",
        WALK,
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
        "return readonly(events[np.searchsorted(events, start) :]) if start else events",
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
