"""Trades of other programs over HTTP: as rows, as a file, from a client and by the command; the same run each time."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tapehead as th
from tapehead.api.wire.problem import Problem
from tapehead.api.wire.trades import KeptTrades, TradesRequest
from tapehead.errors import TapeheadError
from tapehead.library import run_trades
from tapehead.library.remote import asked_runs
from tests.acceptance.http_answers import client, refused, told
from tests.acceptance.program import tapehead, write_bars
from tests.serving import Served, serving_here

UPLOAD = {"Content-Type": "application/octet-stream"}
ROWS: list[dict[str, Any]] = [
    {
        "instrument": "BTCUSDT",
        "side": side,
        "entry_time": f"2021-01-0{day}T03:00:00Z",
        "entry_price": 300.0,
        "exit_time": f"2021-01-0{day + 1}T05:00:00Z",
        "exit_price": 303.0,
        "quantity": 0.5,
        "fees": 0.1,
    }
    for day, side in ((2, "long"), (4, "short"), (4, "long"))
]
TEXT = "\n".join([",".join(ROWS[0]), *(",".join(map(str, row.values())) for row in ROWS)]).encode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("trades")
    with th.open(folder / "home") as store:
        store.import_files(write_bars(folder / "bars", ("BTCUSDT", "ETHUSDT"), 400))
    with serving_here(folder / "home", upload_bytes=20_000) as found:
        yield found


def test_rows_a_file_and_every_client_keep_one_run(served: Served, tmp_path: Path) -> None:
    with client(served.url) as http:
        dry = told(http.post("/runs/trades", json={"trades": ROWS, "dry_run": True}), KeptTrades)
        assert (dry["run"], dry["dry_run"], dry["trades"]) == (None, True, 3)
        assert http.get("/runs").json()["runs"] == []
        answer = http.post("/runs/trades", json={"trades": ROWS, "name": "desk"})
        made = told(answer, KeptTrades)
        assert answer.headers["Location"] == f"/api/v1/runs/{made['run']}"
        assert (made["name"], made["interval"], made["reused"]) == ("desk", "1h", False)
        assert [(one["trades"], one["open"]) for one in made["instruments"]] == [(3, 0)]
        sent = http.post("/runs/trades?file=desk.csv&name=desk", content=TEXT, headers=UPLOAD)
        again = told(sent, KeptTrades)
        assert (again["run"], again["reused"], again["instruments"]) == (made["run"], True, made["instruments"])
        run = http.get(f"/runs/{made['run']}").json()
        assert (run["elsewhere"], http.get("/runs").json()["runs"][0]["elsewhere"]) == (True, True)
        assert run["header"]["stamps"] == ["made elsewhere: fills, sizes and fees are those of another program"]
        result = f"/runs/{made['run']}/results/BTCUSDT"
        assert len(http.get(f"{result}?include=trades").json()["trades"]) == 3
        assert "made elsewhere, by desk" in http.get(f"{result}?include=orders").json()["trouble"]
        refused(http.get(f"{result}/trades/1/explain"), 409, "runs.elsewhere")
        refused(http.post(f"/runs/{made['run']}/verify"), 409, "runs.verify")
        assert http.get(f"/runs/{made['run']}/report").status_code == 200
    path = tmp_path / "desk.csv"
    path.write_bytes(TEXT)
    with th.connect(served.url) as store:
        assert store.keep_trades(ROWS, name="desk") == made["run"]
        assert store.import_trades(path, name="desk").to_json() == again
        assert store.book_trades(ROWS, name="desk", dry_run=True).instruments[0].trades == 3
        table = store.run(made["run"]).trades()
        assert (table.instrument.tolist(), table.side.tolist()) == (["bars:BTCUSDT"] * 3, [1, -1, 1])

    async def ask() -> list[Any]:
        async with th.connect_async(served.url) as store:
            return [
                (await store.book_trades(ROWS, name="desk")).run,
                (await store.import_trades(path, name="desk")).run,
            ]

    assert asyncio.run(ask()) == [made["run"]] * 2
    done = tapehead("--server", served.url, "--json", "runs", "import", str(path), "--name", "desk")
    assert (done.code, done.document["run"], done.document["reused"]) == (0, made["run"], True), done.err
    shown = tapehead("--server", served.url, "show", made["run"], "BTCUSDT").out
    assert ("--trades" in shown, "verify" in shown, "make it again" in shown) == (True, False, False), shown
    stages = tapehead("--server", served.url, "show", made["run"], "--timings").out
    assert ("another program" in stages, "--fresh" in stages) == (True, False), stages


def test_times_and_trades_of_several_come_from_a_service(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    at = 1_609_642_800_000_000
    later = {name: at + hours * 3_600_000_000 for name, hours in (("entry_time", 40), ("exit_time", 50))}
    rows = [ROWS[0], {**ROWS[0], "instrument": "ETHUSDT", **later}]
    listed: list[str] = []

    def listing(run: str, *words: Any) -> Any:
        listed.append(run)
        return results(run, *words)

    results = asked_runs.results
    with client(served.url) as http:
        run = told(http.post("/runs/trades", json={"trades": rows, "cash": 1e6}), KeptTrades)["run"]
        page = http.get(f"/runs/{run}/results/ETHUSDT?include=trades,times&limit=1").json()
        assert page["times"][0] == page["trades"][0]["entry_time"] == "2021-01-04T19:00:00Z"
        assert len(page["times"]) == page["result"]["bars"]
    with th.connect(served.url) as store:
        assert store.run(run).times("ETHUSDT")[0] == later["entry_time"]
        monkeypatch.setattr(asked_runs, "results", listing)
        monkeypatch.setattr(run_trades, "_PAGE", 1)
        assert store.run(run).trades().instrument.tolist() == ["bars:BTCUSDT", "bars:ETHUSDT"]
        assert listed == [run]
        with pytest.raises(TapeheadError, match="tapehead runs import"):
            store.import_trades("nowhere.csv")

    async def ask() -> Any:
        async with th.connect_async(served.url) as store:
            return await (await store.run(run)).times("ETHUSDT")

    assert asyncio.run(ask())[0] == later["entry_time"]
    done = tapehead("--server", served.url, "--json", "show", run, "ETHUSDT", "--trades")
    assert done.document["trades"][0]["entry_time"] == "2021-01-04T19:00:00Z", done.err


def test_numbers_of_rows_are_what_they_are() -> None:
    [row] = TradesRequest.model_validate({"trades": [{"entry_time": 1_609_642_800_000_000, "symbol": 700}]}).trades
    assert [type(value) for value in row.values()] == [int, int]
    [row] = TradesRequest.model_validate_json('{"trades": [{"a": 1.0, "b": true, "c": 1e40, "d": "7"}]}').trades
    assert list(map(repr, row.values())) == ["1.0", "True", "1e+40", "'7'"]


def test_what_is_no_trade_is_a_problem_and_keeps_nothing(served: Served) -> None:
    with client(served.url) as http:
        before = http.get("/runs").json()["runs"]
        asked = [
            (http.post("/runs/trades", json={"trades": [{**ROWS[0], "side": "up"}]}), 422, "input.parameter"),
            (
                http.post("/runs/trades", json={"trades": [{**ROWS[0], "instrument": "NO"}]}),
                404,
                "store.unknown_symbol",
            ),
            (http.post("/runs/trades", json={"trades": []}), 422, "input.request"),
            (http.post("/runs/trades", json={"trades": ROWS, "way": 1}), 422, "input.request"),
            (
                http.post("/runs/trades?file=t.csv", content=TEXT.replace(b"Z", b""), headers=UPLOAD),
                422,
                "import.ambiguous",
            ),
            (http.post("/runs/trades?file=../t.csv", content=TEXT, headers=UPLOAD), 422, "input.parameter"),
            (http.post("/runs/trades", content=TEXT, headers=UPLOAD), 422, "input.parameter"),
            (http.post("/runs/trades?file=t.csv", content=b"", headers=UPLOAD), 422, "import.format"),
            (http.post("/runs/trades?file=t.csv", content=b"x" * 30_000, headers=UPLOAD), 413, "input.body_size"),
            (http.post("/runs/trades?dry_run=true", json={"trades": ROWS, "name": "asked"}), 422, "input.parameter"),
            (http.post("/runs/trades", content=TEXT, headers={"Content-Type": "text/csv"}), 415, "input.media"),
        ]
        for answer, status, code in asked:
            told(answer, Problem, status)
            assert "uploads/" not in refused(answer, status, code)["detail"]
        assert http.get("/runs").json()["runs"] == before
