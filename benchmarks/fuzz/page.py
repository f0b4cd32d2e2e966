"""The result of a fuzz: on the terminal, and as the generated end of docs/divergences.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.fuzz.judge import EQUAL, KNOWN, NOT_ASKED, UNEXPLAINED
from benchmarks.fuzz.run import Tally
from benchmarks.machine import ROOT, commit, machine

PAGE = ROOT / "docs" / "divergences.md"
HEADING = "## What the fuzz found"
NOTE = "Written by `python -m benchmarks fuzz --publish`; nobody edits what follows by hand."
KINDS = (EQUAL, KNOWN, UNEXPLAINED, NOT_ASKED)


def lines(tally: Tally) -> Iterator[str]:
    """Yield the result for a terminal."""
    rate = tally.cases / tally.seconds
    yield f"{tally.cases} cases of seed {tally.seed} in {tally.seconds:.0f} s, {rate:.1f} a second"
    for engine in _engines(tally):
        counts = ", ".join(f"{tally.kinds[engine, kind]} {kind}" for kind in KINDS if tally.kinds[engine, kind])
        yield f"  {engine:<12} {counts}"
        for (of, name), count in sorted(tally.names.items()):
            if of == engine:
                yield f"    {name:<24}{count:>7}   first: {tally.first[of, name]}"


def write(tally: Tally) -> Path:
    """Put the result at the end of docs/divergences.md, in place of the one before."""
    kept = PAGE.read_text(encoding="utf-8").partition(HEADING)[0].rstrip()
    PAGE.write_text(kept + "\n\n" + "\n".join(_section(tally)) + "\n", encoding="utf-8")
    return PAGE.relative_to(ROOT)


def _section(tally: Tally) -> Iterator[str]:
    """The section as Markdown."""
    yield f"{HEADING}\n"
    yield f"{NOTE}\n"
    yield f"{tally.cases:,} random cases, seed {tally.seed}, {tally.seconds:,.0f} s. {machine()}. Commit {commit()}.\n"
    yield f"| engine | {' | '.join(KINDS)} |"
    yield f"|---|{'--:|' * len(KINDS)}"
    for engine in _engines(tally):
        name = "tapehead, held against the written rules" if engine == "tapehead" else engine
        yield f"| {name} | {' | '.join(f'{tally.kinds[engine, kind]:,}' for kind in KINDS)} |"
    yield "\nKnown differences by name; a case may have several:\n"
    yield "| engine | name | cases | first |"
    yield "|---|---|--:|---|"
    for (engine, name), count in sorted(tally.names.items()):
        yield f"| {engine} | [{name}](#{name}) | {count:,} | {tally.first[engine, name]} |"


def _engines(tally: Tally) -> list[str]:
    """Engines in the order they were heard of."""
    return list(dict.fromkeys(engine for engine, _ in tally.kinds))
