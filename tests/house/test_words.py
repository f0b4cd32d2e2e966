"""What no committed file may say: places of one machine, hosts of registries, notes to self, holes in the code.

The patterns are written so that they do not match their own source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOT, files, plant, text

EVERYWHERE = {
    "a path of one machine": r"(?<![\w.-])/(?:w[o]rk|r[o]ot|h[o]me/\w|Us[e]rs/\w|tmp/br[i]ef)[\w/.-]*",
    "a registry's host": r"pyp[i]\.org|pythonh[o]sted|npmjs\.[a-z]|c[o]nda\.(?:io|org)|anac[o]nda\.org",
    "a note to self": r"\b(?:TOD[O]|FIXM[E]|XX[X]|HAC[K])\b",
    "a maker of text": r"(?i)\b(?:clau[d]e|anthr[o]pic|chatgp[t]|op[e]nai|(?:sub|cod[i]ng |ai )-?ag[e]nts?)\b",
}
IN_SOURCES = {
    "a hole": r"\bNotImpl[e]mentedError",
    "an error swallowed": r"except(?:\s+\(?(?:Base)?Excepti[o]n\b[^:]*)?:\s*(?:#[^\n]*)?\n?\s*pas[s]\b",
}


def violations(root: Path) -> Iterator[str]:
    """Every forbidden word, with its file and line."""
    for path in files(root):
        content = text(path)
        if content is None:
            continue
        name = path.relative_to(root).as_posix()
        rules = EVERYWHERE | (IN_SOURCES if name.startswith("src/") else {})
        for what, pattern in rules.items():
            for found in re.finditer(pattern, content):
                line = content.count("\n", 0, found.start()) + 1
                yield f"{name}:{line}: {what}: {found[0].strip()!r}"


def test_no_file_says_a_forbidden_word() -> None:
    assert not list(violations(ROOT))


@pytest.mark.parametrize(
    "line",
    [
        "see /w" + "ork/main/src",
        "'/ro" + "ot/.cache'",
        "/ho" + "me/ann/bars.csv",
        "https://py" + "pi.org/simple",
        "files.pythonh" + "osted.org",
        "# TO" + "DO: later",
        "FIX" + "ME",
        "written by Clau" + "de",
    ],
)
def test_a_forbidden_word_is_found(tmp_path: Path, line: str) -> None:
    plant(tmp_path, "docs/page.md", f"one\n{line}\n")
    plant(tmp_path, "docs/fine.md", "hackathon, TAPEHEAD_HOME, ../shared/data, homework/root, src/work/x\n")
    assert [found[: len("docs/page.md:2:")] for found in violations(tmp_path)] == ["docs/page.md:2:"]


@pytest.mark.parametrize(
    "lines",
    [
        "raise NotImpl" + "ementedError",
        "try:\n    f()\nexcept Excep" + "tion:\n    pass\n",
        "try:\n    f()\nexcept: pass\n",
    ],
)
def test_a_hole_in_a_source_is_found(tmp_path: Path, lines: str) -> None:
    plant(tmp_path, "src/tapehead/jobs/read.py", lines)
    assert len(list(violations(tmp_path))) == 1
