"""How runs came out is read from the events that ended them, not from every result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import pytest

from tapehead.api import service as rooms
from tapehead.api.outcomes import Outcomes
from tapehead.model.result import RunId
from tests.unit.library.market import open_market


def test_a_list_of_runs_reads_results_only_where_the_end_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_market(tmp_path, symbols=4, rows=300) as store:
        house, read = store.house, []
        values = house.runs.values

        def counted(run: RunId, metric: str) -> Sequence[float]:
            read.append(run)
            return values(run, metric)

        monkeypatch.setattr(house.runs, "values", counted)
        whole = store.backtest("SmaCross", universe="crypto", fast=3, slow=8).wait()
        early = store.backtest("SmaCross", universe="crypto", fast=4, slow=9, executor="serial")
        for _ in zip(range(3), early, strict=False):
            pass
        early.close()
        service = rooms.Service(store, workers=1)
        try:
            for run in (whole, early):
                returns = [each.metrics["total_return"] for each in store.run(run.id).results()]
                found = Outcomes(service).of(run.record)
                assert (found["median_return"], found["profitable"]) == (median(returns), sum(r > 0 for r in returns))
            assert read == []
            told = Outcomes(service).of(whole.record)
            house.log.prune(before=whole.record.created_at + 1, keep=0)
            assert Outcomes(service).of(whole.record) == told
            assert read == [whole.id]
        finally:
            service.close()
