"""What is made again of one result is simulated once, however much of it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tapehead.api.made_again import PARTS, Window, made_again
from tapehead.library import curves
from tests.unit.library.market import open_market

WHOLE = Window(None, None, 50)


def test_one_walk_answers_every_question_of_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walked: list[str] = []
    simulate = curves.simulate

    def counted(bars: Any, *words: Any, **named: Any) -> Any:
        walked.append(bars.series.symbol)
        return simulate(bars, *words, **named)

    with open_market(tmp_path, symbols=2, rows=300) as store:
        kept = store.run(store.backtest("SmaCross", universe="crypto", fast=3, slow=8).wait().id)
        monkeypatch.setattr(curves, "simulate", counted)
        first, second = kept["S00"], kept["S01"]
        body = made_again(kept, first, PARTS, WHOLE, 0.0)
        assert set(body) >= {"equity", "months", "metrics", "orders", "costs", "cost_basis"}
        assert body["times"].size == first.bars
        table = kept.compat(first, "vectorbt")
        assert kept.explain(first, 1)["trade"]["quantity"] > 0
        assert walked == ["S00"]
        # The newest only: a run is read through without keeping what it read.
        made_again(kept, second, ["equity"], WHOLE, 0.0)
        assert kept.compat("S00", "vectorbt") == table
        assert walked == ["S00", "S01", "S00"]
        # What was made without orders does not tell that there were none.
        made_again(kept, second, ["equity"], WHOLE, 0.0)
        orders = made_again(kept, second, ["equity", "orders"], WHOLE, 0.0)["orders"]
        assert walked == ["S00", "S01", "S00", "S01", "S01"]
        assert len(orders) >= 2 * len(second.trades or ())
