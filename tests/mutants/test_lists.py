"""Every mutant still fits the source it breaks, and its killer exists; `python -m tests.mutants` runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.engine import ENGINE
from tests.mutants.mutant import Mutant
from tests.mutants.store import STORE
from tests.mutants.stream import STREAM

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("mutant", [*ENGINE, *STORE, *STREAM], ids=lambda mutant: mutant.says)
def test_a_mutant_fits(mutant: Mutant) -> None:
    text = (ROOT / "src" / "tapehead" / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1
    assert mutant.old != mutant.new
    assert (ROOT / mutant.killer).is_file()


def test_no_mutant_is_listed_twice() -> None:
    assert len({(mutant.file, mutant.old) for mutant in ENGINE}) == len(ENGINE) >= 25
    assert len({(mutant.file, mutant.old) for mutant in STORE}) == len(STORE) >= 10
    assert len({(mutant.file, mutant.old) for mutant in STREAM}) == len(STREAM) >= 5
