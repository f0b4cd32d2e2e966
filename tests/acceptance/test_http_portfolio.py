"""A portfolio asked of a service: the one that is made here, and its given rows told in short where runs are listed."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tapehead as th
from tapehead.cli.main import main
from tapehead.errors import ParameterError, TapeheadError, WeightsError
from tapehead.model.short_spec import short_spec
from tests.acceptance.http_answers import client
from tests.acceptance.program import tapehead
from tests.serving import Served, serving_here


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home of a small synthetic market."""
    folder = tmp_path_factory.mktemp("portfolio") / "home"
    with th.open(folder) as store:
        store.demo(instruments=6, years=1)
    return folder


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[Served]:
    with serving_here(home) as found:
        yield found


@pytest.fixture(scope="module")
def here(home: Path, served: Served) -> Iterator[Any]:
    """The same store, opened beside the service."""
    with th.open(home) as store:
        yield store


@pytest.fixture(scope="module")
def store(served: Served) -> Iterator[Any]:
    """The same store, asked of the service."""
    with th.connect(served.url) as there:
        yield there


def test_a_portfolio_over_http_is_the_portfolio_that_is_made_here(
    served: Served, store: Any, here: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words: dict[str, Any] = {"universe": "demo", "rank": "roc(24)", "max_positions": 2, "fee": "10bps"}
    run = store.portfolio("SmaCross", fresh=True, **words)
    rows = [each.instrument for each in run]
    kept = here.run(run.id)
    assert (rows[0], len(rows), run.spec.rules.size) == ("portfolio:account", 7, 0.5)
    assert run.receipt == kept.receipt
    assert run["account"].trades.digest() == kept["account"].decisions
    assert run.equity("account").to_arrow().equals(kept.equity("account").to_arrow())
    assert run.metrics("account") == kept.metrics("account")
    assert run.shares().to_arrow().equals(kept.shares().to_arrow())
    assert list(map(str, run["account"].trades.rows())) == list(map(str, kept["account"].trades.rows()))
    for name in (rows[0], rows[1]):
        assert list(map(str, run.orders(name).rows())) == list(map(str, kept.orders(name).rows()))
        assert run.explain(name, 2) == kept.explain(name, 2)
        assert run.times(name).tolist() == kept.times(name).tolist()
    assert run.money_points("account") == kept.money_points("account")
    assert run.verify().verdict == "identical"
    with pytest.raises(TapeheadError, match=r"show .* account"):
        run.equity(rows[1])
    with pytest.raises(ParameterError, match="settle"):
        store.portfolio("SmaCross", universe="demo", settle="T+2")
    with pytest.raises(ParameterError, match="leverage"):
        store.portfolio("SmaCross", universe="demo", settle="T+1", leverage=2.0)
    assert asyncio.run(begun_async(served.url, words)) == run.id
    monkeypatch.setenv("TAPEHEAD_SERVER", served.url)
    typed = ["portfolio", "SmaCross", "--universe", "demo", "--rank", "roc(24)", "--max-positions", "2"]
    assert main([*typed, "--fee", "10bps"]) == 0
    told = capsys.readouterr().out
    assert ("Account: " in told, f"run {run.short}" in told) == (True, True), told


async def begun_async(url: str, words: dict[str, Any]) -> str:
    """Return the id of a portfolio that is asked for and awaited."""
    async with th.connect_async(url) as store:
        run = await store.portfolio("SmaCross", **words)
        assert len([each async for each in run]) == 7
        return str(run.id)


def test_given_rows_are_kept_with_the_run_and_told_in_short(served: Served, store: Any, here: Any) -> None:
    names, day = [one.instrument.name for one in here.instruments(universe="demo")][:2], "2019-06-01T00:00:00Z"
    fact = {"time": day, "symbol": names[0], "kind": "split", "value": 2.0}
    given: dict[str, Any] = {
        "weights": [{"time": day, "symbol": name, "weight": 0.4} for name in names],
        "facts": [fact],
    }
    plain = store.portfolio("BuyAndHold", universe="demo").wait()
    weighed = store.portfolio("BuyAndHold", universe="demo", **given).wait()
    assert weighed.id == here.portfolio("BuyAndHold", universe="demo", **given).id
    assert weighed.spec.portfolio.to_json() == {"weights": {day: dict.fromkeys(names, 0.4)}, "facts": [fact]}
    check_that_lists_are_short(served.url, weighed.id, weighed.spec.to_json(), beside=plain.id)
    with pytest.raises(WeightsError, match="--leverage 2"):
        store.portfolio("BuyAndHold", universe="demo", weights={day: dict.fromkeys(names, 0.8)})


def check_that_lists_are_short(url: str, run: str, spec: dict[str, Any], beside: str) -> None:
    """Lists and events tell given rows by their number; the run's own route has them, and it is made from them."""
    short = short_spec(spec)
    assert [short["portfolio"][name]["rows"] for name in ("weights", "facts")] == [2, 1]
    with client(url) as http:
        assert http.get("/runs?limit=1").json()["runs"][0]["spec"] == short
        assert http.get(f"/runs/{run}").json()["spec"] == spec
        assert http.get(f"/runs/{run}/compare/{beside}").json()["a"]["spec"] == short
        started = next(line for line in http.get(f"/runs/{run}/events").text.splitlines() if line.startswith("data"))
        assert json.loads(started.partition(":")[2])["spec"] == short
    for words, found in ((["runs", "list"], short), (["show", run], spec)):
        told = tapehead("--server", url, "--json", *words).document
        assert (told["runs"][0] if words[0] == "runs" else told["run"])["spec"] == found
    with th.connect(url) as store:
        assert store.run(run).verify().verdict == "identical"
