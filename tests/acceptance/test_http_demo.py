"""The demo's market over HTTP: made once into an empty store, told while it comes, refused where there are bars."""

import time
from pathlib import Path

import tapehead as th
from tapehead.api.wire.imports import DemoTold
from tests.acceptance.http_answers import client, refused, told
from tests.serving import serving_here


def test_an_empty_store_takes_it_and_one_with_bars_does_not(tmp_path: Path) -> None:
    asked = {"instruments": 3, "years": 1, "seed": 5}
    with th.open(tmp_path / "beside") as beside:
        beside.demo(**asked)
        wanted = [(one.instrument.name, one.intervals) for one in beside.instruments()]
    with serving_here(tmp_path / "home") as served, client(served.url) as http:
        assert told(http.get("/demo"), DemoTold)["state"] == "none"
        refused(http.post("/demo", json={"instruments": 501}), 422, "input.request")
        begun = http.post("/demo", json=asked)
        assert begun.status_code == 202
        assert told(begun, DemoTold, status=202)["total"] == 3
        now = told(http.get("/demo"), DemoTold)
        while now["state"] == "making":
            assert 0 <= now["done"] <= now["total"] == 3
            time.sleep(0.02)
            now = told(http.get("/demo"), DemoTold)
        assert (now["state"], now["done"], now["text"]) == ("made", 3, "")
        held = served.service.store.instruments()
        assert [(one.instrument.name, one.intervals) for one in held] == wanted
        assert sum(one["bars"] for one in http.get("/coverage").json()["coverage"]) == now["bars"]
        again = refused(http.post("/demo"), 409, "store.not_empty")
        assert "tapehead --home .tapehead-demo demo" in again["detail"]
