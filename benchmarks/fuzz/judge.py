"""Judge: every difference between Tapehead and a peer is explained by named divergences, or it is not."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.fuzz.case import Case
from benchmarks.fuzz.found import Found, difference
from benchmarks.fuzz.plain import is_ruined, plain
from benchmarks.fuzz.quirks import QUIRKS, is_asked

EQUAL, KNOWN, UNEXPLAINED, NOT_ASKED = "equal", "known", "unexplained", "not asked"
OURS = "tapehead"


class Verdict(NamedTuple):
    """What holding one engine's finding against ours came to.

    `names` are the divergences without which the peer's finding is not what its rules give; `text` is the first
    difference.
    """

    engine: str
    kind: str
    names: tuple[str, ...] = ()
    text: str = ""


def judge_ours(case: Case, ours: Found) -> Verdict:
    """Hold Tapehead against the plain walk, which shares no code with it."""
    text = difference(ours, plain(case))
    if text and is_ruined(case):
        return Verdict(OURS, NOT_ASKED)
    return Verdict(OURS, UNEXPLAINED if text else EQUAL, text=text)


def judge_peer(case: Case, engine: str, ours: Found, theirs: Found) -> Verdict:
    """Hold a peer against Tapehead.

    A difference is known only where Tapehead gives what its rules say, and the peer gives to the same bounds what those
    rules say with the peer's own quirks in their place.
    """
    if not is_asked(engine, case):
        return Verdict(engine, NOT_ASKED)
    text = difference(theirs, ours)
    if not text:
        return Verdict(engine, EQUAL)
    quirks = frozenset(QUIRKS[engine])
    if is_ruined(case):
        return Verdict(engine, NOT_ASKED)
    if difference(ours, plain(case)) or difference(theirs, plain(case, quirks)):
        return Verdict(engine, UNEXPLAINED, text=text)
    return Verdict(engine, KNOWN, _needed(case, quirks, theirs), text)


def _needed(case: Case, quirks: frozenset[str], theirs: Found) -> tuple[str, ...]:
    """Return the quirks without which the walk is not what the peer gave."""
    for name in sorted(quirks):
        if not difference(theirs, plain(case, quirks - {name})):
            quirks = quirks - {name}
    return tuple(sorted(quirks))
