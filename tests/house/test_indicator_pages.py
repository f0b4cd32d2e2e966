"""The pages of the indicators are what their entries say, and every example on them is true."""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator
from pathlib import Path

from tools.indicator_pages import FOLDER, pages

from tapehead.indicators.catalogue import INDICATORS
from tapehead.indicators.definitions import DEFINITIONS
from tests.house.tree import ROOT, plant


def untrue(folder: Path) -> Iterator[str]:
    """Every page that is missing, that speaks of no indicator, or that says something else than its entry."""
    wanted = pages()
    held = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*")}
    for name in sorted(wanted.keys() | held.keys()):
        if wanted.get(name) != held.get(name):
            yield f"{name}: run python -m tools.indicator_pages"


def test_every_indicator_has_its_page() -> None:
    assert not list(untrue(FOLDER))
    assert len(pages()) == len(INDICATORS) + 1


def test_a_page_that_is_not_true_is_found(tmp_path: Path) -> None:
    for name, text in pages().items():
        plant(tmp_path, name, text.replace("Bollinger Bands, 2001", "Bollinger Bands, 2002"))
    plant(tmp_path, "moon.md", "# moon\n")
    (tmp_path / "ad.md").unlink()
    assert [line.partition(":")[0] for line in untrue(tmp_path)] == ["ad.md", "bollinger.md", "moon.md"]


def test_every_example_is_true() -> None:
    """What a page shows, which is what the docstring shows, is what comes out; a wrong figure is seen."""
    reader, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False)
    for row in INDICATORS:
        shown = (FOLDER / f"{row.name}.md").read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
        test = reader.get_doctest(shown, {}, row.name, None, None)
        assert len(test.examples) >= 2, row.name
        assert runner.run(test).failed == 0, row.name
    false = reader.get_doctest(">>> from tapehead import mom\n>>> mom([1.0, 3.0], period=1)[1]\n3.0\n", {}, "", None, 0)
    assert runner.run(false, out=lambda _: None).failed == 1


def test_the_engine_says_the_same_formulas() -> None:
    page = (ROOT / "docs" / "engine.md").read_text(encoding="utf-8")
    table = page.partition("\n## Indicators\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)\(([^)]*)\)` \| (.*) \| .*? \|$", table, re.MULTILINE)
    assert {name: (letters, text.replace(r"\|", "|")) for name, letters, text in rows} == DEFINITIONS
    assert set(DEFINITIONS) == {row.name for row in INDICATORS}
