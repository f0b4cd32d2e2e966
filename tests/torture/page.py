"""to_page: docs/torture.md from the counts of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.machine import commit, machine
from tests.torture.spread import KINDS

_HEAD = """\
# Torture

This page is written by `make torture N={points}`; nobody edits it by hand.

**{good} of {points}** points passed: seed {seed}, {seconds:.0f} s. {machine}. Commit {commit}.

A point is one store and one thing done to it, both drawn from the seed and the number of the point. The store goes
through commits of several series, replaced periods, appends, folds, undos, sweeps, leases and reopenings; a plain dict
is told the same. After the torture the store is opened again: its head is the last acknowledged commit, or the one
that was being made, whole; every bar of every snapshot that was not swept is what the dict says, bit for bit; so are
coverage, instruments, universes and reports; a check finds nothing but orphans; the next commit works; the orphans go.

What it does not promise: a disk that lies about fsync keeps nothing; and SQLite has no checksums, so a read alone
cannot notice each changed byte of `bars.db`. `tapehead store verify` does, by a seal of the blocks of each snapshot.
"""
_TAIL = """\
How to repeat: `make torture N={points} SEED={seed}`, one point: `make torture SEED={seed} AT=17`. Twenty points run
with every `make test`. That the torture can fail is a test of its own: with any one fsync left out, of files, of
folders or of SQLite's log, it finds a loss (`tests/torture/test_torture.py`), and the one-line breaks of the store are
each noticed (`make mutants M=stores`).
"""


def to_page(seed: str, counts: Mapping[str, int], failed: Mapping[str, Sequence[int]], seconds: float) -> str:
    """Return the page for so many points of each kind, and the numbers of those that failed."""
    points, bad = sum(counts.values()), sum(map(len, failed.values()))
    facts = {"points": points, "good": points - bad, "seed": seed, "seconds": seconds}
    lines = [_HEAD.format(**facts, machine=machine(), commit=commit())]
    lines += ["| kind | points | failed | what is done |", "|---|---|---|---|"]
    for name, kind in KINDS.items():
        numbers = ", ".join(map(str, failed.get(name, ()))) or "–"
        lines.append(f"| {name} | {counts.get(name, 0)} | {numbers} | {kind.says} |")
    return "\n".join([*lines, "", _TAIL.format(**facts)])
