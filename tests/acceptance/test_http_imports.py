"""Imports over HTTP: files below a root, uploads, what they report, and every way out of the root."""

import asyncio
import csv
import io
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import tapehead as th
from tapehead.api.wire.imports import CommitDetail, CommitsPage, ImportedReport, UndoneReport
from tests.acceptance.http_answers import client, refused, told
from tests.serving import Served, serving_here

UPLOAD = {"Content-Type": "application/octet-stream"}
BOUND = 200_000


def bars(hours: int, price: float = 100.0) -> bytes:
    """A file of hourly bars."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(("time", "open", "high", "low", "close", "volume"))
    for hour in range(hours):
        rows.writerow(
            (f"2021-01-{1 + hour // 24:02d}T{hour % 24:02d}:00:00Z", price, price + 2, price - 1, price + 1, 9)
        )
    return out.getvalue().encode()


class Desk:
    """A service with a root to import from, and a client of it."""

    def __init__(self, served: Served, home: Path, root: Path) -> None:
        self.served, self.home, self.root = served, home, root
        self.http = client(served.url)

    def named(self, *paths: str, **more: object) -> httpx.Response:
        return self.http.post("/imports", json={"paths": list(paths), **more})

    def upload(self, body: bytes, query: str) -> httpx.Response:
        return self.http.post(f"/imports?{query}", content=body, headers=UPLOAD)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("imports")
    root, outside = folder / "root", folder / "outside"
    (root / "binance").mkdir(parents=True)
    outside.mkdir()
    (root / "binance" / "BTCUSDT.csv").write_bytes(bars(48))
    (outside / "ETHUSDT.csv").write_bytes(bars(48))
    (root / "out").symlink_to(outside)
    (root / "link.csv").symlink_to(outside / "ETHUSDT.csv")
    (root / "linked").mkdir()
    (root / "linked" / "ETHUSDT.csv").symlink_to(outside / "ETHUSDT.csv")
    os.mkfifo(root / "pipe.csv")
    with serving_here(folder / "home", import_root=root, upload_bytes=BOUND) as served:
        desk = Desk(served, folder / "home", root)
        yield desk
        desk.http.close()


def test_a_file_below_the_root_is_imported_and_taken_back(desk: Desk) -> None:
    before = told(desk.http.get("/commits"), CommitsPage)["log"]
    dry = told(desk.named("binance/BTCUSDT.csv", dry_run=True), ImportedReport)
    assert (dry["dry_run"], dry["committed"], dry["total"]["added"]) == (True, False, 48)
    assert told(desk.http.get("/commits"), CommitsPage)["log"] == before
    done = told(desk.named("binance", str(desk.root / "binance/BTCUSDT.csv")), ImportedReport)
    assert [file["path"] for file in done["files"]] == ["binance/BTCUSDT.csv"]
    assert str(desk.root) not in str(done)
    number = done["total"]["snapshot"]
    with th.open(desk.home) as store:
        assert len(store.bars("binance:BTCUSDT")) == 48
    detail = told(desk.http.get(f"/commits/{number}"), CommitDetail)
    assert (detail["log"][0]["commit"], detail["report"]["total"]) == (number, done["total"])
    assert told(desk.named("binance"), ImportedReport)["committed"] is False
    undone = told(desk.http.post(f"/undo/{number}"), UndoneReport)
    assert (undone["undoes"], undone["bars_before"] - undone["bars_after"]) == (number, 48)
    refused(desk.http.post(f"/undo/{number}"), 422, "store.undo")
    refused(desk.http.post("/undo/999"), 422, "store.undo")
    refused(desk.http.get("/commits/999"), 422, "input.parameter")
    page = told(desk.http.get("/commits?limit=1"), CommitsPage)
    rest = told(desk.http.get(f"/commits?limit=1&cursor={page['cursor']}"), CommitsPage)
    assert [page["log"][0]["commit"], rest["log"][0]["commit"]] == [number + 1, number]


def test_an_upload_is_imported_and_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    body = bars(30, price=7.0)
    done = told(desk.upload(body, "name=SOLUSDT.csv&venue=kraken"), ImportedReport)
    assert (done["instruments"], done["files"][0]["path"]) == (["kraken:SOLUSDT"], "SOLUSDT.csv")
    (tmp_path / "kraken").mkdir()
    (tmp_path / "kraken" / "SOLUSDT.csv").write_bytes(body)
    with th.open(tmp_path / "home") as store:
        same = store.import_files(tmp_path / "kraken", dry_run=True).to_json()
    assert set(same) == set(done)
    assert set(same["files"][0]) == set(done["files"][0])
    assert {**same["total"], "snapshot": 0, "guesses": []} == {**done["total"], "snapshot": 0, "guesses": []}
    unnamed = told(desk.upload(body, "name=ADAUSDT.csv&dry_run=true"), ImportedReport)
    assert unnamed["instruments"] == ["uploads:ADAUSDT"]
    named = bars(5).replace(b"open", b"o")
    columns = told(desk.upload(named, "name=XUSDT.csv&columns=open%3Do&dry_run=true"), ImportedReport)
    assert columns["total"]["kept"] == 5
    assert not list((desk.home / "uploads").iterdir())
    assert str(desk.home) not in str(told(desk.http.get(f"/commits/{done['total']['snapshot']}"), CommitDetail))


def test_the_currency_of_held_bars_is_told_both_ways(desk: Desk) -> None:
    (desk.root / "sp").mkdir()
    (desk.root / "sp" / "ZZZ.csv").write_bytes(bars(4))
    known = {"kind": "equity", "venue": "sp"}
    told(desk.named("sp/ZZZ.csv", **known), ImportedReport)
    query = "name=ZZZ.csv&kind=equity&venue=sp&quote=eur"
    ways = {"USD": lambda: desk.named("sp/ZZZ.csv", **known, quote="USD"), "EUR": lambda: desk.upload(bars(4), query)}
    for quote, send in ways.items():
        done = told(send(), ImportedReport)
        assert (done["committed"], done["total"]["added"], done["total"]["unchanged"]) == (True, 0, 4)
        with th.open(desk.home) as store:
            assert [row.instrument.quote for row in store.instruments("ZZZ")] == [quote]
    path = desk.root / "sp" / "ZZZ.csv"
    with th.connect(desk.served.url) as store:
        assert store.import_files(path, quote="gbp").committed
        assert [row.instrument.quote for row in store.instruments("ZZZ")] == ["GBP"]

    async def ask() -> list[str]:
        async with th.connect_async(desk.served.url) as store:
            await store.import_files(path, quote="CHF")
            return [row.instrument.quote for row in await store.instruments("ZZZ")]

    assert asyncio.run(ask()) == ["CHF"]
    refused(desk.named("sp/ZZZ.csv", quote="dollars"), 422, "input.request")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../outside/ETHUSDT.csv", "import.path"),
        ("binance/../../outside/ETHUSDT.csv", "import.path"),
        ("out/ETHUSDT.csv", "import.path"),
        ("out", "import.path"),
        ("link.csv", "import.path"),
        ("/etc/hostname", "import.path"),
        ("/dev/zero", "import.path"),
        ("/proc/self/environ", "import.path"),
        ("a\0b.csv", "import.path"),
        ("linked", "import.format"),
        ("pipe.csv", "import.format"),
        ("nothing.csv", "import.format"),
        ("x" * 4_000, "import.format"),
        (" ", "import.format"),
        ("", "input.request"),
    ],
)
def test_no_path_leads_out_of_the_root(desk: Desk, path: str, code: str) -> None:
    body = refused(desk.named(path), 422, code)
    assert str(desk.root) not in body["detail"]


@pytest.mark.parametrize(
    ("query", "body", "status", "code"),
    [
        ("name=../x.csv", bars(3), 422, "input.parameter"),
        ("name=a%00b.csv", bars(3), 422, "input.parameter"),
        ("name=.hidden.csv", bars(3), 422, "input.parameter"),
        ("name=%3D1%2B1USDT.csv&kind=crypto", bars(3), 422, "input.parameter"),
        ("name=%3Cimg%20src=x%3E.csv&kind=crypto", bars(3), 422, "input.parameter"),
        ("name=%E2%80%AEvsc.csv&kind=crypto", bars(3), 422, "input.parameter"),
        (f"name={'%C3%A9' * 190}.csv", bars(3), 422, "input.parameter"),
        ("venue=x", bars(3), 422, "input.parameter"),
        ("name=x.csv&kind=stone", bars(3), 422, "input.request"),
        ("name=x.csv&quote=dollars", bars(3), 422, "input.request"),
        ("name=XUSDT.csv&quote=USD", bars(3), 422, "input.parameter"),
        ("name=x.csv&other=1", bars(3), 422, "input.request"),
        ("name=x.csv&columns=open", bars(3), 422, "input.parameter"),
        ("name=x.csv", b"", 422, "import.format"),
        ("name=x.csv", b"\x00\xff" * 500, 422, "import.format"),
        ("name=x.csv", b"x" * (BOUND + 1), 413, "input.body_size"),
    ],
)
def test_an_upload_that_does_not_fit_is_a_problem(desk: Desk, query: str, body: bytes, status: int, code: str) -> None:
    problem = refused(desk.upload(body, query), status, code)
    assert str(desk.home) not in problem["detail"]
    assert not list((desk.home / "uploads").glob("*"))


def test_a_body_without_a_length_is_bounded_too(desk: Desk) -> None:
    pieces = (b"x" * 65_536 for _ in range(5))
    refused(desk.http.post("/imports?name=x.csv", content=pieces, headers=UPLOAD), 413, "input.body_size")


def test_other_bodies_are_refused(desk: Desk) -> None:
    refused(desk.http.post("/imports", content=b"x", headers={"Content-Type": "text/csv"}), 415, "input.media")
    refused(
        desk.http.post("/imports", content=b"{", headers={"Content-Type": "application/json"}), 422, "input.request"
    )
    body = refused(desk.http.post("/imports", json={"path": "x", "kind": 3}), 422, "input.request")
    assert {"paths", "path", "kind"} == {one["field"] for one in body["errors"]}


def test_an_upload_that_breaks_off_leaves_nothing(desk: Desk) -> None:
    port = int(desk.served.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as line:
        head = (
            "POST /api/v1/imports?name=x.csv HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n"
        )
        line.sendall(f"{head}Content-Length: 100000\r\n\r\n".encode() + bars(10))
    number = told(desk.http.get("/commits"), CommitsPage)["log"]
    told(desk.upload(bars(3), "name=YUSDT.csv&dry_run=true"), ImportedReport)
    assert told(desk.http.get("/commits"), CommitsPage)["log"] == number


def test_without_a_root_only_uploads_are_taken(tmp_path: Path) -> None:
    with serving_here(tmp_path / "home") as served, client(served.url) as http:
        refused(http.post("/imports", json={"paths": ["x.csv"]}), 403, "import.root")
        done = http.post("/imports?name=AUSDT.csv&dry_run=true", content=bars(3), headers=UPLOAD)
        assert told(done, ImportedReport)["total"]["kept"] == 3
