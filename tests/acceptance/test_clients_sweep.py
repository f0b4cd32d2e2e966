"""Sweeps of a service from Python and from the command line: the calls of a store that is here, proven to the end."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tapehead as th
from tapehead.cli.main import main
from tapehead.errors import IncompleteStreamError, ParameterError, RunKeyError
from tapehead.library.remote.following import Following
from tapehead.model.events import to_bytes, told_as
from tests.acceptance.cutting import cutting
from tests.serving import Served, install_gated, serving, serving_here

ASKED: dict[str, Any] = {
    "grid": {"fast": range(5, 16, 5), "slow": "10:40:10"},
    "where": "fast < slow",
    "universe": "demo",
    "fee": "10bps",
}
CELLS = 10 * 5
CUTS = 3


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home of a small synthetic market."""
    folder = tmp_path_factory.mktemp("clients") / "home"
    with th.open(folder) as store:
        store.demo(instruments=5, years=1)
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
    """Of the sweep that all clients ask for, made without a service."""
    found: str = here.sweep("SmaCross", **ASKED).wait().receipt.digest
    return found


@pytest.fixture
def store(served: Served) -> Iterator[Any]:
    with th.connect(served.url) as found:
        yield found


def key(result: Any) -> tuple[Any, ...]:
    """What a result is told apart by."""
    return result.instrument, tuple(sorted(result.parameters.items())), result.decisions, tuple(result.metrics.items())


def test_a_sweep_over_http_is_the_sweep_that_is_made_here(store: Any, here: Any, digest: str) -> None:
    run = store.sweep("SmaCross", fresh=True, **ASKED)
    results = list(run)
    kept = here.run(run.id)
    assert len(results) == CELLS
    assert run.receipt.digest == digest
    assert sorted(map(key, results)) == sorted(map(key, kept))
    assert list(map(key, run)) == list(map(key, results))
    assert (run.best, run.best_robust, run.found) == (kept.best, kept.best_robust, kept.found)
    for metric in (None, "total_return", "fees_paid"):
        ours, theirs = run.surface(metric), kept.surface(metric)
        assert (list(ours), ours.best, ours.best_robust) == (list(theirs), theirs.best, theirs.best_robust)
        assert np.array_equal(ours.found.plateau, theirs.found.plateau)
        assert ours.instruments == theirs.instruments
    assert list(map(key, run.results("sharpe"))) == list(map(key, kept.results("sharpe")))
    assert run.spread(1) == kept.spread(1)
    name = results[0].instrument
    cell, own = run.cell(name, fast=5, slow=20), kept.cell(name, fast=5, slow=20)
    assert (key(cell), cell.trades.to_bytes()) == (key(own), own.trades.to_bytes())
    assert run[name].parameters == kept.best_robust["parameters"]
    ours, theirs = run.at(fast=5, slow=20), kept.at(fast=5, slow=20)
    assert ours[name].decisions == own.decisions
    assert ours.equity(name).to_arrow().equals(theirs.equity(name).to_arrow())
    assert ours.metrics(name) == theirs.metrics(name)
    assert run.equity(cell).to_arrow().equals(kept.equity(own).to_arrow())
    assert run.verify().verdict == "identical"
    assert type(store.run(run.id)).__name__ == "RemoteSweepRun"
    assert len(list(store.run(run.id))) == CELLS
    for wrong, kind in ((lambda one: one.cell(name, fast=6), ParameterError), (lambda one: one["NOPE"], RunKeyError)):
        for one in (run, kept):
            with pytest.raises(kind):
                wrong(one)


def test_events_have_the_bytes_that_the_log_has(store: Any, served: Served, digest: str) -> None:
    run = store.sweep("SmaCross", fresh=True, **ASKED)
    told = [to_bytes(each, place) for number, event in run.events() for place, each in told_as(event, number)]
    assert told == [data for _, data in served.service.house.log.read(run.id, 0, 1000)]


def test_the_same_awaited(served: Served, here: Any, digest: str) -> None:
    async def scene() -> None:
        async with th.connect_async(served.url) as store:
            run = await store.sweep("SmaCross", fresh=True, **ASKED)
            results = [result async for result in run]
            assert len({key(each) for each in results}) == CELLS
            assert [key(result) async for result in run] == list(map(key, results))
            receipt = await run.receipt()
            assert receipt is not None
            assert receipt.digest == digest
            best = await run.best_robust()
            assert best is not None
            assert (await run.surface()).best_robust["parameters"] == best["parameters"]
            assert (await run.cell(results[0].instrument)).parameters == best["parameters"]
            name, looked = results[0].instrument, await (await run.at(fast=5)).at(slow=20)
            own = here.run(run.id).cell(name, fast=5, slow=20)
            assert key(await looked.result(name)) == key(await run.cell(name, fast=5, slow=20)) == key(own)
            again = await store.run(run.id)
            assert len([result async for result in again]) == CELLS
            assert (await again.verify()).verdict == "identical"

    asyncio.run(scene())


def test_cut_at_random_bytes_every_result_comes_once(served: Served, here: Any, digest: str) -> None:
    log = served.service.house.log
    run = here.sweep("SmaCross", **ASKED).wait().id
    for tiles, seed in ((True, 1), (False, 2), (False, 3)):
        rows = log.read(run, 0, 1000, tiles=tiles)
        most = sum(len(data) for _, data in rows) // (2 * CUTS)
        with cutting(served.url, most, CUTS, seed=seed) as cutter, th.connect(cutter.url) as store:
            if tiles:
                results = list(store.sweep("SmaCross", **ASKED))
                assert len({key(each) for each in results}) == len(results) == CELLS
            else:
                following = Following(run, cutter.url)
                told = list(store.run(run)._told(following))
                assert [number for number, _ in told] == [number for number, _ in rows]
            assert cutter.cuts == CUTS


def test_a_tile_that_is_not_that_of_the_run_is_found_out(
    store: Any, here: Any, digest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tapehead.library.remote import following_sweep

    real = following_sweep.columns_of

    def touched(tile: Any) -> Any:
        own = dict(real(tile))
        return own | {"final_equity": own["final_equity"] * (1 + 1e-15)}

    monkeypatch.setattr(following_sweep, "columns_of", touched)
    with pytest.raises(IncompleteStreamError, match="digest"):
        store.sweep("SmaCross", **ASKED).wait()


def test_a_service_that_dies_in_the_middle_is_waited_for(home: Path, tmp_path: Path) -> None:
    copy, environment = tmp_path / "home", install_gated(tmp_path)
    shutil.copytree(home, copy)
    gate = Path(environment["TAPEHEAD_TEST_GATE"])
    (gate / "calls").touch()
    with serving(copy, "--workers", "1", environment=environment) as first:
        port = first.url.rpartition(":")[2]
        with th.connect(first.url) as store:
            run = store.sweep("Gated", grid={"free": "10:14"}, universe="demo")
            results = iter(run)
            got = [next(results)]
            first.kill()
            (gate / "open").touch()
            with serving(copy, "--workers", "1", "--port", port, environment=environment):
                got += list(results)
                assert len({key(each) for each in got}) == len(got) == 25
                assert run.receipt.digest == store.run(run.id).record.receipt.digest


def test_the_command_line_says_of_a_service_what_it_says_here(
    served: Served, home: Path, digest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sweep", "SmaCross", "--grid", "fast=5:15:5", "--grid", "slow=10:40:10", "--where", "fast < slow"]
    words += ["--universe", "demo", "--fee", "10bps"]
    said = []
    for place in (["--server", served.url], ["--home", str(home)]):
        assert main([*place, "--json", *words]) == 0
        said.append(capsys.readouterr().out)
    there, here = ([json.loads(line) for line in each.splitlines()] for each in said)
    assert [each for each in there if each["event"] != "progress"] == here
    run = here[-1]["run"]
    for words in (["show", run], ["show", run, here[1]["instrument"], "-p", "fast=5", "-p", "slow=20"]):
        tables = []
        for place in (["--server", served.url], ["--home", str(home)]):
            assert main([*place, *words]) == 0
            tables.append(capsys.readouterr().out.replace(f"{' '.join(place)} ", ""))
        assert tables[0] == tables[1]
