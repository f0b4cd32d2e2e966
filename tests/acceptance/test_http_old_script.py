"""The routes kept for scripts of the source systems, read with their own client: bare frames, rows, listing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import tapehead as th
from tapehead.api.wire.kept import Cryptocurrency, PriceRow
from tapehead.library.store import Store
from tests.acceptance.browser import chromium
from tests.acceptance.http_answers import INSTRUMENTS, PATIENCE_S, make_market, refused
from tests.serving import serving_here

# As the source wrote it, but for `handleStreamEvent`, which here keeps what it is given.
SCRIPT = """
const seen = [];
function handleStreamEvent(data) { seen.push(data); }
function runAllBacktestsProgressive(strategyId, parameters) {
    const xhr = new XMLHttpRequest();
    xhr.open('POST', '/api/crypto/backtest/stream', true);

    let buffer = '';
    xhr.onprogress = function() {
        buffer += xhr.responseText.slice(buffer.length);
        const lines = buffer.split('\\n\\n');

        for (let i = 0; i < lines.length - 1; i++) {
            const line = lines[i].trim();
            if (line.startsWith('data: ')) {
                const data = JSON.parse(line.slice(6));
                handleStreamEvent(data);
            }
        }
    };

    xhr.send(JSON.stringify({strategy_id: strategyId, parameters}));
}
"""


class Desk:
    """A service and its store."""

    def __init__(self, url: str, store: Store) -> None:
        self.url, self.store = url, store

    def post(self, body: Any) -> httpx.Response:
        return httpx.post(f"{self.url}/api/crypto/backtest/stream", json=body, timeout=PATIENCE_S)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}/api{path}", timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = make_market(tmp_path_factory.mktemp("old") / "home")
    with serving_here(home) as served, th.open(home) as store:
        yield Desk(served.url, store)


def parsed(text: str) -> list[dict[str, Any]]:
    """What the source's script makes of a body."""
    blocks = text.split("\n\n")
    return [json.loads(block.strip()[6:]) for block in blocks[:-1] if block.strip().startswith("data: ")]


def test_the_frames_are_bare_and_hold_every_result(desk: Desk) -> None:
    response = desk.post({"strategy_id": "RsiReversion", "parameters": {"period": 9}})
    body = response.content
    assert response.headers["content-type"].startswith("text/event-stream")
    assert body.startswith(b'data: {"type": "start", "total": 6}\n\ndata: {"type": "')
    assert b"\r" not in body
    assert body.endswith(b"}\n\n")
    blocks = body.decode().removesuffix("\n\n").split("\n\n")
    for block in blocks:
        told = json.loads(block.removeprefix("data: "))
        assert block == f"data: {json.dumps(told)}", "one line, as Python's json writes it"
    events = parsed(response.text)
    assert len(events) == len(blocks)
    kinds = [event["type"] for event in events]
    assert (kinds[0], kinds[-1], set(kinds) <= {"start", "result", "progress", "complete"}) == (
        "start",
        "complete",
        True,
    )
    run = desk.store.run(desk.store.runs(1)[0].run)
    assert {event["data"]["id"]: event["data"]["metrics"] for event in events if event["type"] == "result"} == {
        result.instrument: dict(result.metrics) for result in run.results()
    }
    assert (events[-1]["total"], events[-1]["failed"]) == (INSTRUMENTS, 0)
    again = parsed(desk.post({"strategy_id": "RsiReversion", "parameters": {"period": 9}}).text)
    assert [event for event in again if event["type"] == "result"] == [e for e in events if e["type"] == "result"]
    place = [info.name for info in desk.store.strategies()].index("RsiReversion") + 1
    assert parsed(desk.post({"strategy_id": place, "parameters": {"period": 9}}).text) == again


def test_the_source_s_own_script_reads_it_in_a_browser(desk: Desk, tmp_path: Path) -> None:
    with chromium(tmp_path / "profile") as browser:
        page = browser.page(online=True)
        page.visit(f"{desk.url}/livez")
        page.ask(SCRIPT)
        page.ask("runAllBacktestsProgressive('SmaCross', {fast: 12, slow: 40}); 1")
        page.wait_for("seen.some(each => each.type === 'complete')")
        names = page.ask(
            "[...new Set(seen.filter(each => each.type === 'result').map(each => each.data.symbol))].sort()"
        )
        assert names == sorted(row.instrument.symbol for row in desk.store.instruments())
        assert page.ask("seen[0].total") == INSTRUMENTS


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"strategy_id": "Nope"}, 404, "strategy.unknown"),
        ({"strategy_id": "x.py:Y"}, 404, "strategy.unknown"),
        ({"strategy_id": 99}, 422, "input.parameter"),
        ({"strategy_id": "RsiReversion", "parameters": {"period": 1}}, 422, "input.parameter"),
        ({"strategy_id": "RsiReversion", "parameters": {"x": 1}}, 422, "strategy.unknown_parameter"),
        ({"parameters": {}}, 422, "input.request"),
        ([], 422, "input.request"),
    ],
)
def test_what_does_not_fit_is_a_problem(desk: Desk, body: Any, status: int, code: str) -> None:
    refused(desk.post(body), status, code)


def test_cryptocurrencies_and_prices(desk: Desk) -> None:
    rows = desk.get("/crypto/cryptocurrencies").json()
    assert [Cryptocurrency.model_validate(row).symbol for row in rows] == sorted(
        row.instrument.symbol for row in desk.store.instruments()
    )
    prices = desk.get("/data/BTCUSDT?start=2019-02-01&end=2019-02-02").json()
    bars = desk.store.bars("BTCUSDT", start="2019-02-01", end="2019-02-02T01:00")
    assert [PriceRow.model_validate(row).close for row in prices] == bars.close.tolist()
    assert (prices[0]["datetime"], prices[-1]["datetime"]) == ("2019-02-01T00:00:00Z", "2019-02-02T00:00:00Z")
    refused(desk.get("/data/NOPE"), 404, "store.unknown_symbol")


def test_without_cryptocurrencies_there_is_nothing_to_run_on(tmp_path: Path) -> None:
    with serving_here(tmp_path / "home") as served, th.open(tmp_path / "home") as store:
        desk = Desk(served.url, store)
        refused(desk.post({"strategy_id": "RsiReversion"}), 404, "store.no_bars")
        assert desk.get("/crypto/cryptocurrencies").json() == []
