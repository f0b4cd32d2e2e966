"""One-line breaks of the engine, each with the test file that must notice it."""

from __future__ import annotations

from tests.mutants.accounts import ACCOUNTS
from tests.mutants.fills import FILLS
from tests.mutants.mutant import TRUTH, Mutant

WALK = "tests/parity/test_walk.py"
KERNELS = "kernels"


ENGINE = (
    *FILLS,
    *ACCOUNTS,
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
