"""Clients of a service: the calls of a store over HTTP, lines that break, services that die, the command line."""

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

import tapehead as th
from tapehead.api.service import SLOTS
from tapehead.cli.main import main
from tapehead.errors import (
    NotServedError,
    ParameterError,
    ServerAwayError,
    TapeheadError,
    UnknownSymbolError,
)
from tapehead.library.keys import make_key
from tapehead.metrics.tools import TOOLS
from tapehead.model.events import Cancelled, Completed, Result, to_bytes
from tapehead.model.instrument import Instrument
from tests.acceptance.cutting import cutting
from tests.acceptance.program import write_bars
from tests.acceptance.test_http_stream import wait_for
from tests.acceptance.transcript import steady
from tests.serving import Served, install_gated, serving, serving_here
from tests.unit.cli.screen import Screen, run_on_pty
from tests.unit.library.market import columns_of, house_of, open_market, put

SPEC: dict[str, Any] = {"universe": "demo", "period": 9, "fee": "10bps"}
CLIENTS, CUTS = 50, 2
AWAY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home of a small synthetic market with one run; others copy it."""
    folder = tmp_path_factory.mktemp("clients") / "home"
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
def digest(here: Any) -> str:
    """Of the run that all clients ask for, made without a service."""
    found: str = here.backtest("RsiReversion", **SPEC).wait().receipt.digest
    return found


@pytest.fixture
def store(served: Served) -> Iterator[Any]:
    with th.connect(served.url) as found:
        yield found


def test_a_run_over_http_is_the_run_that_is_made_here(store: Any, here: Any, digest: str) -> None:
    run = store.backtest("RsiReversion", fresh=True, **SPEC)
    assert (run.header.instruments, run.header.strategy, run.spec.rules.fee) == (6, "RsiReversion 9/30/70", 0.001)
    results = list(run)
    assert len(results) == len({each.instrument for each in results}) == 6
    kept = here.run(run.id)
    assert run.receipt == kept.receipt
    assert run.receipt.digest == digest
    assert run.look_ahead == kept.look_ahead
    assert run.record == kept.record
    assert run.id.startswith(run.short)
    assert run.verify().verdict == "identical"
    for each in results:
        own = kept[each.instrument]
        assert (each.instrument, each.parameters, each.metrics) == (own.instrument, own.parameters, own.metrics)
        assert (each.first, each.last, each.bars, each.why) == (own.first, own.last, own.bars, own.why)
        assert each.trades.to_bytes() == own.trades.to_bytes()
        assert np.array_equal(each.equity, own.equity)
    one = results[0].instrument
    assert run[one.partition(":")[2]].trades.digest() == kept[one].decisions
    assert [each.instrument for each in run.results("sharpe")] == [each.instrument for each in kept.results("sharpe")]
    assert run.to_arrow().equals(kept.to_arrow())


def test_what_is_made_again_of_a_result_is_what_is_made_again_here(store: Any, here: Any, digest: str) -> None:
    run, kept = (each.backtest("RsiReversion", **SPEC) for each in (store, here))
    name = kept.wait().results()[0].instrument
    assert run.wait().id == kept.id
    assert run.receipt.digest == digest
    assert run.metrics(name) == kept.metrics(name)
    assert run.metrics(name).why == kept.metrics(name).why
    assert run.costs(name) == kept.costs(name)
    assert run.explain(name, 2) == json.loads(json.dumps(kept.explain(name, 2)))
    assert run.equity(name).to_arrow().equals(kept.equity(name).to_arrow())
    assert [str(row) for row in run.orders(name).rows()] == [str(row) for row in kept.orders(name).rows()]
    assert run.metrics(name, rf="2%") == kept.metrics(name, rf="2%") != kept.metrics(name)
    for tool in TOOLS:
        assert list(run.compat(name, tool).items()) == list(kept.compat(name, tool).items())
    for asked in (lambda one: one.metrics(name, rf="-200%"), lambda one: one.compat(name, "excel")):
        sentences = []
        for one in (run, kept):
            with pytest.raises(ParameterError) as caught:
                asked(one)
            sentences.append(str(caught.value))
        assert sentences[0] == sentences[1]
    with pytest.raises(NotServedError, match="tapehead --home DIR"):
        run.account(name)


def test_events_have_the_bytes_that_the_log_has(store: Any, served: Served, digest: str) -> None:
    run = store.backtest("RsiReversion", fresh=True, **SPEC)
    told = [to_bytes(event, number) for number, event in run.events()]
    assert told == [data for _, data in served.service.house.log.read(run.id, 0, 1000)]


def test_coverage_of_a_snapshot_names_what_was_held_then(tmp_path: Path) -> None:
    home, both = tmp_path / "home", ["LATE", "S00"]
    with open_market(home, symbols=1, rows=30) as store:
        put(house_of(store), [(Instrument("test", "LATE"), columns_of(5))])
        assert store.undo(2).commit == 3
        assert store.latest(symbols=["LATE"], interval="1h", snapshot=2).instrument.tolist() == ["test:LATE"]
    with serving_here(home) as served, th.open(home) as here, th.connect(served.url) as there:
        for one in (here, there):
            for asked, names in (({"symbols": ["LATE"]}, ["LATE"]), ({"universe": "crypto"}, both), ({}, both)):
                found = one.coverage(**asked, snapshot=2)
                assert ([each.series.symbol for each in found.ledgers], found.snapshot) == (names, 2)
            assert [each.series.symbol for each in one.coverage(snapshot=1).ledgers] == ["S00"]
            assert one.quarantined(["LATE"], snapshot=2) == []
            for wrong in ({"symbols": ["LATE"]}, {"symbols": ["LATE"], "snapshot": 1}):
                with pytest.raises(UnknownSymbolError):
                    one.coverage(**wrong)


def test_what_is_held_is_told_as_it_is_told_here(store: Any, here: Any, tmp_path: Path) -> None:
    assert store.instruments() == here.instruments()
    assert store.instruments("btc", universe="demo") == here.instruments("btc", universe="demo")
    assert [(one.name, len(one.symbols), sorted(one.symbols)) for one in store.universes()] == [
        (one.name, len(one.symbols), sorted(one.symbols)) for one in here.universes()
    ]
    assert store.members("demo") == here.members("demo")
    assert store.coverage(runs=True, cells=40) == here.coverage(runs=True, cells=40)
    assert store.quarantined() == here.quarantined()
    assert store.log() == here.log()
    assert [one.name for one in store.strategies()] == [one.name for one in here.strategies()]
    assert store.strategies()[0].params == here.strategies()[0].params
    assert [one.call for one in store.indicators()] == [one.call for one in here.indicators()]
    name = here.instruments()[0].instrument.name
    for asked in ({}, {"interval": "4h", "start": "2019-03-01"}, {"points": 50}, {"columns": ["ts", "close"]}):
        ours, theirs = store.bars(name, **asked), here.bars(name, **asked)
        assert ours.to_arrow().equals(theirs.to_arrow())
    assert store.look_up([name], "1d")[0].source == here.look_up([name], "1d")[0].source
    made = store.create_universe("two", [name])
    assert here.universe("two") == made
    store.delete_universe("two")
    assert [one.name for one in here.universes()] == [one.name for one in store.universes()]


def raised(call: Callable[[Any], Any], store: Any) -> TapeheadError:
    """What a call raises."""
    with pytest.raises(TapeheadError) as caught:
        call(store)
    return caught.value


def test_errors_are_those_of_the_same_call_here(store: Any, here: Any) -> None:
    asked: list[Callable[[Any], Any]] = [
        lambda store: store.backtest("RsiRevesion", universe="demo"),
        lambda store: store.backtest("RsiReversion", universe="dmo"),
        lambda store: store.backtest("RsiReversion", universe="demo", period=0),
        lambda store: store.backtest("RsiReversion", universe="demo", speriod=3),
        lambda store: store.backtest("RsiReversion", symbols=["NOPE"]),
        lambda store: store.run("../runs"),
        lambda store: store.bars(".."),
        lambda store: store.import_files("no/such/file.csv"),
        lambda store: store.backtest("RsiReversion", universe="demo", fee="ten"),
        lambda store: store.backtest("RsiReversion", universe="demo", start="soon"),
        lambda store: store.backtest("RsiReversion", universe="demo", start="2020-01-01", end="2019-01-01"),
        lambda store: store.run("01ZZZZZZ"),
        lambda store: store.delete_run("01ZZZZZZ"),
        lambda store: store.bars("NOPE"),
        lambda store: store.bars("BTCUSDT", "30m"),
        lambda store: store.instruments(universe="dmo"),
        lambda store: store.coverage(["NOPE"]),
        lambda store: store.delete_universe("all"),
        lambda store: store.undo(99),
        lambda store: store.backtest("RsiReversion", **SPEC)["NOPE"],
        lambda store: store.backtest("RsiReversion", symbols=["BTCUSDT"], start="2030-01-01").wait(),
    ]
    for call in asked:
        ours, theirs = raised(call, here), raised(call, store)
        assert (type(theirs), theirs.code) == (type(ours), ours.code), theirs


def test_cut_at_a_hundred_random_bytes_every_event_comes_once(served: Served, here: Any, digest: str) -> None:
    log = served.service.house.log
    most = sum(len(data) for _, data in log.read(here.backtest("RsiReversion", **SPEC).wait().id, 0, 1000)) // (
        2 * CUTS
    )

    def follow(number: int) -> int:
        # Some follow a run that is being made, the others one that is replayed; how far that was is not told again.
        fresh = number < 3
        with cutting(served.url, most, CUTS, seed=number) as cutter, th.connect(cutter.url) as store:
            run = store.backtest("RsiReversion", fresh=fresh, **SPEC)
            events = list(run.events())
            kept = [place for place, data in log.read(run.id, 0, 1000) if fresh or b'"event":"progress"' not in data]
            assert [place for place, _ in events] == kept
            *_, (_, last) = events
            assert isinstance(last, Completed)
            assert len({event.result.instrument for _, event in events if isinstance(event, Result)}) == last.count == 6
            assert last.digest == digest
            return cutter.cuts

    with ThreadPoolExecutor(CLIENTS) as threads:
        assert sum(threads.map(follow, range(CLIENTS))) == CLIENTS * CUTS == 100


@pytest.fixture
def gated(home: Path, tmp_path: Path) -> tuple[Path, dict[str, str], Path]:
    """A copy of the market, the environment that a service needs for the strategy `Gated`, and its gate."""
    environment = install_gated(tmp_path)
    return shutil.copytree(home, tmp_path / "home"), environment, Path(environment["TAPEHEAD_TEST_GATE"])


def port_of(url: str) -> str:
    return url.rpartition(":")[2]


def test_a_service_that_is_killed_and_comes_back_is_followed_to_the_end(
    gated: tuple[Path, dict[str, str], Path],
) -> None:
    home, environment, gate = gated
    with serving(home, environment=environment) as served:
        store = th.connect(served.url)
        run = store.backtest("Gated", universe="demo", free=4)
        results = iter(run)
        first = [next(results).instrument for _ in range(3)]
        served.kill()
    asked = (gate / "calls").read_text().splitlines()
    (gate / "open").touch()
    with serving(home, "--port", port_of(served.url), environment=environment) as again:
        assert again.url == served.url
        assert store.where == served.url
        rest = [each.instrument for each in results]
        assert len({*first, *rest}) == len(first + rest) == 6
        assert run.receipt.digest == store.backtest("Gated", universe="demo", free=4, fresh=True).wait().receipt.digest
        whole = {line.split()[0]: int(line.split()[1]) for line in asked}
        kept = {name.partition(":")[2] for name in first}
        again_asked = (gate / "calls").read_text().splitlines()[len(asked) :]
        made = [
            line for line in again_asked if line.split()[0] in kept and int(line.split()[1]) == whole[line.split()[0]]
        ]
        # Of the fresh run alone, and of its look-ahead test and that of the first: never of the first one again.
        assert made.count(f"{min(kept)} {whole[min(kept)]}") == 1
        store.close()


def test_a_run_is_cancelled_and_resumed_from_afar(gated: tuple[Path, dict[str, str], Path]) -> None:
    home, environment, gate = gated
    with serving(home, environment=environment) as served, th.connect(served.url) as store:
        run = store.backtest("Gated", universe="demo", free=3)
        results = iter(run)
        first = next(results)
        other = store.run(run.short)
        assert other.record.state == "running"
        run.cancel()
        (gate / "open").touch()
        *_, (_, last) = other.events()
        assert isinstance(last, Cancelled)
        assert 1 <= last.count < 6
        assert len([first, *results]) == last.count
        assert store.run(run.id).record.state == "cancelled"
        resumed = store.resume(run.short)
        assert len(list(resumed)) == 6
        assert resumed.receipt is not None


def test_the_async_twin_gives_the_same(served: Served, here: Any, digest: str, tmp_path: Path) -> None:
    async def ask() -> None:
        async with th.connect_async(served.url) as store:
            run = await store.backtest("RsiReversion", fresh=True, **SPEC)
            names = [result.instrument async for result in run]
            assert len(set(names)) == len(names) == 6
            assert run.completed is not None
            assert run.completed.digest == digest
            kept = here.run(run.id)
            assert await run.receipt() == kept.receipt
            assert await run.look_ahead() == kept.look_ahead
            assert (await run.result(names[0])).trades.to_bytes() == kept[names[0]].trades.to_bytes()
            assert (await run.report(tmp_path / "tear.html")).instruments == 6
            assert [one.run async for one in again(await store.run(run.id))] == [run.id] * 6
            assert await store.instruments() == here.instruments()
            assert [(one.name, sorted(one.symbols)) for one in await store.universes()] == [
                (one.name, sorted(one.symbols)) for one in here.universes()
            ]
            assert (await store.bars(names[0])).to_arrow().equals(here.bars(names[0]).to_arrow())
            assert [one.run for one in await store.runs(1)] == [here.runs(1)[0].run]
            with th.connect(served.url) as blocking:
                assert await store.ledger(symbol=names[0]) == blocking.ledger(symbol=names[0])
                newest = [one.run for one in blocking.runs(2)]
                assert str(await store.compare(*newest)) == str(blocking.compare(*newest))
            assert await store.quarantined() == here.quarantined()
            assert await store.log() == here.log()
            assert await store.commit(1) == here.commit(1)
            made = await store.create_universe("pair", names[:2])
            assert sorted((await store.universe("pair")).symbols) == sorted(made.symbols) == sorted(names[:2])
            await store.delete_universe("pair")
            with pytest.raises(th.errors.UnknownStrategyError):
                await store.backtest("Nope", universe="demo")
            assert await run.cancel() is False
            await store.delete_run(run.id)

    async def again(run: Any) -> Any:
        async for one in run:
            yield one

    asyncio.run(ask())


def test_files_are_uploaded_each_as_a_commit_and_taken_back(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bars = write_bars(tmp_path / "binance", ("AUSDT", "BUSDT"), 300)
    theirs = shutil.copytree(home, tmp_path / "theirs")
    with serving_here(theirs) as served, th.connect(served.url) as store, th.open(tmp_path / "ours") as ours:
        own = ours.import_files(bars, kind="crypto")
        dry = store.import_files(bars, kind="crypto", dry_run=True)
        assert (dry.committed, len(store.log())) == (False, 1)
        report = store.import_files(bars, kind="crypto")
        alike = {"snapshot": 0, "guesses": ()}
        assert [replace(one, **alike) for one in report.files] == [replace(one, **alike) for one in own.files]
        assert (report.symbols, report.committed, report.snapshot) == (own.symbols, True, 3)
        assert store.bars("binance:AUSDT").to_arrow().equals(ours.bars("AUSDT").to_arrow())
        (tmp_path / "binance" / "BUSDT.csv").write_text("no,bars\n1,2\n")
        (bars / "AUSDT.csv").write_text((bars / "AUSDT.csv").read_text() + "1900000000000,1,1,1,1,1\n")
        with pytest.raises(TapeheadError, match=r"Of 2 files 1 are in, as commits up to 4\. .*tapehead undo 4"):
            store.import_files(bars)
        undone = store.undo(4)
        assert (undone.undoes.number, undone.commit) == (4, 5)
        assert store.bars("binance:AUSDT").to_arrow().equals(ours.bars("AUSDT").to_arrow())

        async def ask() -> int:
            async with th.connect_async(served.url) as store:
                return (await store.import_files(bars / "AUSDT.csv", dry_run=True)).total.added

        assert asyncio.run(ask()) == 1
        assert main(["--server", served.url, "import", str(bars / "AUSDT.csv")]) == 0
        assert "1 bar added, 300 unchanged" in capsys.readouterr().out.replace("bars added", "bar added")


def test_a_key_opens_what_is_closed_and_is_never_said(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = shutil.copytree(home, tmp_path / "home")
    with th.open(theirs) as store:
        key = make_key(store.house.access, "client", ["run"]).text
    (tmp_path / "key").write_text(f"{key}\n", encoding="utf-8")
    with serving_here(theirs, require_key=True) as served:
        for wrong in ("", key[:-1] + ("a" if key[-1] != "a" else "b")):
            with th.connect(served.url, wrong) as store, pytest.raises(TapeheadError) as caught:
                store.runs()
            assert (caught.value.code, caught.value.exit_code) == ("access.key", 3)
            assert not wrong or wrong not in str(caught.value)
        with th.connect(served.url, key) as store:
            assert len(list(store.backtest("RsiReversion", universe="demo"))) == 6
            with pytest.raises(TapeheadError, match="scope") as caught:
                store.undo(1)
            assert (caught.value.code, caught.value.exit_code) == ("access.scope", 3)
        assert main(["--server", served.url, "runs"]) == 3
        assert main(["--server", served.url, "--key-file", str(tmp_path / "key"), "runs"]) == 0
        assert main(["--server", served.url, "--key-file", str(tmp_path / "none"), "runs"]) == 3
        monkeypatch.setenv("TAPEHEAD_KEY_FILE", str(tmp_path / "key"))
        assert main(["--server", served.url, "runs"]) == 0
        assert key not in "".join(capsys.readouterr())


def test_a_service_that_is_away_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(
        ServerAwayError, match=r"http://127.0.0.1:9 cannot be reached: nothing answers there .*tapehead serve"
    ):
        th.connect(AWAY).runs()
    assert main(["--server", AWAY, "runs"]) == 3
    assert "cannot be reached" in capsys.readouterr().err

    async def ask() -> None:
        async with th.connect_async(AWAY) as store:
            await store.runs()

    with pytest.raises(ServerAwayError):
        asyncio.run(ask())


def test_what_answers_and_is_no_tapehead_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as threads:

        def answer() -> None:
            near, _ = listening.accept()
            near.recv(65_536)
            near.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nConnection: close\r\n\r\nnope\n")
            near.close()

        done = threads.submit(answer)
        with pytest.raises(TapeheadError, match=r"is no Tapehead.*status 404") as caught:
            th.connect(f"http://127.0.0.1:{listening.getsockname()[1]}").runs()
        done.result()
        assert (caught.value.code, caught.value.exit_code) == ("server.answer", 3)


READING = [
    ["instruments"],
    ["instruments", "btc", "--universe", "demo"],
    ["universe", "list"],
    ["universe", "show", "demo"],
    ["coverage"],
    ["coverage", "BTCUSDT", "--gaps"],
    ["bars", "BTCUSDT", "--interval", "1d", "--end", "2019-01-10"],
    ["bars", "BTCUSDT", "--points", "20", "-o", "-"],
    ["strategies"],
    ["strategies", "RsiReversion"],
    ["indicators", "rsi"],
    ["runs", "--limit", "3"],
    ["show", "RUN"],
    ["show", "RUN", "BTCUSDT"],
    ["show", "RUN", "BTCUSDT", "--trades"],
    ["show", "RUN", "BTCUSDT", "--orders", "--csv"],
    ["show", "RUN", "BTCUSDT", "--equity"],
    ["show", "RUN", "BTCUSDT", "--costs"],
    ["show", "RUN", "BTCUSDT", "--rf", "2%"],
    ["show", "RUN", "BTCUSDT", "--compat", "vectorbt"],
    ["show", "RUN", "--receipt"],
    ["runs", "compare", "RUN", "OTHER", "--top", "3"],
    ["explain", "RUN", "BTCUSDT", "1"],
    ["backtest", "RsiReversion", "-p", "period=9", "--universe", "demo", "--fee", "10bps"],
    ["backtest", "RsiReversion", "-p", "period=9", "--universe", "demo", "--fee", "10bps", "--compat", "quantstats"],
    ["store", "log"],
]


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_the_command_line_prints_the_same(
    words: list[str], served: Served, home: Path, here: Any, digest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = here.backtest("RsiReversion", **SPEC).wait().id
    ids = {"RUN": run}
    if "OTHER" in words:
        ids["OTHER"] = here.backtest("RsiReversion", universe="demo", period=9, fee="40bps").wait().id
    asked = [ids.get(word, word) for word in words]
    for given in ([], ["--json"]):
        if given and {"-o", "--csv"} & set(words):
            continue
        assert main(["--home", str(home), *given, *asked]) == 0
        ours = capsys.readouterr()
        assert main(["--server", served.url, *given, *asked]) == 0
        theirs = capsys.readouterr()
        plain = theirs.out.replace(f"--server {served.url}", f"--home {home}")
        assert [steady(line) for line in plain.splitlines()] == [steady(line) for line in ours.out.splitlines()]
        assert theirs.err.replace(f"--server {served.url}", f"--home {home}") == ours.err


def test_a_backtest_from_the_command_line_is_made_there(
    served: Served, digest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["backtest", "RsiReversion", "-p", "period=9", "--universe", "demo", "--fee", "10bps", "--fresh"]
    assert main(["--server", served.url, "--json", *words]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[-1]["digest"] == digest
    assert events[-1]["reused"] is False
    assert [event["event"] for event in events].count("result") == 6
    assert main(["--server", served.url, "--json", *words, "--compat", "vectorbt"]) == 0
    results = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"event":"result"' in line]
    assert [len(each["compat"]) > 5 for each in results] == [True] * 6
    assert main(["--server", served.url, *words]) == 0
    said = capsys.readouterr()
    assert re.search(r"^6 done, 0 failed, \d+ warnings? in ", said.out, re.MULTILINE)
    assert f"--server {served.url} verify" in said.out


def test_a_run_that_waits_for_its_turn_says_its_place(gated: tuple[Path, dict[str, str], Path]) -> None:
    home, environment, gate = gated
    with (
        serving(home, environment=environment) as served,
        th.connect(served.url) as store,
        ThreadPoolExecutor(1) as one,
    ):
        symbol = store.instruments()[0].instrument.symbol
        for _ in range(SLOTS):
            store.backtest("Gated", symbols=[symbol], free=0, fresh=True)
        words = [sys.executable, "-m", "tapehead", "--server", served.url]
        words += ["backtest", "RsiReversion", "--universe", "demo", "--fresh"]
        window = one.submit(run_on_pty, words, {**os.environ, "TERM": "xterm-256color"})
        wait_for(lambda: httpx.get(f"{served.url}/api/v1/operations").json()["queue"]["small"] == 1, 60)
        second = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert second.stderr is not None
        assert second.stderr.readline() == "0 of 6   queued, place 2\n"
        (gate / "open").touch()
        out, said = second.communicate(timeout=60)
        shown = window.result(60)
    assert (second.returncode, shown.code) == (0, 0)
    assert re.search(r"^6 done, 0 failed", out, re.MULTILINE)
    assert re.fullmatch(r"(0 of 6   queued, place [12]\n)*([0-6] of 6.*\n)*", said)
    assert "0 of 6   queued, place 1" in shown.written
    assert "queued" not in Screen(80).feed(shown.written).text


@pytest.mark.parametrize(
    "words",
    [["doctor"], ["serve"], ["demo"], ["keys", "list"], ["store", "gc"], ["store", "stats"], ["store", "recount"]],
)
def test_what_needs_the_store_itself_is_refused_and_says_where(
    words: list[str], served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--server", served.url, *words]) == 2
    assert f"tapehead --home DIR {' '.join(words)}\n" in capsys.readouterr().err


def test_the_environment_names_a_service_and_a_folder_wins(
    served: Served, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TAPEHEAD_SERVER", served.url)
    assert main(["--json", "instruments"]) == 0
    assert len(json.loads(capsys.readouterr().out)["instruments"]) == 6
    monkeypatch.setenv("TAPEHEAD_SERVER", AWAY)
    assert main(["instruments"]) == 3
    assert main(["--home", str(home), "instruments"]) == 0
    assert main(["--home", str(home), "--server", served.url, "instruments"]) == 2
