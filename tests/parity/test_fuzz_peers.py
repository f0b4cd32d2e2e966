"""The fuzz against live peers: no difference without a name, and a planted one is found and shrunk.

The short form of `make parity`, which runs 500 cases unless told how many; here 200 of them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.fuzz import ours, page
from benchmarks.fuzz.case import Case, Settings, make_case
from benchmarks.fuzz.engines import Peer
from benchmarks.fuzz.found import Found, difference
from benchmarks.fuzz.judge import KNOWN, UNEXPLAINED, judge_peer
from benchmarks.fuzz.plain import is_ruined, plain
from benchmarks.fuzz.quirks import QUIRKS
from benchmarks.fuzz.run import Tally, fuzz
from benchmarks.processes import PEERS, PEERS_PYTHON
from tests.truth.cases import read_case

ROOT = Path(__file__).resolve().parent.parent.parent
CASES = range(200)


def bounded(case: Case) -> Found:
    """A planted fault: a copy of the answer in which an exit at an open above the bar before is filled at its close."""
    found = ours.answer(case)
    for at, deal in enumerate(found.deals):
        if case.open[deal.exit_bar] > case.high[max(deal.exit_bar - 1, 0)]:
            wrong = replace(deal, exit_price=case.close[deal.exit_bar - 1])
            return replace(found, deals=[*found.deals[:at], wrong, *found.deals[at + 1 :]])
    return found


def run(numbers: Sequence[int], **more: object) -> Tally:
    """Run cases against the rules alone."""
    said: list[str] = []
    return fuzz(numbers, 3, (), said.append, **more)


@pytest.mark.timeout(900)
def test_every_difference_from_live_peers_has_a_name() -> None:
    if not PEERS_PYTHON.exists():
        pytest.skip("needs .venv-peers: benchmarks/setup_peers.sh peers")
    said: list[str] = []
    tally = fuzz(CASES, 1, PEERS, said.append)
    assert not tally.unexplained, tally.unexplained[0]
    assert tally.cases == len(CASES)
    for engine in PEERS:
        assert tally.kinds[engine, "equal"] > len(CASES) / 5, engine


def ruin(fee: float, **prices: list[float]) -> Case:
    """A short sold at the open of bar 2, bought back at that of bar 5 and sold again on bar 6, as far as it lasts."""
    none = [False] * 8
    short, cover = [t in (1, 5) for t in range(8)], [t == 4 for t in range(8)]
    wishes = {"enter": none, "leave": none, "enter_short": short, "leave_short": cover}
    return Case(1, 0, 3, list(range(8)), **prices, **wishes, settings=Settings(side="short", fee=fee))


def test_a_ruined_short_ends_as_each_tool_has_it() -> None:
    """Price doubles inside a bar and comes back, doubles for good, opens beyond twice the price."""
    if not PEERS_PYTHON.exists():
        pytest.skip("needs .venv-peers: benchmarks/setup_peers.sh peers")
    calm = [100.0, 100.0, 100.0]
    back = {name: [*calm, 110.0, 150.0, 150.0, 150.0, 150.0] for name in ("open", "low")}
    back |= {"high": [*calm, 230.0, *[150.0] * 4], "close": [*calm, *[150.0] * 5]}
    gone = {"open": [*calm, 110.0, 230.0, 230.0, 150.0, 150.0], "high": [*calm, 210.0, 240.0, 230.0, 150.0, 150.0]}
    gone |= {"low": [*calm, 110.0, 220.0, *[150.0] * 3], "close": [*calm, 205.0, 230.0, *[150.0] * 3]}
    jump = {**gone, "open": [*calm, 230.0, *gone["open"][4:]], "high": [*calm, 230.0, *gone["high"][4:]]}
    cases = [ruin(0.0, **back), ruin(0.0, **gone), ruin(0.001, **jump)]
    with ExitStack() as stack:
        peers = [stack.enter_context(Peer(name)) for name in PEERS]
        for peer in peers:
            peer.ask(cases)
        found = {peer.name: peer.hear() for peer in peers}
    found["tapehead"] = [ours.answer(case) for case in cases]

    def ends(name: str) -> list[tuple[int, float, float]]:
        return [(one.deals[0].exit_bar, one.deals[0].exit_price, round(one.final, 2)) for one in found[name]]

    assert ends("tapehead") == [(3, 200.0, 0.0), (3, 200.0, 0.0), (3, 230.0, 0.0)]
    assert ends("backtesting") == [(5, 150.0, 5000.0), (3, 205.0, 0.0), (3, 205.0, 0.0)]
    assert ends("vectorbt") == [(5, 150.0, 5000.0), (5, 230.0, -1956.52), (5, 230.0, -1967.58)]
    assert [end[:2] for end in ends("raptorbt")] == [(5, 150.0), (5, 230.0), (5, 230.0)]
    assert all(is_ruined(case) for case in cases)


def test_a_planted_wrong_fill_is_found_and_shrunk_to_a_table() -> None:
    tally = run(range(60), engine=bounded, tier=1)
    assert tally.unexplained
    shown = tally.unexplained[0]
    assert "Tapehead against the written rules: exit_price of trade 0" in shown
    case = read_case(shown.partition("### ")[2].partition("\ntapehead gave")[0])
    assert len(case.table.close) <= 3, shown
    assert len(case.trades) == 1
    again = re.search(r"again: python -m (benchmarks fuzz .*)", shown)
    assert again
    done = subprocess.run(
        [sys.executable, "-m", *again[1].split(), "--peers", "none"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "1 equal" in done.stdout


def test_a_name_excuses_only_what_its_rule_gives() -> None:
    """A peer that ignores one bar's both is known; the same with any number off is not."""
    case = next(one for one in (make_case(2, n, 2) for n in range(99)) if difference(plain(one), known_of(one)))
    mine, theirs = plain(case), known_of(case)
    assert judge_peer(case, "vectorbt", mine, theirs).kind == KNOWN
    assert judge_peer(case, "vectorbt", mine, theirs).names == ("hold-on-both",)
    assert judge_peer(case, "backtesting", mine, theirs).kind == UNEXPLAINED
    assert judge_peer(case, "vectorbt", mine, replace(theirs, final=theirs.final * (1 + 1e-6))).kind == UNEXPLAINED
    assert judge_peer(case, "vectorbt", replace(mine, final=mine.final + 1), theirs).kind == UNEXPLAINED


def known_of(case: Case) -> Found:
    """What vectorbt makes of a case."""
    return plain(case, frozenset(QUIRKS["vectorbt"]))


def test_cases_are_equal_for_equal_seeds_and_every_quirk_has_its_heading() -> None:
    assert make_case(1, 5) == make_case(1, 5) != make_case(2, 5)
    assert Case.read(make_case(1, 5).told()) == make_case(1, 5)
    told = page.PAGE.read_text(encoding="utf-8")
    assert all(f"### {name}\n" in told for names in QUIRKS.values() for name in names)
