"""Every list over HTTP, walked in small pages: the same rows, each once, also while others come between."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest

import tapehead as th
from tapehead.cli.main import main
from tapehead.errors import ParameterError
from tests.acceptance.http_answers import client, make_market, refused
from tests.serving import serving_here

RUN = "/runs/{run}/results/BTCUSDT"
PRICES = ("open", "high", "low", "close", "volume")
LISTS = {
    "/instruments": ("instruments", 2),
    "/coverage?universe=demo": ("coverage", 2),
    "/universes": ("universe", 1),
    "/universes/demo": ("symbols", 4),
    "/latest?universe=demo": ("latest", 4),
    "/bars/BTCUSDT?columns=ts": ("bars.ts", 5000),
    "/indicators": ("indicators", 40),
    "/strategies": ("strategies", 4),
    "/commits": ("log", 1),
    "/runs": ("runs", 2),
    "/runs/{run}/results": ("results", 4),
    f"{RUN}?include=trades": ("trades", 30),
    f"{RUN}?include=orders": ("orders", 60),
    f"{RUN}?include=equity": ("equity.equity", 5000),
    "/runs/{run}/compare/{other}": ("results", 4),
    "/runs/{run}/compare/{other}/trades/BTCUSDT": ("trades", 60),
    "/runs/{sweep}/surface/0": ("instruments", 4),
    "/ledger": ("instruments", 4),
    "/audit": ("audit", 1),
}


class Desk(NamedTuple):
    """A service's client, its store, and the ids that stand in paths."""

    http: httpx.Client
    store: Any
    ids: dict[str, str]

    def page(self, path: str, **params: Any) -> httpx.Response:
        """One page."""
        return self.http.get(path.format(**self.ids), params={**httpx.URL(path).params, **params})

    def walked(self, path: str, key: str, limit: int) -> tuple[list[Any], int]:
        """The rows of all pages, and how many pages there were."""
        rows: list[Any] = []
        cursor: dict[str, Any] = {}
        for number in range(1, 100):
            body = self.page(path, limit=limit, **cursor).raise_for_status().json()
            rows += part_of(body, key)
            if body["cursor"] is None:
                return rows, number
            cursor = {"cursor": body["cursor"]}
        raise AssertionError(f"{path} has no end")


def part_of(body: Any, key: str) -> Any:
    """The rows in a document."""
    for name in key.split("."):
        body = body[name]
    return body


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = make_market(tmp_path_factory.mktemp("pages") / "home")
    with serving_here(home) as served, th.open(home) as store, client(served.url) as http:
        store.append([{"ts": "2020-01-01", **dict.fromkeys(PRICES, 1.0)}], venue="x", symbol="XUSDT", interval="1h")
        run, other = (store.backtest("RsiReversion", universe="demo", period=each, fee="10bps") for each in (7, 9))
        sweep = store.sweep("SmaCross", grid={"fast": [5, 10], "slow": [30]}, universe="demo", fee="10bps")
        ids = {"run": run.wait().id, "other": other.wait().id, "sweep": sweep.wait().id}
        for name in ("zeta", "alpha"):
            http.post("/universes", json={"name": name, "symbols": ["BTCUSDT"]}).raise_for_status()
        yield Desk(http, store, ids)


@pytest.mark.parametrize("path", LISTS)
def test_small_pages_have_the_rows_of_one_large_page(desk: Desk, path: str) -> None:
    key, limit = LISTS[path]
    whole = desk.page(path).raise_for_status().json()
    rows, pages = desk.walked(path, key, limit)
    assert rows == part_of(whole, key)
    assert whole["cursor"] is None
    assert pages > 1
    body = refused(desk.page(path, limit=1_000_001), 422, "input.request")
    assert [(one["field"], "less than or equal to" in one["text"]) for one in body["errors"]] == [("limit", True)]
    if path != "/audit":
        refused(desk.page(path, cursor="WyJvdGhlciIsMV0"), 422, "input.parameter")


def test_a_cursor_goes_on_with_its_own_question_alone(desk: Desk) -> None:
    cursor = desk.page(f"{RUN}?include=trades", limit=5).json()["cursor"]
    refused(desk.page(f"{RUN}?include=orders", limit=5, cursor=cursor), 422, "input.parameter")
    refused(desk.page("/runs/{other}/results/BTCUSDT", limit=5, cursor=cursor), 422, "input.parameter")
    curve = desk.page(f"{RUN}?include=equity&points=50", limit=5).json()
    assert (len(curve["equity"]["equity"]), curve["cursor"]) == (50, None)


def test_what_comes_between_two_pages_shifts_none(desk: Desk) -> None:
    before = [one["name"] for one in desk.page("/universes").json()["universe"]]
    first = desk.page("/universes", limit=2).json()
    desk.store.create_universe("aaa", ["BTCUSDT"])
    rest = desk.page("/universes", limit=100, cursor=first["cursor"]).json()
    assert [one["name"] for one in first["universe"] + rest["universe"]] == before
    runs = [one["run"] for one in desk.page("/runs").json()["runs"]]
    newest = desk.page("/runs", limit=1).json()
    desk.store.backtest("BuyAndHold", symbols="BTCUSDT").wait()
    older = desk.page("/runs", limit=100, cursor=newest["cursor"]).json()
    assert [one["run"] for one in newest["runs"] + older["runs"]] == runs


def test_the_library_walks_on_by_the_last_row_here_and_over_http(desk: Desk) -> None:
    names = [row.instrument.name for row in desk.store.instruments()]
    with th.connect(str(desk.http.base_url)) as away:
        for store in (desk.store, away):
            part = store.instruments(limit=3, after=names[1])
            assert [row.instrument.name for row in part] == names[2:5]
            assert [one.name for one in store.universes(limit=2, after="all")] == ["alpha", "crypto"]
            first, *older = [one.run for one in store.runs()]
            assert [one.run for one in store.runs(2, first)] == older[:2]
            assert [one.number for one in store.log(1, before=2)] == [1]
            for call in (store.runs, store.log, lambda limit, store=store: store.instruments(limit=limit)):
                for limit in (0, 10_001):
                    with pytest.raises(ParameterError, match="from 1 to 10,000"):
                        call(limit)


def test_the_commands_say_how_to_go_on(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(desk.store.home)
    for words, option in (
        (["instruments", "--limit", "3"], "--after"),
        (["universe", "list", "--limit", "1"], "--after"),
        (["runs", "list", "--limit", "1"], "--before"),
        (["store", "log", "--limit", "1"], "--before"),
    ):
        assert main(["--home", home, *words]) == 0
        told = capsys.readouterr().err.split()
        last = told[told.index(option) + 1]
        assert main(["--home", home, "--json", *words]) == 0
        document = json.loads(capsys.readouterr().out)
        assert str(document[option.removeprefix("--")]) == last
        assert main(["--home", home, *words[:-2], option, last]) == 0
        assert option not in capsys.readouterr().err
        assert main(["--home", home, *words[:-1], "10001"]) == 2
        assert "1<=x<=10000" in capsys.readouterr().err


def test_what_coverage_lists_is_bounded_and_says_what_is_left(desk: Desk) -> None:
    row = desk.page("/coverage?symbols=BTCUSDT&gaps=true").json()["coverage"][0]
    assert (len(row["runs"]), row["holes_left"]) == (row["gaps"], 0) or row["empty"]
    some = desk.page("/coverage?symbols=BTCUSDT&gaps=true", holes=1).json()["coverage"][0]
    assert some["runs"] == row["runs"][:1]
    assert some["holes_left"] == len(row["runs"]) - 1
