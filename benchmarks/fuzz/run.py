"""The fuzz itself: cases in batches to Tapehead and to live peers; what no divergence explains is shrunk and shown."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from benchmarks.fuzz import ours
from benchmarks.fuzz.block import block
from benchmarks.fuzz.case import Case, make_case
from benchmarks.fuzz.engines import Peer
from benchmarks.fuzz.found import Found
from benchmarks.fuzz.judge import KNOWN, OURS, UNEXPLAINED, Verdict, judge_ours, judge_peer
from benchmarks.fuzz.shrink import shrink

BATCH = 50
MOST_SHOWN = 5
Engine = Callable[[Case], Found]
Say = Callable[[str], None]


@dataclass(slots=True)
class Tally:
    """What a run of the fuzz came to.

    `kinds` counts verdicts by engine and kind, `names` known differences by engine and name, `first` the first text
    of each, `unexplained` the tables of what was not explained.
    """

    seed: int
    cases: int = 0
    seconds: float = 0.0
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    names: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: dict[tuple[str, str], str] = field(default_factory=dict)
    unexplained: list[str] = field(default_factory=list)

    def count(self, kind: str) -> int:
        """Verdicts of one kind."""
        return sum(count for (_, of), count in self.kinds.items() if of == kind)

    def add(self, case: Case, verdict: Verdict) -> None:
        """Count one verdict."""
        self.kinds[verdict.engine, verdict.kind] += 1
        for name in verdict.names if verdict.kind == KNOWN else ():
            self.names[verdict.engine, name] += 1
            self.first.setdefault((verdict.engine, name), f"case {case.number}: {verdict.text}")


def fuzz(
    numbers: Sequence[int],
    seed: int,
    peers: Sequence[str],
    say: Say,
    *,
    tier: int | None = None,
    engine: Engine = ours.answer,
) -> Tally:
    """Run cases through every engine; `engine` stands for Tapehead."""
    tally = Tally(seed)
    began = told = time.monotonic()
    with ExitStack() as stack:
        held = [stack.enter_context(Peer(name)) for name in peers]
        for batch in _batches(numbers):
            cases = [make_case(seed, number, tier) for number in batch]
            for case, verdicts in _judged(cases, held, engine):
                tally.cases += 1
                for verdict in verdicts:
                    tally.add(case, verdict)
                    if verdict.kind == UNEXPLAINED and len(tally.unexplained) < MOST_SHOWN:
                        tally.unexplained.append(explain(case, verdict, held, engine))
                        say(tally.unexplained[-1])
            if time.monotonic() - told >= 2:
                told = time.monotonic()
                say(f"{tally.cases} of {len(numbers)} cases, {tally.count(UNEXPLAINED)} unexplained")
    tally.seconds = time.monotonic() - began
    return tally


def _batches(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    """Numbers in runs of `BATCH`."""
    for begin in range(0, len(numbers), BATCH):
        yield numbers[begin : begin + BATCH]


def _judged(cases: list[Case], peers: Sequence[Peer], engine: Engine) -> Iterator[tuple[Case, list[Verdict]]]:
    """Yield the verdicts of each case; peers work while Tapehead does."""
    for peer in peers:
        peer.ask(cases)
    mine = [engine(case) for case in cases]
    theirs = [peer.hear() for peer in peers]
    for at, case in enumerate(cases):
        others = [judge_peer(case, peer.name, mine[at], found[at]) for peer, found in zip(peers, theirs, strict=True)]
        yield case, [judge_ours(case, mine[at]), *others]


def explain(case: Case, verdict: Verdict, peers: Sequence[Peer], engine: Engine) -> str:
    """Shrink what was not explained and say what everybody made of it."""
    by_name = {peer.name: peer for peer in peers}

    def judged(smaller: Case) -> Verdict:
        mine = engine(smaller)
        if verdict.engine == OURS:
            return judge_ours(smaller, mine)
        return judge_peer(smaller, verdict.engine, mine, by_name[verdict.engine].answer(smaller))

    small = shrink(case, lambda smaller: judged(smaller).kind == UNEXPLAINED)
    against = "the written rules" if verdict.engine == OURS else verdict.engine
    sentence = f"Tapehead against {against}: {judged(small).text}."
    found = [
        f"tapehead gave {_told(engine(small))}",
        *(f"{peer.name} gave {_told(peer.answer(small))}" for peer in peers),
    ]
    tier = f" --tier {case.tier}"
    again = f"again: python -m benchmarks fuzz --seed {case.seed} --at {case.number}{tier}"
    return "\n".join([block(replace(small, number=case.number), sentence), *found, again, ""])


def _told(found: Found) -> str:
    """A finding in one line."""
    if found.refused:
        return f"nothing: {found.refused}"
    deals = "; ".join(
        f"{deal.side:+d} bars {deal.entry_bar}-{deal.exit_bar} at {deal.entry_price:.9g} -> {deal.exit_price:.9g}, "
        f"{deal.quantity:.9g} units, profit {deal.profit:.9g}"
        for deal in found.deals
    )
    held = f", open since bar {found.held[1]}" if found.held else ""
    return f"{deals or 'no closed trade'}{held}, final {found.final:.9g}"
