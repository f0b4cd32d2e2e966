"""`tapehead runs ledger` in a window of 80 columns, and as JSON."""

import json
from dataclasses import replace

import pytest

from tapehead.cli.board import Board
from tapehead.cli.cells import width_of
from tapehead.cli.ledger import _meaning
from tapehead.cli.sweep_board import SweepBoard
from tapehead.cli.table import progress_words
from tapehead.jobs.ledger import Standing
from tapehead.library.trials import SeriesTrials, TrialReport
from tapehead.metrics.deflated import Luck
from tapehead.model.events import Progress
from tests.unit.cli.conftest import Call
from tests.unit.cli.scripted import ScriptedStore
from tests.unit.cli.scripted_trials import OTHER, RUN, best_of, scripted_ledger

PAGE = """\
strategy                  sources  instruments      trials    runs
Mine                            2            1      12,000       1
SmaCross                        1            2           4       1
together                                            12,004       2

symbol        bars    trials   worth  sharpe  by luck  deflated  best
BTCUSDT       1h      12,000   312.4   +1.82    +1.20      0.91  Mine fast=5 s..
USDCUSDT      1d           3     0.0       -     0.00         -  -
GONE          1h           1     1.0       -        -         -  Mine fast=5 s..

20,000 trials on BTCUSDT, worth 312.4 independent ones: without any skill the
best of them has a Sharpe ratio of +1.20 on average. The best here, Mine fast=5
share=0.25 slow=30 of run 01JD8Q7K, truly lies above that with a probability of
91 %: not shown to be more than luck; 95 % would be.
"""


def test_the_page(call: Call) -> None:
    called = call("runs", "ledger")
    assert (called.code, called.out) == (0, PAGE)
    assert max(map(width_of, called.out.splitlines())) <= 80
    short = call("runs", "ledger", "--top", "1").out
    assert "2 more; --top 3 shows all" in short


def test_what_is_asked_for(call: Call, store: ScriptedStore) -> None:
    called = call("runs", "ledger", "--symbol", "BTCUSDT", "--strategy", "Mine")
    assert store.asked[-1] == ("ledger", {"symbol": "BTCUSDT", "strategy": "Mine"})
    # One strategy needs no sum, one interval no column.
    assert "together" not in called.out
    assert "bars" not in called.out


def test_json(call: Call) -> None:
    told = json.loads(call("--json", "runs", "ledger").out)
    assert (told["schema"], told["trials"], told["runs"]) == ("tapehead.ledger/1", 12_004, [RUN, OTHER])
    assert told["strategies"][1] == {
        "strategy": "SmaCross",
        "sources": 1,
        "instruments": 2,
        "trials": 4,
        "runs": [OTHER],
    }
    first, still, gone = told["instruments"]
    assert (first["trials"], first["trials_of_all"], first["trials_effective"]) == (12_000, 20_000, 312.44)
    assert first["sharpe_by_luck"] == pytest.approx(1.2)
    assert first["best"] == {
        "strategy": "my.py:Mine",
        "parameters": {"fast": 5, "share": 0.25, "slow": 30},
        "settings": {"fee": 0.001},
        "run": RUN,
        "sharpe": pytest.approx(1.82),
        "sharpe_bar": 0.182,
        "sharpe_deflated": 0.91,
        "why": {},
    }
    assert still["best"] is None
    assert (gone["sharpe_by_luck"], gone["best"]["sharpe"]) == (None, None)
    assert gone["best"]["why"] == {"sharpe_deflated": "too_steady"}


def test_what_the_first_line_means_where_nothing_is_known() -> None:
    report = scripted_ledger(several=True)
    for place, said in ((1, "none of them moved"), (2, "too_steady")):
        alone = TrialReport((), (report.series[place],), 1, ())
        assert said in " ".join(_meaning(alone, 80))


def test_a_single_trial_is_held_against_nothing() -> None:
    standing = Standing(Luck(1, 1.0, None, 0.0), best_of("demo:BTCUSDT", 0.182, 0.97))
    alone = SeriesTrials("demo:BTCUSDT", "1h", 1, (RUN,), standing, 100.0)
    said = " ".join(_meaning(TrialReport((), (alone,), 1, (RUN,)), 80))
    assert said.startswith("1 trial on BTCUSDT, so that it is held against a Sharpe ratio of 0. The best here, Mine")
    assert said.endswith("with a probability of 97 %: more than luck.")


def test_an_empty_ledger_says_what_to_do(call: Call, store: ScriptedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "ledger", lambda **_: TrialReport((), (), 0, ()))
    assert "tapehead strategies" in call("runs", "ledger").out


def test_how_far_the_weighing_of_a_sweep_is() -> None:
    far = Progress(RUN, 48, 48, 3e6, 0.0, judged=37)
    assert far.body()["judged"] == 37
    board = Board()
    board.take(far)
    assert progress_words(board) == ["48 of 48", "weighing the best sets against luck, 37 %"]


def test_which_set_of_a_sweep_leads_so_far() -> None:
    best = {"parameters": {"fast": 5, "slow": 30}, "median": 0.814, "instruments": 12}
    far = Progress(RUN, 20, 48, 3e6, 0.0, best=best)
    assert far.body()["best"] == best
    board = SweepBoard(names=("fast",))
    for event in (far, replace(far, done=21, best=None)):
        board.take(event)
    assert (board.done, board.aside) == (21, ["best so far   fast=5   median +0.81 on 12 instruments"])
