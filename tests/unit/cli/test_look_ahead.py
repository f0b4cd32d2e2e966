"""What stands under the table about the look-ahead test, how the command ends then, and how it is told meanwhile."""

from typing import Any

import pytest

from tapehead.cli.board import Board
from tapehead.cli.ink import Ink
from tapehead.cli.table import Glyphs, progress_line
from tapehead.model.events import Progress
from tests.unit.cli.conftest import Call
from tests.unit.cli.scripted import RUN, ScriptedStore, completed, drawn_events

PASSED = {"found": False, "cuts": 384, "instruments": 48, "bars": 1, "signals": 1, "whole": True}
FOUND = {**PASSED, "found": True, "fault": "look_ahead", "text": "Mine knows later bars: on x:A enter was on (my.py)"}


def shown(call: Call, store: ScriptedStore, told: dict[str, Any] | None, **changes: Any) -> tuple[int, list[str]]:
    store.run_.script[-1] = completed(look_ahead=told, **changes)
    called = call("backtest", "RsiReversion", "--universe", "demo")
    lines = called.out.splitlines()
    first = next((at for at, line in enumerate(lines) if line.startswith("  look-ahead")), len(lines))
    rest = [line for line in lines[first + 1 :] if line.startswith(" " * 16)]
    return called.code, lines[first : first + 1] + rest


@pytest.mark.parametrize(
    ("cuts", "instruments", "words"),
    [
        (384, 48, "8 cuts x 48 instruments"),
        (6, 3, "2 cuts x 3 instruments"),
        (1, 1, "1 cut x 1 instrument"),
        (380, 48, "380 cuts in 48 instruments"),
    ],
)
def test_what_passed(call: Call, store: ScriptedStore, cuts: int, instruments: int, words: str) -> None:
    told = {**PASSED, "cuts": cuts, "instruments": instruments}
    expected = [f"  look-ahead    none: {words}, past unchanged bit for bit"]
    assert shown(call, store, told) == (0, expected)


@pytest.mark.parametrize("reused", [False, True])
def test_what_is_found_ends_with_1(call: Call, store: ScriptedStore, reused: bool) -> None:
    code, lines = shown(call, store, FOUND, reused=reused)
    assert code == 1
    assert " ".join(" ".join(lines).split()) == f"look-ahead found: {FOUND['text']}"


@pytest.mark.parametrize("fault", ["impure", "writes_bars"])
def test_a_strategy_that_cannot_be_tested_ends_with_1(call: Call, store: ScriptedStore, fault: str) -> None:
    code, lines = shown(call, store, {**FOUND, "fault": fault})
    assert code == 1
    assert lines[0].startswith("  look-ahead    failed: Mine")


def test_ctrl_c_in_the_test_ends_with_130_and_the_run_is_kept(call: Call, store: ScriptedStore) -> None:
    code, lines = shown(call, store, {**PASSED, "cuts": 5, "instruments": 2, "stopped": True})
    assert code == 130
    assert lines[0].startswith("  look-ahead    stopped by Ctrl-C; none: 5 cuts in 2 instruments")
    store.run_.script = drawn_events()
    assert shown(call, store, {**FOUND, "stopped": True})[0] == 1


def test_what_was_not_tested_says_why(call: Call, store: ScriptedStore) -> None:
    code, lines = shown(call, store, {**PASSED, "cuts": 0, "instruments": 0, "text": "too few bars"})
    assert (code, lines) == (0, ["  look-ahead    not tested: too few bars"])
    assert shown(call, store, None) == (0, [])


def test_the_json_ends_alike(call: Call, store: ScriptedStore) -> None:
    store.run_.script[-1] = completed(look_ahead=FOUND)
    called = call("--json", "backtest", "RsiReversion", "--universe", "demo")
    assert called.code == 1
    assert '"look_ahead":{"bars":1,"cuts":384,"fault":"look_ahead","found":true' in called.out.splitlines()[-1]


def test_how_far_the_test_is_stands_in_the_place_of_the_rate() -> None:
    board = Board(total=48)
    board.take(Progress(RUN, 48, 48, 3e6, 0.0, (12, 48)))
    line = progress_line(board, 80, Ink(on=False), Glyphs())
    assert line.endswith("48 of 48   look-ahead test 12 of 48")
    assert len(line) <= 80
