"""The ledger of trials, asked of a service: what a store that is here tells, on the command line too."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

import tapehead as th
from tapehead.api.wire.trials import Ledger
from tapehead.errors import ParameterError
from tapehead.library.documents.trials import ledger_json
from tapehead.library.trials import TrialReport
from tests.acceptance.http_answers import client, refused, told
from tests.acceptance.program import tapehead
from tests.serving import serving_here
from tests.unit.library.market import open_market


class Place(NamedTuple):
    url: str
    home: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A service whose store has seen two sweeps."""
    home = tmp_path_factory.mktemp("ledger") / "home"
    with open_market(home, symbols=2, rows=600) as store:
        store.sweep("SmaCross", universe="all", grid={"fast": [3, 5], "slow": [20, 30]}, fee="10bps").wait()
        store.sweep("RsiReversion", symbols=["S00"], grid={"period": [5, 6, 7]}).wait()
    with serving_here(home) as served:
        yield Place(served.url, home)


def without_sources(report: TrialReport) -> TrialReport:
    """A service does not tell the digest of a source."""
    series = []
    for one in report.series:
        best = one.standing.best
        assert best is not None
        known = replace(best, context=replace(best.context, source=b""))
        series.append(replace(one, standing=replace(one.standing, best=known)))
    return replace(report, series=tuple(series))


def test_a_service_tells_what_its_store_does(place: Place) -> None:
    with th.open(place.home) as store, th.connect(place.url) as there, client(place.url) as http:
        for asked in ({}, {"symbol": "S00"}, {"strategy": "SmaCross"}):
            here = store.ledger(**asked)
            body = told(http.get("/ledger", params=asked), Ledger)
            assert body == {"schema": "tapehead.ledger/1", **ledger_json(here), "cursor": None}
            assert there.ledger(**asked) == without_sources(here)
        assert here.trials == 8
        with pytest.raises(ParameterError, match="S00, S01"):
            there.ledger(symbol="S77")
        problem = refused(http.get("/ledger", params={"symbol": "S77"}), 422, "input.parameter")
        assert "S00, S01" in problem["detail"]


def test_the_command_line_shows_both_alike(place: Place) -> None:
    here = tapehead("runs", "ledger", home=place.home)
    there = tapehead("--server", place.url, "runs", "ledger")
    assert here.code == there.code == 0
    assert here.out == there.out
    assert "RsiReversion" in here.out
