"""How many statements a read of many series takes, counted in the log of a real server."""

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psycopg
import pytest

import tapehead as th
from tapehead.library.store import Store
from tapehead.model.bars import frozen_bars
from tapehead.model.instrument import Instrument
from tapehead.testing.samples import YEAR_2021, sample_columns, sample_series
from tests.servers import PostgresServer, name_of
from tests.serving import serving

NAMES = [f"S{number:03}" for number in range(500)]
ASKED = re.compile(r"LOG:  (?:statement|execute [^:]*): (.*)")
BOUNDS = re.compile(r"BEGIN|COMMIT|ROLLBACK")


class Served:
    """A store whose statements the server writes into its log."""

    def __init__(self, store: Store, log: Path) -> None:
        self.store, self._log = store, log

    def asked(self, act: Callable[[], object]) -> list[str]:
        """Every statement of a read, but bounds of transactions and the empty questions of the pool."""
        begin = self._log.stat().st_size
        act()
        told = self._log.read_bytes()[begin:].decode()
        asked = [text for text in ASKED.findall(told) if text.strip() and not BOUNDS.match(text)]
        # Before each read one question says whether rows were edited by plain SQL; what follows is the read.
        assert "FROM marks" in asked[0]
        return asked[1:]


@pytest.fixture
def served(postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
    url = postgres_server.make()
    with psycopg.connect(postgres_server.admin_url(name_of(url)), autocommit=True) as link:
        row = link.execute("SHOW data_directory").fetchone()
        link.execute(f"ALTER DATABASE {name_of(url)} SET log_statement = 'all'")
    assert row is not None
    with th.open(url) as store:
        yield Served(store, Path(row[0]).parent / "server.log")
    postgres_server.drop(url)


def fill(store: Store, names: list[str]) -> None:
    """Give each series two segments and a block of the tail."""
    bars = store.house.bars
    bars.commit([], note="instruments", instruments=[Instrument("test", name) for name in names])
    whole = {name: sample_columns(60, start=YEAR_2021 - 30 * 3_600_000_000, seed=at) for at, name in enumerate(names)}
    for lo, hi in ((0, 50), (50, 60)):
        bars.append(
            [
                frozen_bars(sample_series(name), {c: v[lo:hi].copy() for c, v in each.items()})
                for name, each in whole.items()
            ]
        )
        if not lo:
            bars.fold(whole=True)


def test_bars_of_500_series_take_three_statements(served: Served) -> None:
    store = served.store
    fill(store, NAMES)
    store.instruments()
    found: dict[str, th.Bars] = {}
    cold = served.asked(lambda: found.update(store.bars(NAMES)))
    assert len(found) == 500
    for at in (0, 77, 499):
        expected = sample_columns(60, start=YEAR_2021 - 30 * 3_600_000_000, seed=at)
        assert np.array_equal(found[f"test:{NAMES[at]}"].close, expected["close"])
    assert len(cold) <= 3, cold
    # Whole series lie in memory now.
    assert len(served.asked(lambda: store.bars(NAMES))) == 2
    some = served.asked(lambda: store.bars(NAMES[:3], columns=["close"], start=YEAR_2021))
    assert len(some) <= 3


def test_the_newest_bar_of_all_and_those_of_a_moment_take_no_more(served: Served) -> None:
    store = served.store
    fill(store, NAMES[:40])
    store.house.bars.fold(whole=True)
    store.instruments()
    moment = YEAR_2021 - 3_600_000_000
    cold = served.asked(lambda: store.latest(interval="1h"))
    assert len(cold) <= 3, cold
    # Which commit is the newest, and one for all that is asked of it: the bytes lie in hot files by now.
    assert len(served.asked(lambda: store.latest(interval="1h"))) == 2
    assert len(served.asked(lambda: store.latest(interval="1h", at=moment))) == 3
    assert len(served.asked(lambda: store.latest(interval="1h", at=moment))) == 2
    then = store.latest(interval="1h", at=moment)
    assert set(then.ts.tolist()) == {moment}
    assert then.rows == 40


def test_pages_of_bars_stay_as_they_were_while_bars_come(served: Served) -> None:
    store = served.store
    fill(store, NAMES[:1])
    whole = store.bars("S000").close.tolist()
    with serving(store.house.settings.url) as service:
        told: list[float] = []
        path = "/api/v1/bars/S000?limit=25"
        cursor = ""
        while cursor is not None:
            with urllib.request.urlopen(service.url + path + cursor, timeout=60) as answer:  # noqa: S310 - our own service
                page = json.load(answer)
            told += page["bars"]["close"]
            cursor = None if page["cursor"] is None else f"&cursor={page['cursor']}"
            later = sample_columns(5, start=YEAR_2021 + (len(told) + 100) * 3_600_000_000)
            store.house.bars.append([frozen_bars(sample_series("S000"), later)])
    assert told == whole
    assert len(store.bars("S000")) > len(whole)
