"""What reads other series, shares an account, screens or goes by a preset: one thing out of a folder and a server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tapehead.library.run import Run
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tests.acceptance.program import tapehead
from tests.acceptance.test_outages import Command, at_the_gate
from tests.acceptance.test_resume import write_gated
from tests.parity.test_executors import everything
from tests.servers import PostgresServer

COLD = {"TAPEHEAD_HOT_MB": "0", "TAPEHEAD_MEMORY_MB": "0"}
BESIDE = """
def needs(self):
    from tapehead import Need
    return [Need("day", interval="1d"), Need("other", instrument="{}")]
"""
READS_BOTH = """\
day, other = bars.other("day"), bars.other("other")
enter = (bars.close > day.close) & (np.diff(other.close, prepend=np.nan) > 0)
return Signals(enter=enter, leave=bars.close < day.close)
"""


def fill(url: str | Path) -> None:
    """Make the market that every store here holds."""
    with open_store(url) as store:
        store.demo(instruments=5, years=1, seed=5)


@pytest.fixture(scope="module")
def url(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a database with the market."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPEHEAD_HOME", str(tmp_path_factory.mktemp("hot")))
        made = postgres_server.make(fill)
        yield made
    postgres_server.drop(made)


@pytest.fixture(scope="module")
def stores(url: str, valkey_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Store]]:
    """The same market in a folder, on a server, and on a server of which a Valkey alone keeps what was decoded."""
    folder = tmp_path_factory.mktemp("folder") / "home"
    fill(folder)
    ways: dict[str, tuple[str | Path, dict[str, str]]] = {
        "folder": (folder, {}),
        "server": (url, {}),
        "valkey": (url, {**COLD, "TAPEHEAD_REDIS": valkey_server}),
    }
    with ExitStack() as held:
        opened = {}
        for name, (place, given) in ways.items():
            with pytest.MonkeyPatch.context() as patch:
                for word, value in given.items():
                    patch.setitem(os.environ, word, value)
                opened[name] = held.enter_context(open_store(place))
        yield opened


def answers(run: Run) -> tuple[Any, str]:
    """All that a finished run says, and its digest."""
    found = everything(run)
    assert run.receipt is not None
    return found, run.receipt.digest


@pytest.mark.parametrize("strategy", ["PairsSpread", "FaberTiming", "RelativeStrength"])
def test_runs_that_read_other_series(stores: Mapping[str, Store], strategy: str) -> None:
    name = stores["folder"].house.bars.instruments()[0].name
    own: dict[str, Any] = {"period": 20} if strategy == "FaberTiming" else {"reference": name}
    asked: dict[str, Any] = {"universe": "demo", "start": "2019-03-01", "fresh": True, **own}
    threads = {place: answers(store.backtest(strategy, executor="threads", **asked)) for place, store in stores.items()}
    assert threads["server"] == threads["folder"] == threads["valkey"]
    assert answers(stores["valkey"].backtest(strategy, executor="threads", **asked)) == threads["folder"]
    assert stores["valkey"].house.tiers()[-1].hits > 0
    assert sum(result.metrics.trades or 0 for result in stores["folder"].run(stores["folder"].runs()[0].run)) > 0
    apart = stores["server"].backtest(strategy, executor="processes", workers=2, **asked)
    assert answers(apart) == threads["folder"]
    assert stores["server"].verify(apart.id, apart=False).verdict == "identical"


def test_one_that_reads_other_series_goes_on_after_a_kill(
    stores: Mapping[str, Store], url: str, tmp_path: Path
) -> None:
    named = write_gated(tmp_path, READS_BOTH, BESIDE.format(stores["folder"].house.bars.instruments()[1].name))
    given = {**os.environ, "TAPEHEAD_HOME": str(tmp_path / "hot")}
    begun = Command(url, given, "--json", "backtest", named, "--universe", "demo", "--workers", "1")
    run = at_the_gate(begun, tmp_path)
    begun.process.kill()
    begun.end()
    (tmp_path / "go").touch()
    again = tapehead("--json", "backtest", "--resume", run, home=url, TAPEHEAD_HOME=given["TAPEHEAD_HOME"]).events
    whole, digest = answers(stores["folder"].backtest(named, universe="demo", fresh=True))
    assert (again[-1]["digest"], again[-1]["count"], again[-1]["failed"]) == (digest, len(whole), 0)
    assert sum(event["event"] == "result" for event in again) == 5


ACCOUNTS: dict[str, dict[str, Any]] = {
    "ranked": {"rank": "roc(63)", "max_positions": 2, "fee": "10bps"},
    "weighed": {"weights": "equal", "rebalance": "month", "max_positions": 3},
}


@pytest.mark.parametrize("how", ACCOUNTS)
def test_portfolios(stores: Mapping[str, Store], how: str) -> None:
    runs, told = dict[str, Run](), dict[str, object]()
    for place, store in stores.items():
        runs[place] = store.portfolio("SmaCross", universe="demo", **ACCOUNTS[how])
        told[place] = answers(runs[place])
    assert told["server"] == told["folder"]
    assert told["valkey"] == told["folder"]
    assert stores["server"].verify(runs["server"].id).verdict == "identical"
    # The one on the server that came second was answered by the first.
    assert runs["valkey"].id == runs["server"].id


def test_screens_and_presets(stores: Mapping[str, Store]) -> None:
    def screened(store: Store) -> list[object]:
        found = store.screen("close > sma(50) or rsi(14) < 60", universe="demo", by="rsi(14)", show=["atr(14)"])
        assert len(found) > 1
        return list(found)

    def by_preset(store: Store) -> object:
        store.save_preset("quick", "SmaCross", fast=5)
        run = store.backtest("preset:quick", universe="demo", fresh=True, slow=40)
        found, digest = answers(run)
        assert run.receipt is not None
        kept = [(one.name, one.strategy, dict(one.parameters)) for one in store.presets()]
        return found, digest, run.receipt.stamps, kept

    asked: tuple[Callable[[Store], object], ...] = (screened, by_preset)
    for ask in asked:
        told = {place: ask(store) for place, store in stores.items()}
        assert told["server"] == told["folder"]
        assert told["valkey"] == told["folder"]
