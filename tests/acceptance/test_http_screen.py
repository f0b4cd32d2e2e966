"""GET /screen, and the clients that ask it: pages of one snapshot, values, and the place of what does not read."""

import asyncio
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import numpy as np
import pytest

import tapehead as th
from tapehead.api.wire.screen import ScreenPage
from tapehead.errors import ScreenError
from tests.acceptance.http_answers import INSTRUMENTS, client, make_market, refused, told
from tests.serving import serving_here

ASKED = {"expression": "close > 0 or sma(8700) > 0", "universe": "demo", "by": "rsi(14)", "show": ["sma(8700)", "kind"]}


class Desk(NamedTuple):
    """A service, its store, and a client of it."""

    url: str
    store: Any
    http: httpx.Client


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = make_market(tmp_path_factory.mktemp("screen") / "home")
    with serving_here(home) as served, th.open(home) as store, client(served.url) as http:
        yield Desk(served.url, store, http)


def test_pages_hold_what_the_store_says(served: Desk) -> None:
    http, here = served.http, served.store.screen(**ASKED)
    rows, cursor = [], None
    while not rows or cursor is not None:
        page = told(
            http.get("/screen", params={**ASKED, "limit": 2, **({"cursor": cursor} if cursor else {})}), ScreenPage
        )
        rows, cursor = rows + page["screen"], page["cursor"]
    assert [row["instrument"] for row in rows] == here.instruments
    assert (page["asked"], page["count"], page["columns"][0]) == (INSTRUMENTS, len(here), "sma(8700)")
    for row, own in zip(rows, here, strict=True):
        assert row["close"] == own["close"]
        assert row["values"] == {name: own[name] for name in page["columns"]}
    assert any(row["values"]["sma(8700)"] is None for row in rows)


def test_an_expression_that_does_not_read_says_where(served: Desk) -> None:
    body = refused(served.http.get("/screen", params={"expression": "rsi(14)  <  smma(3)"}), 422, "input.screen")
    assert (body["position"], body["errors"][0]["field"]) == (13, "expression")
    body = refused(served.http.get("/screen", params={"by": "close +"}), 422, "input.screen")
    assert (body["position"], body["errors"][0]["field"]) == (8, "by")
    body = refused(
        served.http.post("/universes", json={"name": "bad", "where": "close > kin"}), 422, "input.expression"
    )
    assert body["position"] == 9
    for asked, code in (
        ({"top": 3}, "input.parameter"),
        ({"cursor": "x"}, "input.parameter"),
        ({"interval": "7x"}, None),
    ):
        answer = served.http.get("/screen", params={"expression": "close > 0", "universe": "demo", **asked})
        assert answer.status_code == 422
        assert code in (None, answer.json()["code"])
    assert served.http.get("/screen", params={"universe": "nope"}).status_code == 404


def test_both_clients_have_the_call(served: Desk) -> None:
    url, store, _ = served
    here = store.screen(**ASKED, top=3)

    async def ask() -> Any:
        async with th.connect_async(url) as remote:
            return await remote.screen(**ASKED, top=3)

    with th.connect(url) as remote:
        for there in (remote.screen(**ASKED, top=3), asyncio.run(ask())):
            assert list(there) == list(here)
            assert there.found.missing == here.found.missing
            assert {name: line.dtype.kind for name, line in there.columns.items()} == {
                name: line.dtype.kind for name, line in here.columns.items()
            }
        with pytest.raises(ScreenError, match="did you mean 'rsi'"):
            remote.screen("rsii(14) > 3")
        remote.screen("top(2, close)", universe="demo", save="big")
        assert len(store.universe("big").symbols) == 2
        assert np.isfinite(remote.screen(None, universe="big", by="close")["close"]).all()
