"""Connections to a real PostgreSQL: how many, for whom, how long waited for, and who does not give one back."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from tapehead.database.alerts import Alert, Alerts
from tapehead.database.asker import asked_by
from tapehead.database.figures import PoolFigures
from tapehead.database.pool import Pool
from tapehead.database.schema import check_schema
from tapehead.database.url import parse_url
from tapehead.errors import DatabaseAwayError, DatabaseRefusedError, PoolExhaustedError
from tapehead.settings import PoolSettings
from tapehead.stores.postgres.database import PostgresDatabase
from tests.servers import Own, PostgresServer

PATIENCE_S = 60.0
SMALL = PoolSettings(smallest=1, largest=2, wait_s=PATIENCE_S)


@contextmanager
def opened(url: str, settings: PoolSettings = SMALL, alerts: Alerts | None = None) -> Iterator[Pool]:
    """A pool, closed after its use."""
    pool = Pool(parse_url(url), settings, alerts=alerts)
    try:
        yield pool
    finally:
        pool.close()


def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that comes by itself."""
    gate = threading.Event()
    for _ in range(int(PATIENCE_S * 200)):
        if is_so():
            return
        gate.wait(0.005)
    pytest.fail("it did not come")


def waits(pool: Pool, number: int) -> bool:
    """Whether so many threads wait."""
    return pool.figures().waiting == number


def names(url: str) -> list[str]:
    """By what names the server knows our sessions, and what each asked last."""
    with psycopg.connect(url) as link:
        asked = "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() ORDER BY 1"
        return [row[0] for row in link.execute(asked) if row[0]]


def test_who_waits_is_counted_and_served_in_turn(any_postgres: str) -> None:
    with opened(any_postgres) as pool:
        served: list[int] = []

        def ask(number: int) -> None:
            with pool.connection():
                served.append(number)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
        with ExitStack() as held:
            for _ in range(2):
                held.enter_context(pool.connection())
            for number, thread in enumerate(threads):
                thread.start()
                until(partial(waits, pool, number + 1))
            figures = pool.figures()
            assert (figures.in_use, figures.idle, figures.waiting, figures.limit) == (2, 0, 3, 2)
            assert (figures.load, figures.share, figures.peak) == ("exhausted", 1.0, 5)
            assert {one.place.rpartition(":")[0].rpartition("/")[2] for one in figures.held} == {"test_pool.py"}
        for thread in threads:
            thread.join()
        after = pool.figures()
        assert (sorted(served), after.in_use, after.waiting, after.lent, after.waited) == ([0, 1, 2], 0, 0, 5, 3)
        assert 0 < after.mean_s <= after.longest_s
        assert (after.load, after.exhausted, after.held) == ("ok", 0, ())


def test_one_that_is_exhausted_names_who_holds_it_and_is_told_once(postgres: str) -> None:
    told: list[Alert] = []
    alerts = Alerts()
    alerts.listen(told.append)
    with opened(postgres, alerts=alerts) as pool:
        with ExitStack() as held, asked_by(run="01RUN"):
            for _ in range(2):
                held.enter_context(pool.connection())
            for _ in range(2):
                with pytest.raises(PoolExhaustedError) as error, asked_by(patience_s=0.01), pool.connection():
                    pass
            assert str(error.value).count("MainThread (run 01RUN) at ") == 2
            assert "test_pool.py:" in str(error.value)
            assert str(error.value).endswith("TAPEHEAD_POOL=4")
        assert [(one.kind, one.text.partition(": Main")[0]) for one in told] == [
            ("exhausted", str(error.value).partition(": Main")[0])
        ]
        with pool.connection(), pool.connection(), asked_by(patience_s=0.01), pytest.raises(PoolExhaustedError):
            pool.connection().__enter__()
        assert [one.kind for one in told] == ["exhausted"] * 2
        assert alerts.newest() == told[::-1]
        assert pool.figures().exhausted == 3


def test_overflow_is_opened_beyond_the_largest_number_and_closed_after_its_use(postgres: str) -> None:
    with opened(postgres, replace(SMALL, overflow=1)) as pool:
        with pool.connection(), pool.connection() as second, pool.connection() as third:
            assert (pool.figures().limit, pool.figures().open, pool.figures().in_use) == (3, 3, 3)
            with asked_by(patience_s=0.01), pytest.raises(PoolExhaustedError, match="All 3 connections"):
                pool.connection().__enter__()
        assert (second.closed, third.closed) == (False, True)
        assert pool.figures().open == 2
        with pool.connection(), pool.connection(), pool.connection():
            pass


def test_more_are_warmed_up_to_the_largest_number_and_once(postgres: str) -> None:
    with opened(postgres, PoolSettings(largest=2)) as pool:
        for _ in range(2):
            pool.warm(3)
            pool._pool.wait(10)
            assert pool.figures().open == 2
        with pool.connection(), pool.connection():
            pool.warm(3)
        assert pool.figures().open == 2


def test_a_statement_takes_as_long_as_it_takes_while_the_server_lets_others_in(postgres: str) -> None:
    with opened(postgres, PoolSettings(silence_s=0.05, outage_s=0.0)) as pool, pool.connection() as link:
        assert link.execute("SELECT 7 FROM pg_sleep(0.5)").fetchone() == (7,)
        assert not link.closed


def test_warm_ones_are_there_from_the_start(postgres: str) -> None:
    with opened(postgres, PoolSettings(smallest=3, largest=5)) as pool:
        assert (pool.figures().open, pool.figures().idle) == (3, 3)
        assert names(postgres).count("tapehead") == 3


def test_words_of_the_url_count_but_for_those_that_statements_rely_on(postgres: str) -> None:
    given = "-c work_mem=8MB -c statement_timeout=7s -c search_path=public -c TimeZone=Asia/Tokyo"
    server, _, name = postgres.rpartition("/")
    account, _, host = server.rpartition("@")
    url = f"{account}@127.0.0.1:1,{host}/{name}?connect_timeout=3&options={quote(given)}"
    with opened(url) as pool, pool.connection() as link:
        asked = ("work_mem", "statement_timeout", "search_path", "TimeZone")
        found = [link.execute(f"SHOW {each}").fetchone() for each in asked]
        assert found == [("8MB",), ("7s",), ("tapehead",), ("UTC",)]


def test_a_server_that_cannot_hold_a_store_is_named_with_what_to_do(
    postgres: str, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(postgres_server.admin_url("postgres"), autocommit=True) as link:
        link.execute("CREATE DATABASE western ENCODING 'LATIN1' TEMPLATE template0 OWNER tapehead")
    with pytest.raises(DatabaseAwayError, match=r"encoding is LATIN1, .* Name another one, CREATE DATABASE .* 'UTF8'"):
        Pool(parse_url(postgres_server.url("western")))
    monkeypatch.delenv("PGPASSWORD", raising=False)
    with pytest.raises(DatabaseAwayError, match=r" cannot be used: no password supplied\. Give it in PGPASSWORD or "):
        Pool(parse_url(parse_url(postgres).shown))
    monkeypatch.setattr("tapehead.database.pool.OLDEST", 99)
    with pytest.raises(
        DatabaseAwayError, match=r"it is PostgreSQL 1\d, and Tapehead needs 99 .* Name a newer one, then"
    ):
        Pool(parse_url(postgres))


def test_the_server_knows_the_role_the_run_and_the_strategy_of_what_it_does(any_postgres: str) -> None:
    with asked_by(role="serve"), opened(any_postgres) as pool:
        check_schema(pool)
        database = PostgresDatabase(pool, "bars.sql")
        nasty = "S'; DROP TABLE x; --*/ %s \N{GREEK SMALL LETTER ALPHA}"
        said = "SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid() AND %s::int = 1"
        with asked_by(run="01RUN", strategy=nasty):
            assert database.ask("SELECT %s::int AS n", (7,)).fetchone() == (7,)
            assert "tapehead serve run 01RUN" in names(any_postgres)
            query = database.ask(said, (1,)).fetchone()[0]
            plain = database.ask(said.partition(" AND")[0]).fetchone()[0]
        with database.transaction("events of run 01RUN"):
            action = database.ask(said, (1,)).fetchone()[0]
    comment = "/*run='01RUN',strategy='S%27%3B%20DROP%20TABLE%20x%3B%20--%2A%2F%20%25s%20%CE%B1'*/"
    assert query.endswith(comment)
    assert plain.endswith(comment)
    assert action.endswith("/*action='events%20of%20run%2001RUN'*/")


def test_who_holds_one_for_long_is_told_while_it_is_out_and_when_it_comes_back(postgres: str) -> None:
    alerts = Alerts()
    with opened(postgres, replace(SMALL, held_s=0.0), alerts) as pool:
        with pool.connection():
            assert [pool.figures().leaking for _ in range(2)] == [1, 1]
            (out,) = alerts.newest()
            assert (out.kind, "connections do not come back: MainThread at " in out.text) == ("held", True)
        assert alerts.newest()[0].text.startswith("a connection came back that was held by MainThread at ")
        assert pool.figures().leaking == 0


def test_long_waits_are_told_until_they_end(postgres: str) -> None:
    alerts = Alerts()
    with opened(postgres, replace(SMALL, alert_s=0.0), alerts) as pool:
        for _ in range(3):
            with pool.connection():
                pass
    assert [one.kind for one in alerts.newest()] == ["wait"]


def test_a_listener_that_fails_holds_up_nobody(postgres: str) -> None:
    alerts, told = Alerts(), list[Alert]()

    def fail(alert: Alert) -> None:
        raise ValueError(alert.text)

    alerts.listen(fail)
    end = alerts.listen(told.append)
    alerts.tell("wait", "here", "first")
    end()
    alerts.tell("wait", "here", "second")
    assert [one.text for one in told] == ["first"]
    with opened(postgres, replace(SMALL, alert_s=0.0), alerts) as pool, pool.connection() as link:
        assert link.execute("SELECT 1").fetchone() == (1,)


def test_the_server_ends_what_takes_too_long(postgres: str) -> None:
    with opened(postgres, replace(SMALL, statement_s=0.05, lock_s=0.05)) as pool:
        check_schema(pool)
        database = PostgresDatabase(pool, "bars.sql")
        with pytest.raises(DatabaseRefusedError, match=r"statement timeout.*TAPEHEAD_POOL=statement=3600"):
            database.ask("SELECT pg_sleep(60)")
        with pool.connection() as link:
            row = link.execute("SHOW idle_in_transaction_session_timeout").fetchone()
        assert row == ("10min",)


def test_one_that_broke_while_it_lay_idle_is_replaced_unseen(own_postgres: Own) -> None:
    with opened(own_postgres.url, replace(SMALL, ping_s=0.0)) as pool:
        with pool.connection() as link:
            before = link.info.backend_pid
        with psycopg.connect(own_postgres.admin_url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", (before,))
        with pool.connection() as link:
            assert link.execute("SELECT pg_backend_pid()").fetchone() != (before,)
        assert pool.figures().replaced == 1


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ({"lent": 99}, ""),
        ({"limit": 0}, ""),
        ({"waited": 9, "p95_s": 0.2, "longest_s": 1.5, "peak": 17}, "9 of 500 requests waited, the longest 1.50 s. "),
        ({"peak": 9}, "The size fits."),
        ({"peak": 3}, "At most 3 of 10 were in use at once: TAPEHEAD_POOL=4 is enough."),
    ],
)
def test_a_size_is_advised_by_the_figures(given: dict[str, Any], advice: str) -> None:
    figures = PoolFigures("primary", "u", 10, 10, 1, 0, 500, 0, 0, 5, 0, 0.0, 0.0, 0.0)
    told = replace(figures, **given).advice
    assert told.startswith(advice)
    assert bool(told) == bool(advice)
    assert "waited" not in told or told.endswith("TAPEHEAD_POOL=17")
