"""What a service tells of kept runs: lists, results, trades, what is made again, comparisons, and what it refuses."""

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest

import tapehead as th
from tapehead.api.arrow import MEDIA_TYPE
from tapehead.api.wire.results import (
    ComparedTrades,
    Comparison,
    Explanation,
    ReceiptFacts,
    ResultDetail,
    ResultsPage,
    RunDetail,
    RunsPage,
    VerificationFacts,
)
from tapehead.cli.main import main
from tapehead.library.documents.results import result_json, trade_rows
from tapehead.library.documents.runs import run_json
from tapehead.library.store import Store
from tapehead.model.instrument import Instrument
from tapehead.model.spec import iso
from tests.acceptance.http_answers import INSTRUMENTS, client, make_market, refused, told
from tests.acceptance.program import tapehead
from tests.serving import serving_here
from tests.unit.library.market import columns_of, house_of, put

SPEC = {"strategy": "RsiReversion", "universe": "demo", "fee": "10bps"}


class Desk:
    """A service with two finished runs, a client of it, and its store."""

    def __init__(self, url: str, store: Store, home: Path) -> None:
        self.store, self.home = store, home
        self.http = client(url)
        self.a, self.b = self.run(SPEC), self.run({**SPEC, "fee": "40bps"})

    def run(self, spec: dict[str, Any]) -> str:
        begun = self.http.post("/runs", json=spec).json()["id"]
        with self.http.stream("GET", f"/runs/{begun}/events", headers={"Accept-Encoding": "gzip, br, zstd"}) as events:
            assert "content-encoding" not in events.headers
            assert b"event: completed" in b"".join(events.iter_raw())
        return str(begun)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.http.get(path, headers=headers)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = make_market(tmp_path_factory.mktemp("runs") / "home")
    with serving_here(home) as served, th.open(home) as store:
        desk = Desk(served.url, store, home)
        yield desk
        desk.http.close()


VARYING = ("date", "x-request-id", "server-timing", "ratelimit-remaining", "ratelimit-reset")


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/runs?limit=1", "*/*"),
        ("/runs/{run}/results", "*/*"),
        ("/runs/{run}/results?limit=2", MEDIA_TYPE),
        ("/runs/{run}/report", "text/html"),
        ("/runs/{run}/events", "*/*"),
        ("/bars/BTCUSDT?limit=2", "*/*"),
        ("/runs/none", "*/*"),
        ("/nowhere", "*/*"),
    ],
)
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_head_has_the_headers_of_get_and_no_body(desk: Desk, path: str, accept: str, coding: str) -> None:
    asked = {"Accept": accept, "Accept-Encoding": coding}
    get = desk.get(path.format(run=desk.a), **asked)
    head = desk.http.head(path.format(run=desk.a), headers=asked)
    assert (head.status_code, head.content) == (get.status_code, b"")
    both = [{name: value for name, value in one.headers.items() if name not in VARYING} for one in (head, get)]
    # A body of unknown length comes in chunks, and there is none.
    assert both[0] == {name: value for name, value in both[1].items() if name != "transfer-encoding"}
    if "etag" in get.headers:
        again = desk.http.head(path.format(run=desk.a), headers={**asked, "If-None-Match": get.headers["etag"]})
        assert again.status_code == 304


def test_head_is_for_what_can_be_read_alone(desk: Desk) -> None:
    answer = desk.http.head("/runs/stream")
    assert answer.status_code in (404, 405)
    assert desk.http.head(f"/runs/{desk.a}/cancel").status_code == 405
    assert {"GET", "HEAD"} <= set(desk.http.put("/coverage").headers["allow"].split(", "))


def test_runs_come_newest_first_and_no_new_one_shifts_a_page(desk: Desk) -> None:
    first = told(desk.get("/runs?limit=1"), RunsPage)
    third = desk.run({**SPEC, "fee": "1bps"})
    rest = told(desk.get(f"/runs?limit=1&cursor={first['cursor']}"), RunsPage)
    assert [row["run"] for row in first["runs"] + rest["runs"]] == [desk.b, desk.a]
    assert rest["cursor"] is None
    assert told(desk.get("/runs"), RunsPage)["runs"][0]["run"] == third
    assert desk.http.delete(f"/runs/{third}").status_code == 204
    refused(desk.get(f"/runs/{third}"), 404, "runs.unknown")


def test_the_list_of_runs_says_how_each_came_out(desk: Desk) -> None:
    rows = {row["run"]: row for row in told(desk.get("/runs"), RunsPage)["runs"]}
    for run in (desk.a, desk.b):
        returns = [each.metrics.total_return for each in desk.store.run(run).results()]
        assert rows[run]["median_return"] == median(returns)
        assert rows[run]["profitable"] == sum(each > 0 for each in returns)
        assert (rows[run]["total"], rows[run]["active"]) == (INSTRUMENTS, False)
    assert rows[desk.a]["median_return"] > rows[desk.b]["median_return"]


def test_a_run_is_told_with_its_head_and_its_end(desk: Desk) -> None:
    body = told(desk.get(f"/runs/{desk.a}"), RunDetail)
    assert body.items() >= run_json(desk.store.run(desk.a).record).items()
    assert body["header"]["instruments"] == INSTRUMENTS
    assert (body["ended"]["event"], body["ended"]["digest"], body["active"]) == ("completed", body["digest"], False)
    short = desk.get(f"/runs/{desk.a[:20].lower()}", **{"If-None-Match": desk.get(f"/runs/{desk.a}").headers["etag"]})
    assert short.status_code == 304


def test_results_come_as_rows_columns_and_arrow(desk: Desk) -> None:
    kept = desk.store.run(desk.a).results()
    rows: list[Any] = []
    cursor = ""
    while cursor is not None:
        page = told(desk.get(f"/runs/{desk.a}/results?limit=4{cursor and f'&cursor={cursor}'}"), ResultsPage)
        rows += page["results"]
        cursor = page["cursor"]
    assert rows == [result_json(result) for result in kept]
    columns = told(desk.get(f"/runs/{desk.a}/results?form=columns&sort=sharpe"), ResultsPage)["columns"]
    assert columns["sharpe"] == [result.metrics.sharpe for result in desk.store.run(desk.a).results("sharpe")]
    assert all(len(values) == INSTRUMENTS for values in columns.values())
    found = pa.ipc.open_stream(desk.get(f"/runs/{desk.a}/results", Accept=MEDIA_TYPE).content).read_all()
    assert found.equals(desk.store.run(desk.a).to_arrow(), check_metadata=True)


def test_one_result_with_all_that_is_made_again(desk: Desk) -> None:
    run = desk.store.run(desk.a)
    plain = told(desk.get(f"/runs/{desk.a}/results/demo:BTCUSDT"), ResultDetail)
    assert set(plain) == {"schema", "run", "result", "multiplier", "trades", "cursor"}
    assert plain["trades"] == list(trade_rows(run["BTCUSDT"], run.times("BTCUSDT")))
    whole = told(
        desk.get(f"/runs/{desk.a}/results/BTCUSDT?include=trades,metrics,equity,orders,costs&points=100"), ResultDetail
    )
    line, metrics = run.equity("BTCUSDT"), run.metrics("BTCUSDT")
    assert whole["equity"]["total"] == len(line.ts)
    assert len(whole["equity"]["ts"]) <= 100
    assert set(whole["equity"]["equity"]) <= set(line.equity.tolist())
    assert {min(line.equity), max(line.equity), line.equity[-1]} <= set(whole["equity"]["equity"])
    assert whole["metrics"] == dict(metrics)
    assert len(whole["orders"]) == len(list(run.orders("BTCUSDT").rows()))
    assert [(row["fee"], row["total_return"]) for row in whole["costs"]] == run.costs("BTCUSDT")
    every = told(desk.get(f"/runs/{desk.a}/results/BTCUSDT?include=equity"), ResultDetail)
    assert every["equity"]["equity"] == line.equity.tolist()
    assert "trades" not in every
    for bound, part in (("start", line.equity[100:]), ("end", line.equity[:100])):
        ranged = told(desk.get(f"/runs/{desk.a}/results/BTCUSDT?{bound}={iso(int(line.ts[100]))}"), ResultDetail)
        assert ranged["equity"]["equity"] == part.tolist()


def test_what_the_page_of_a_result_draws_is_told_by_range_month_and_fee(desk: Desk) -> None:
    run = desk.store.run(desk.a)
    account, line = run.account("BTCUSDT"), run.equity("BTCUSDT")
    cut = len(line.ts) // 2
    start = iso(int(line.ts[cut]))
    asked = f"/runs/{desk.a}/results/BTCUSDT?include=equity,months,metrics,costs&start={start}"
    body = told(desk.get(asked), ResultDetail)
    peak = np.maximum.accumulate(np.maximum(line.equity, account.rules.cash))
    assert (body["equity"]["ts"][0], body["equity"]["total"]) == (start, len(line.ts) - cut)
    assert body["equity"]["drawdown"] == (line.equity / peak - 1)[cut:].tolist()
    whole = np.prod([1 + each for year in body["months"] for each in year["returns"] if each is not None])
    assert whole - 1 == pytest.approx(body["metrics"]["total_return"])
    assert np.prod([1 + year["total"] for year in body["months"]]) == pytest.approx(whole)
    assert body["convention"] == {"periods_a_year": 365.25 * 24, "days_a_year": 365.25}
    basis = body["cost_basis"]
    assert (basis["cash"], basis["sizing"], basis["size"]) == (account.rules.cash, "fraction", account.rules.size)


def test_a_trade_is_explained(desk: Desk) -> None:
    body = told(desk.get(f"/runs/{desk.a}/results/BTCUSDT/trades/3/explain"), Explanation)
    assert body.items() >= desk.store.run(desk.a).explain("BTCUSDT", 3).items()


def test_receipt_and_verification(desk: Desk) -> None:
    receipt = told(desk.get(f"/runs/{desk.a}/receipt"), ReceiptFacts)
    assert {name: receipt[name] for name in ("digest", "snapshot")} == {
        "digest": desk.store.run(desk.a).record.receipt.digest,
        "snapshot": 1,
    }
    found = told(desk.http.post(f"/runs/{desk.a}/verify"), VerificationFacts)
    assert (found["verdict"], found["compared"], found["digest"]) == ("identical", INSTRUMENTS, receipt["digest"])


def test_two_runs_side_by_side(desk: Desk) -> None:
    found = told(desk.get(f"/runs/{desk.a}/compare/{desk.b}?instruments=2&metrics=total_return,trades"), Comparison)
    assert found["differing"] == [{"name": "fee", "a": 0.001, "b": 0.004}]
    assert found["reasons"] == ["costs"]
    assert [row["instrument"] for row in found["results"]] == [
        f"demo:{symbol}USDT" for symbol in ("ADA", "BNB", "BTC", "ETH", "SOL", "XRP")
    ]
    one = desk.store.run(desk.a)["ADAUSDT"], desk.store.run(desk.b)["ADAUSDT"]
    assert found["results"][0]["a"] == {"total_return": one[0].metrics.total_return, "trades": one[0].metrics.trades}
    assert found["results"][0]["same_trades"] is False
    assert found["instruments_differing"] == INSTRUMENTS
    (apart, _) = found["trades"]
    # Another fee changes what is bought for the money, never when.
    assert len(apart["trades"]) + apart["more"] == len(one[0].trades)
    for trade in apart["trades"]:
        assert trade["only"] is None
        assert {"fees", "profit"} <= set(trade["differing"]) <= {"fees", "profit", "quantity", "shortfall"}
    alone = told(desk.get(f"/runs/{desk.a[:20]}/compare/{desk.b}/trades/ADAUSDT?limit=100"), ComparedTrades)
    assert (alone["a"], alone["b"]) == (desk.a, desk.b)
    assert {name: alone[name] for name in apart} == apart
    refused(desk.get(f"/runs/{desk.a}/compare/{desk.b}/trades/NOPE"), 404, "runs.unknown_symbol")
    lines = tapehead("runs", "compare", desk.a, desk.b, "--top", "2", home=desk.home)
    assert lines.code == 0
    assert "differ in: costs" in lines.out
    assert max(map(len, lines.out.partition("Next:")[0].splitlines())) <= 80


def test_a_tear_sheet_is_the_one_that_the_command_writes(desk: Desk, tmp_path: Path) -> None:
    found = desk.get(f"/runs/{desk.a}/report?symbol=ETHUSDT", Accept="text/html")
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert "style-src 'unsafe-inline'" in found.headers["content-security-policy"]
    desk.store.run(desk.a).report(tmp_path / "tear.html", "ETHUSDT")
    assert found.content == (tmp_path / "tear.html").read_bytes()
    refused(desk.get(f"/runs/{desk.a}/report", Accept="application/json"), 406, "input.accept")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/runs/01JD8Q7K", 404, "runs.unknown"),
        ("/runs/..%2f..%2fetc", 404, "route.unknown"),
        ("/runs/zzz!", 404, "runs.unknown"),
        ("/runs?limit=501", 422, "input.request"),
        ("/runs?cursor=x", 422, "input.parameter"),
        ("/runs/{a}/results?sort=nope", 422, "input.parameter"),
        ("/runs/{a}/results?cursor=W10", 422, "input.parameter"),
        ("/runs/{a}/results?form=table", 422, "input.request"),
        ("/runs/{a}/results/NOPE", 404, "runs.unknown_symbol"),
        ("/runs/{a}/results/BTCUSDT?include=secrets", 422, "input.parameter"),
        ("/runs/{a}/results/BTCUSDT?include=equity&start=noon", 422, "input.parameter"),
        ("/runs/{a}/results/BTCUSDT?end=noon", 422, "input.parameter"),
        ("/runs/{a}/results/BTCUSDT/trades/0/explain", 422, "input.request"),
        ("/runs/{a}/results/BTCUSDT/trades/999999/explain", 422, "input.parameter"),
        ("/runs/{a}/compare/{a}", 422, "input.parameter"),
        ("/runs/{a}/compare/{b}?metrics=nope", 422, "input.parameter"),
        ("/runs/{a}/report?symbol=NOPE", 404, "runs.unknown_symbol"),
    ],
)
def test_what_does_not_fit_is_a_problem_with_its_code(desk: Desk, path: str, status: int, code: str) -> None:
    refused(desk.get(path.format(a=desk.a, b=desk.b)), status, code)


def test_a_run_that_goes_on_is_not_removed_and_has_no_receipt(desk: Desk) -> None:
    run = desk.store.backtest("SmaCross", universe="demo")
    results = iter(run)
    next(results)
    refused(desk.http.delete(f"/runs/{run.id}"), 409, "runs.busy")
    refused(desk.get(f"/runs/{run.id}/receipt"), 409, "runs.unfinished")
    refused(desk.http.post(f"/runs/{run.id}/verify"), 409, "runs.unfinished")
    body = told(desk.get(f"/runs/{run.id}"), RunDetail)
    assert (body["state"], body["ended"], body["active"]) == ("running", None, False)
    page = told(desk.get(f"/runs/{run.id}/results?sort=instrument&limit=1"), ResultsPage)
    seen = [row["instrument"] for row in page["results"]]
    assert len(seen) == 1
    assert len(list(results)) == INSTRUMENTS - 1
    whole = told(desk.get(f"/runs/{run.id}/results?sort=instrument"), ResultsPage)
    assert told(desk.get(f"/runs/{run.id}"), RunDetail)["count"] == len(whole["results"]) == INSTRUMENTS
    if page["cursor"] is not None:
        rest = told(desk.get(f"/runs/{run.id}/results?sort=instrument&cursor={page['cursor']}"), ResultsPage)
        assert rest["results"] == [row for row in whole["results"] if row["instrument"] > seen[0]]
    assert desk.http.delete(f"/runs/{run.id}").status_code == 204
    refused(desk.http.delete(f"/runs/{run.id}"), 404, "runs.unknown")


def test_the_return_of_a_trade_counts_the_money_a_point(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """That of the day of the run, whatever the store says of the contract since; here, over HTTP, and from a client."""
    home = tmp_path / "home"
    with th.open(home) as store:
        house, bars = house_of(store), columns_of(2_000, seed=1)
        put(house, [(Instrument("test", "ES", kind="future", multiplier=50.0), bars)])
        run = store.backtest("RsiReversion", symbols="ES", cash=10_000_000).wait()
        metrics = run.metrics("ES")
        put(house, [(Instrument("test", "ES", kind="future", multiplier=5.0), columns_of(9, first=2_000, seed=1))])
        assert house.bars.instruments()[0].multiplier == 5.0
    words = ("--json", "show", run.id, "ES", "--trades")
    assert main(("--home", str(home), *words)) == 0
    with serving_here(home) as served:
        url = f"{served.url}/api/v1/runs/{run.id}/results/ES?include=trades"
        body = httpx.get(url, timeout=60).raise_for_status().json()
        assert main(("--server", served.url, *words)) == 0
    assert [json.loads(line)["trades"] for line in capfd.readouterr().out.splitlines()] == [body["trades"]] * 2
    returns = [trade["return"] for trade in body["trades"]]
    assert (max(returns), min(returns)) == pytest.approx((metrics.best_trade_return, metrics.worst_trade_return))
