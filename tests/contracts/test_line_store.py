"""The contract of kept lines in both stores; and that plain SQL makes exactly the touched values anew."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tapehead.database.pool import Pool
from tapehead.database.schema import upgrade
from tapehead.database.url import parse_url
from tapehead.library.compute import compute
from tapehead.library.store import open as open_store
from tapehead.model.instrument import Instrument
from tapehead.ports.lines import LineStore
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.runs import open_runs
from tapehead.stores.postgres.runs import open_runs as open_server_runs
from tapehead.stores.tables.lines import LineTable
from tapehead.testing.line_store import LineStoreContract
from tests.contracts.row_desk import Desk


class TestEmbedded(LineStoreContract):
    def make(self, tmp_path: Path) -> LineStore:
        self.database = open_runs(open_home(tmp_path / "home"))
        return LineTable(self.database)

    def teardown_method(self) -> None:
        self.database.close()


class TestPostgres(LineStoreContract):
    @pytest.fixture(autouse=True)
    def pool(self, postgres: str) -> Iterator[None]:
        self.opened = Pool(parse_url(postgres))
        upgrade(self.opened)
        yield
        self.opened.close()

    def make(self, tmp_path: Path) -> LineStore:
        assert tmp_path
        return LineTable(open_server_runs(self.opened))


def test_an_edit_by_plain_sql_makes_the_values_of_its_series_anew_and_no_others(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
    asked = {"symbols": ["AAA", "BBB"], "by": "sma(20)"}
    desk.store.commit([], note="names", instruments=[Instrument("test", symbol) for symbol in ("AAA", "BBB")])
    with open_store(desk.url) as store:
        first = store.screen("close > 0", **asked)
        assert (len(first), first.computed) == (2, 2)
        assert store.screen("close > 0", **asked).computed == 0
        desk.psql.execute(
            "UPDATE bars SET close = close * 1.5, high = high * 2 WHERE (series, ts) IN "
            "(SELECT series, max(ts) FROM bars WHERE series = series_of('BBB', '1h') GROUP BY series)"
        )
        second = store.screen("close > 0", **asked)
        assert second.computed == 1
        before, after = ({row["instrument"][-3:]: row for row in each} for each in (first, second))
        assert before["AAA"] == after["AAA"]
        assert after["BBB"]["close"] == before["BBB"]["close"] * 1.5
        for symbol in ("AAA", "BBB"):
            made = compute(store.bars(symbol), "sma(20)")["sma(20)"][-1]
            assert after[symbol]["sma(20)"] == made
        for change in (
            "DELETE FROM bars WHERE series = series_of('AAA', '1h') AND ts > '2022-02-01Z'",
            "INSERT INTO bars SELECT series, ts + interval '5 d', 1, 9, 1, 8, 7 FROM bars WHERE ts > '2022-02-05Z'",
        ):
            desk.psql.execute(change)
            kept, held = store.screen("close > 0 or bars > 0", **asked, show=["obv"]), store._frames
            store._frames = None
            opened = store.screen("close > 0 or bars > 0", **asked, show=["obv"])
            store.forget_lines()
            fresh = store.screen("close > 0 or bars > 0", **asked, show=["obv"])
            assert held is not None
            assert list(kept) == list(opened) == list(fresh)
        second = store.screen("close > 0", **asked)
    with open_store(desk.url) as store:
        assert store.screen("close > 0", **asked).computed == 0
        with psycopg.connect(desk.url, autocommit=True) as link:
            link.execute("UPDATE tapehead.stored_lines SET figures = '\\x00'")
        store._frames = None
        torn = store.screen("close > 0", **asked)
        assert (torn.computed, list(torn)) == (2, list(second))
