"""Mutant: one line of the product broken, and the test file that must notice."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """In `file` below src/tapehead the text `old`, which stands there once, becomes `new`; `killer` must fail.

    `rule` is the one that it breaks. Those of UNCOMPILED need no compiled kernels, so they are run without.
    """

    says: str
    file: str
    old: str
    new: str
    killer: str
    rule: str = ""


TRUTH = "tests/truth/test_truth.py"
PLAIN = "tests/parity/test_plain.py"
UNCOMPILED = (TRUTH, PLAIN)
