"""What a service tells of what it holds: listings, pages of one snapshot, charts, Arrow, ETags, codings, OpenAPI."""

import gzip
import re
from collections.abc import Iterator
from typing import Any

import brotli
import httpx
import numpy as np
import pyarrow as pa
import pytest
import zstandard

import tapehead as th
from tapehead.api.arrow import MEDIA_TYPE
from tapehead.api.wire.bars import BarsPage
from tapehead.api.wire.catalogue import Indicators, IndicatorSeries, Strategies
from tapehead.api.wire.latest import LatestPage
from tapehead.api.wire.market import CoveragePage, InstrumentsPage, UniverseKept, UniverseMembers, Universes
from tapehead.layout.columns import AFTER_HOLE
from tests.acceptance.http_answers import HOURS, INSTRUMENTS, client, make_market, refused, told
from tests.serving import serving_here

HOUR_US = 3_600_000_000
COLUMNS = ("open", "high", "low", "close", "volume")


class Desk:
    """A service, a client of it, and its store."""

    def __init__(self, url: str, store: Any) -> None:
        self.url, self.store = url, store
        self.http = client(url)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.http.get(path, headers=headers)

    def arrow(self, path: str) -> Any:
        found = self.get(path, Accept=MEDIA_TYPE)
        assert found.headers["content-type"] == MEDIA_TYPE, found.text
        return pa.ipc.open_stream(found.content).read_all()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = make_market(tmp_path_factory.mktemp("market") / "home")
    with serving_here(home) as served, th.open(home) as store:
        desk = Desk(served.url, store)
        yield desk
        desk.http.close()


def grow(store: Any, symbol: str, hours: int = 1, price: float = 5.0) -> None:
    """Lay some bars of an hour over the last of a series, and some behind it."""
    last = int(store.bars(symbol, "1h").ts[-1])
    ts = last + np.arange(hours + 1, dtype=np.int64) * HOUR_US
    flat = np.full(hours + 1, price)
    bars = th.Bars.from_arrays(ts, flat, flat, flat, flat, flat, interval="1h", symbol=symbol, venue="demo")
    store.append(bars)


def test_instruments_come_page_by_page_while_there_are_more_and_more(desk: Desk) -> None:
    first = told(desk.get("/instruments?limit=4&venue=demo"), InstrumentsPage)
    assert len(first["instruments"]) == 4
    ts = np.arange(3, dtype=np.int64) * HOUR_US
    one = np.ones(3)
    desk.store.append(th.Bars.from_arrays(ts, one, one, one, one, one, interval="1h", symbol="AAAUSDT", venue="demo"))
    rest = told(desk.get(f"/instruments?limit=4&venue=demo&cursor={first['cursor']}"), InstrumentsPage)
    names = [row["instrument"] for row in first["instruments"] + rest["instruments"]]
    assert rest["cursor"] is None
    assert names == sorted(names)
    assert len(names) == INSTRUMENTS
    whole = told(desk.get("/instruments"), InstrumentsPage)["instruments"]
    assert [row["instrument"] for row in whole] == ["demo:AAAUSDT", *names]
    assert whole[1]["intervals"][0]["rows"] == desk.store.instruments("ADA")[0].intervals[0][3]
    found = told(desk.get("/instruments?query=btc&kind=crypto&universe=demo&has_data=true"), InstrumentsPage)
    assert [row["symbol"] for row in found["instruments"]] == ["BTCUSDT"]
    assert told(desk.get("/instruments?has_data=false"), InstrumentsPage)["instruments"] == []


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/bars/NOPE", 404, "store.unknown_symbol"),
        ("/bars/../../x", 404, "route.unknown"),
        ("/bars/BTCUSDT?columns=x", 422, "input.parameter"),
        ("/bars/BTCUSDT?points=1", 422, "input.request"),
        ("/bars/BTCUSDT?limit=0", 422, "input.request"),
        ("/bars/BTCUSDT?limit=100001", 422, "input.request"),
        ("/bars/BTCUSDT?interval=7m", 404, "store.no_bars"),
        ("/bars/BTCUSDT?interval=soon", 422, "input.parameter"),
        ("/bars/BTCUSDT?start=soon", 422, "input.parameter"),
        ("/bars/BTCUSDT?start=2019-02-01&end=2019-01-01", 422, "input.empty_range"),
        ("/bars/BTCUSDT?start=2031-01-01", 404, "store.no_bars"),
        ("/bars/BTCUSDT?snapshot=9999", 422, "input.parameter"),
        ("/bars/BTCUSDT?cursor=%00", 422, "input.parameter"),
        ("/bars/BTCUSDT?cursor=WyJiYXJzIiwxXQ", 422, "input.parameter"),
        ("/bars/%3Cscript%3E", 404, "store.unknown_symbol"),
        ("/latest?universe=nope", 404, "store.unknown_universe"),
        ("/latest?symbols=NOPE", 404, "store.unknown_symbol"),
        ("/latest?symbols=BTCUSDT&universe=demo", 422, "input.parameter"),
        ("/latest?columns=x&universe=demo", 422, "input.parameter"),
        ("/latest?at=soon&universe=demo", 422, "input.parameter"),
        ("/latest?universe=demo&limit=10001", 422, "input.request"),
        ("/latest?universe=demo&cursor=WyJsYXRlc3QiXQ", 422, "input.parameter"),
        ("/latest?universe=demo&interval=4h&cursor=WyJsYXRlc3QiLCJhIiwiMWgiLDFd", 422, "input.parameter"),
        ("/instruments?kind=stone", 422, "input.request"),
        ("/instruments?limit=10001", 422, "input.request"),
        ("/instruments?universe=nope", 404, "store.unknown_universe"),
        ("/instruments?cursor=abc", 422, "input.parameter"),
        ("/coverage?symbols=NOPE", 404, "store.unknown_symbol"),
        ("/coverage?symbols=BTCUSDT&universe=demo", 422, "input.parameter"),
        ("/coverage?interval=1m", 404, "store.no_bars"),
        ("/universes/nope", 404, "store.unknown_universe"),
        ("/universes/demo?at=soon", 422, "input.parameter"),
        ("/indicators/nope", 404, "indicator.unknown"),
        ("/strategies/nope", 404, "strategy.unknown"),
        ("/strategies/x.py:Y", 404, "strategy.unknown"),
        ("/nothing", 404, "route.unknown"),
    ],
)
def test_what_does_not_fit_is_a_problem_with_its_code(desk: Desk, path: str, status: int, code: str) -> None:
    refused(desk.get(path), status, code)


@pytest.mark.parametrize("path", ["/instruments", "/coverage", "/bars/BTCUSDT", "/strategies", "/universes"])
def test_a_form_that_is_not_given_is_refused(desk: Desk, path: str) -> None:
    refused(desk.get(path, Accept="text/csv, application/json;q=0"), 406, "input.accept")
    assert desk.get(path, Accept="text/html, */*;q=0.1").headers["content-type"] == "application/json"


def test_the_newest_bars_come_page_by_page_of_one_snapshot(desk: Desk) -> None:
    asked = "/latest?universe=demo&columns=ts,close,flags&limit=4"
    before = desk.store.latest("demo", columns=["ts", "close", "flags"])
    first = told(desk.get(asked), LatestPage)
    grow(desk.store, "BNBUSDT", price=7.0)
    rest = told(desk.get(f"{asked}&cursor={first['cursor']}"), LatestPage)
    assert (rest["snapshot"], rest["cursor"]) == (first["snapshot"], None)
    rows = first["latest"] + rest["latest"]
    assert [row["instrument"] for row in rows] == before.instrument.tolist()
    assert [row["close"] for row in rows] == before.close.tolist()
    assert "traded" in rows[0]["flags"]
    after = told(desk.get("/latest?symbols=BNBUSDT"), LatestPage)
    assert (after["count"], after["latest"][0]["close"], after["interval"]) == (1, 7.0, "1h")
    assert after["snapshot"] > first["snapshot"]
    then = "2019-06-01T12:34:00Z"
    with th.connect(desk.url) as away:
        for more in ({}, {"at": then}, {"columns": ["close", "ts"]}, {"snapshot": first["snapshot"]}):
            here, there = (one.latest("demo", **more) for one in (desk.store, away))
            assert list(here) == list(there)
            assert all(here[name].tobytes() == there[name].tobytes() for name in here), more
    at = told(desk.get(f"/latest?universe=demo&at={then}"), LatestPage)["latest"]
    assert {row["ts"] for row in at} == {"2019-06-01T12:00:00Z"}


def test_bars_as_json_are_those_of_the_store(desk: Desk) -> None:
    body = told(desk.get("/bars/demo:ETHUSDT?start=2019-03-01&end=2019-03-08"), BarsPage)
    bars = desk.store.bars("ETHUSDT", start="2019-03-01", end="2019-03-08")
    assert (body["count"], body["total"], body["cursor"]) == (len(bars), len(bars), None)
    assert body["bars"]["ts"] == [
        f"{each}Z" for each in bars.ts.view("datetime64[us]").astype("datetime64[s]").astype(str)
    ]
    for name in COLUMNS:
        assert body["bars"][name] == getattr(bars, name).tolist(), name
    assert all("traded" in words for words in body["bars"]["flags"])
    some = told(desk.get("/bars/ETHUSDT?columns=close&limit=3"), BarsPage)
    assert list(some["bars"]) == ["close"]
    assert some["first"] == "2019-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "query",
    ["", "interval=4h&start=2019-02-01T03:00", "points=500", "points=300&columns=ts,close,flags", "columns=close,ts"],
)
def test_arrow_is_what_the_library_gives(desk: Desk, query: str) -> None:
    asked: dict[str, Any] = dict(part.split("=") for part in query.split("&") if part)
    if "points" in asked:
        asked["points"] = int(asked["points"])
    if "columns" in asked:
        asked["columns"] = asked["columns"].split(",")
    asked.setdefault("interval", "1h")
    found = desk.arrow(f"/bars/SOLUSDT?interval=1h&{query}" if "interval" not in query else f"/bars/SOLUSDT?{query}")
    assert found.equals(desk.store.bars("SOLUSDT", **asked).to_arrow(), check_metadata=True)


def test_pages_of_bars_stay_those_of_one_snapshot_while_data_grows(desk: Desk) -> None:
    before = desk.store.bars("XRPUSDT")
    first = desk.get("/bars/XRPUSDT?limit=4000&columns=ts,close")
    body = told(first, BarsPage)
    closes = list(body["bars"]["close"])
    grow(desk.store, "XRPUSDT", hours=3)
    while "link" in first.headers:
        link = first.headers["link"]
        assert link.endswith('; rel="next"')
        first = desk.get(link[1 : link.index(">")].removeprefix("/api/v1"))
        body = told(first, BarsPage)
        closes += body["bars"]["close"]
    assert body["cursor"] is None
    assert closes == before.close.tolist()
    grown = told(desk.get("/bars/XRPUSDT?columns=ts&limit=100000"), BarsPage)
    assert grown["count"] == HOURS + 3
    pages = desk.arrow("/bars/XRPUSDT?limit=5000")
    assert pages.num_rows == 5_000
    refused(
        desk.get(f"/bars/XRPUSDT?limit=10&columns=ts&cursor={pages.schema.metadata[b'cursor'].decode()}"),
        422,
        "input.parameter",
    )


@pytest.mark.parametrize("points", [2, 7, 500])
def test_a_chart_of_candles_is_the_exact_sum_of_whole_bars(desk: Desk, points: int) -> None:
    bars = desk.store.bars("ADAUSDT", "1h")
    hours = ((bars.ts - bars.ts[0]) // HOUR_US).tolist()
    width = -(-(hours[-1] + 1) // points)
    groups: dict[int, list[int]] = {}
    for place, hour in enumerate(hours):
        groups.setdefault(hour // width, []).append(place)
    body = told(desk.get(f"/bars/ADAUSDT?points={points}"), BarsPage)
    got = body["bars"]
    assert body["count"] == len(groups) <= points
    assert body["total"] == len(bars)
    for i, places in enumerate(groups.values()):
        assert got["open"][i] == bars.open[places[0]]
        assert got["close"][i] == bars.close[places[-1]]
        assert got["high"][i] == max(bars.high[at] for at in places)
        assert got["low"][i] == min(bars.low[at] for at in places)
        assert got["volume"][i] == pytest.approx(sum(bars.volume[at] for at in places), rel=1e-12)
    assert got["ts"][0] == "2019-01-01T00:00:00Z"


def test_a_chart_of_closes_keeps_every_extreme_and_every_hole(desk: Desk) -> None:
    bars = desk.store.bars("BNBUSDT", "1h")
    close, n, points = bars.close.tolist(), len(bars), 202
    kept = {0, n - 1}
    starts = [i * n // 100 for i in range(100)]
    for lo, hi in zip(starts, [*starts[1:], n], strict=True):
        part = close[lo:hi]
        kept |= {lo + part.index(min(part)), lo + part.index(max(part))}
    got = told(desk.get(f"/bars/BNBUSDT?points={points}&columns=ts,close,flags"), BarsPage)["bars"]
    assert got["close"] == [close[at] for at in sorted(kept)]
    holes = [at for at in range(n) if bars.flags[at] & AFTER_HOLE]
    assert holes
    passed = [any(lo < hole <= hi for hole in holes) for lo, hi in zip([-1, *sorted(kept)], sorted(kept), strict=False)]
    assert ["after_hole" in words for words in got["flags"]] == passed


def test_an_answer_that_is_known_is_not_sent_again(desk: Desk) -> None:
    path = "/bars/BTCUSDT?points=100"
    first = desk.get(path)
    tag = first.headers["etag"]
    assert tag.startswith('"')
    for coding in ("zstd", "br", "gzip"):
        coded = desk.get(path, **{"Accept-Encoding": coding})
        assert coded.headers["etag"] == f'{tag[:-1]}-{coding}"'
        again = desk.get(path, **{"Accept-Encoding": coding, "If-None-Match": f'"x", W/{coded.headers["etag"]}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", coded.headers["etag"])
        assert {"accept", "accept-encoding"} <= {one.strip().lower() for one in again.headers["vary"].split(",")}
    assert desk.get(path, **{"If-None-Match": '"other"'}).status_code == 200
    assert desk.get(path, Accept=MEDIA_TYPE).headers["etag"] != tag
    snapshot = int(first.headers["tapehead-snapshot"])
    grow(desk.store, "ETHUSDT")
    other = desk.get(path, **{"If-None-Match": tag})
    assert (other.status_code, int(other.headers["tapehead-snapshot"])) == (304, desk.store.house.bars.head())
    assert desk.store.house.bars.head() > snapshot
    grow(desk.store, "BTCUSDT")
    changed = desk.get(path, **{"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag
    assert desk.get(f"{path}&snapshot={snapshot}").json()["bars"] == first.json()["bars"]
    listing = desk.get("/instruments")
    assert desk.get("/instruments", **{"If-None-Match": listing.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    ("coding", "undo"),
    [
        ("gzip", gzip.decompress),
        ("br", brotli.decompress),
        ("zstd", lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body)),
    ],
)
def test_a_long_body_comes_in_the_coding_that_is_taken(desk: Desk, coding: str, undo: Any) -> None:
    plain = desk.get("/bars/SOLUSDT")
    with desk.http.stream("GET", "/bars/SOLUSDT", headers={"Accept-Encoding": coding}) as response:
        body = b"".join(response.iter_raw())
    assert response.headers["content-encoding"] == coding
    assert len(body) < len(plain.content) / 2
    assert undo(body) == plain.content
    assert "content-encoding" not in desk.get("/strategies/BuyAndHold", **{"Accept-Encoding": coding}).headers


def test_a_script_of_the_page_is_packed_as_small_as_gzip_makes_it(desk: Desk) -> None:
    root = str(desk.http.base_url).partition("/api")[0]
    script = re.findall(r'src="(/assets/[^"]+)"', desk.http.get(f"{root}/").text)[0]
    plain = desk.http.get(root + script, headers={"Accept-Encoding": "identity"})
    with desk.http.stream("GET", root + script, headers={"Accept-Encoding": "gzip, br"}) as packed:
        body = b"".join(packed.iter_raw())
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["vary"]
    assert gzip.decompress(body) == plain.content
    assert len(body) <= len(gzip.compress(plain.content, 9))
    tag = packed.headers["etag"]
    assert tag != plain.headers["etag"]
    again = desk.http.get(root + script, headers={"Accept-Encoding": "gzip", "If-None-Match": tag})
    assert (again.status_code, again.headers["etag"]) == (304, tag)
    assert desk.http.get(root + script, headers={"Accept-Encoding": "gzip;q=0"}).content == plain.content


def test_coverage_is_that_of_the_store(desk: Desk) -> None:
    first = told(desk.get("/coverage?universe=demo&limit=4&gaps=true&cells=24"), CoveragePage)
    rest = told(desk.get(f"/coverage?universe=demo&limit=4&gaps=true&cells=24&cursor={first['cursor']}"), CoveragePage)
    rows = first["coverage"] + rest["coverage"]
    ledgers = desk.store.coverage(universe="demo", runs=True).ledgers
    assert [(row["instrument"], row["bars"], row["missing"], len(row["runs"])) for row in rows] == [
        (one.series.instrument, one.bars, one.missing, len(one.runs)) for one in ledgers
    ]
    assert all(len(row["strip"]) == 24 for row in rows)
    assert rest["cursor"] is None
    (row,) = told(desk.get("/coverage?symbols=ADAUSDT&months=true"), CoveragePage)["coverage"]
    months = 12 * int(row["last"][:4]) + int(row["last"][5:7]) - 12 * int(row["first"][:4]) - int(row["first"][5:7]) + 1
    assert len(row["strip"]) == months
    assert desk.get("/coverage?symbols=ADAUSDT&months=true&cells=4").status_code == 422
    snapshot = first["snapshot"]
    asked = "/coverage?universe=demo&limit=4&gaps=true&cells=24&snapshot="
    assert told(desk.get(f"{asked}{snapshot}"), CoveragePage)["coverage"] == first["coverage"]
    assert desk.get(f"{asked}{snapshot + 1}").status_code == 422
    one = told(desk.get("/coverage?symbols=ADAUSDT,BTCUSDT&quarantine=true"), CoveragePage)
    assert [row["instrument"] for row in one["coverage"]] == ["demo:ADAUSDT", "demo:BTCUSDT"]
    assert one["quarantine"] == []
    path = "/coverage?symbols=SOLUSDT&gaps=true&cells=24"
    before = desk.get(path)
    assert desk.get(path).content == before.content
    grow(desk.store, "SOLUSDT", hours=2)
    after = told(desk.get(path), CoveragePage)
    assert after["coverage"][0]["bars"] == before.json()["coverage"][0]["bars"] + 2
    assert after["snapshot"] > before.json()["snapshot"]


def test_a_universe_is_made_shown_and_forgotten(desk: Desk) -> None:
    made = desk.http.post("/universes", json={"name": "two", "symbols": ["BTCUSDT", "demo:ETHUSDT"]})
    assert told(made, UniverseKept, 201)["symbols"] == ["demo:BTCUSDT", "demo:ETHUSDT"]
    names = [row["name"] for row in told(desk.get("/universes"), Universes)["universe"]]
    assert {"all", "demo", "two"} <= set(names)
    assert told(desk.get("/universes/two"), UniverseMembers)["instruments"] == 2
    assert desk.http.delete("/universes/two").status_code == 204
    refused(desk.http.delete("/universes/two"), 404, "store.unknown_universe")
    for body, code in (
        ({"name": "all", "symbols": ["BTCUSDT"]}, "store.universe"),
        ({"name": "bad", "where": "volume >"}, "input.expression"),
        ({"name": "bad", "symbols": ["BTCUSDT"], "where": "bars > 1"}, "store.universe"),
        ({"names": "bad"}, "input.request"),
    ):
        refused(desk.http.post("/universes", json=body), 422, code)
    refused(desk.http.post("/universes", json={"name": "bad", "symbols": ["NOPE"]}), 404, "store.unknown_symbol")


def test_the_catalogue_is_enough_for_a_form(desk: Desk) -> None:
    rows = told(desk.get("/strategies"), Strategies)["strategies"]
    assert {row["name"] for row in rows} == {info.name for info in desk.store.strategies()}
    (one,) = told(desk.get("/strategies/RsiReversion"), Strategies)["strategies"]
    assert one in rows
    assert one["parameters"][0] == {"name": "period", "kind": "int", "default": 14, "low": 2, "high": 200}
    assert one["summary"]
    (rsi,) = told(desk.get("/indicators/rsi"), Indicators)["indicators"]
    assert (rsi["call"], rsi["outputs"]) == ("rsi(values, period=14)", ["rsi"])
    assert len(told(desk.get("/indicators"), Indicators)["indicators"]) >= 20


def test_openapi_says_all_of_it(desk: Desk) -> None:
    found = httpx.get(f"{desk.url}/api/openapi.json").json()
    schemas = found["components"]["schemas"]
    ids = []
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            ids.append(operation["operationId"])
            assert operation.get("summary"), where
            problems = {status for status in operation["responses"] if status.startswith("4")} - {"304"}
            assert {"400", "401", "403", "406", "422", "429"} <= problems or path in ("/", "/livez"), where
            for status in problems:
                body = operation["responses"][status]["content"]["application/problem+json"]["schema"]
                assert body == {"$ref": "#/components/schemas/Problem"}, where
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "limit":
                    assert {"default", "maximum"} <= set(parameter["schema"]), where
    assert len(ids) == len(set(ids))
    assert {"list_instruments", "read_bars", "begin_run", "compare_runs", "import_bars"} <= set(ids)
    assert {"code", "detail", "request_id"} <= set(schemas["Problem"]["properties"])
    assert "HTTPValidationError" not in schemas
    text = httpx.get(f"{desk.url}/api/openapi.json").text
    named = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert named <= set(schemas)


def test_an_indicator_is_told_at_the_bars_of_the_same_question_and_knows_what_was_before(desk: Desk) -> None:
    bars = desk.store.bars("BTCUSDT")
    whole = th.rsi(bars.close, 9)
    start = np.datetime_as_string(bars.ts[500].view("datetime64[us]"))
    question = f"symbol=BTCUSDT&start={start}&points=20000"
    body = told(desk.get(f"/indicators/rsi/series?{question}&parameters=period=9"), IndicatorSeries)
    assert (body["parameters"], body["interval"]) == ({"period": 9}, "1h")
    assert body["lines"] == {"rsi": whole[500:].tolist()}
    few = told(desk.get(f"/indicators/macd/series?symbol=BTCUSDT&points=50&end={start}"), IndicatorSeries)
    shown = desk.get(f"/bars/BTCUSDT?points=50&end={start}").json()["bars"]["ts"]
    assert few["ts"] == shown
    assert [line[0] for line in few["lines"].values()] == [None] * 3
    lines = th.macd(bars.close[:500])
    assert [line[-1] for line in few["lines"].values()] == [line[-1] for line in lines]


def test_an_indicator_refuses_parameters_by_name_and_bound(desk: Desk) -> None:
    for given, bound in {
        "period=1": "period=1: period must be an integer of at least 2",
        "period=9,period=5": "period=5: period must be given once; it is given twice, first 9",
        f"period={10**20}": "period must be an integer of at least 2 and at most 2147483647",
        "period=x": "period must be an integer",
        "width=2": "NAME=VALUE of period",
    }.items():
        answer = desk.get(f"/indicators/rsi/series?symbol=BTCUSDT&parameters={given}")
        assert bound in refused(answer, 422, "input.parameter")["detail"]
    refused(desk.get("/indicators/rsii/series?symbol=BTCUSDT"), 404, "indicator.unknown")
    refused(desk.get("/indicators/rsi/series?symbol=NOPE"), 404, "store.unknown_symbol")
