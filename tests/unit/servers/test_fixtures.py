"""The servers that tests are given are real, fresh and each other's strangers."""

from collections.abc import Callable

import psycopg
import pytest
import redis

from tests.servers import Own, PostgresServer


def made(url: str) -> None:
    with psycopg.connect(url) as link:
        link.execute("CREATE TABLE filled (number int)")
        link.execute("INSERT INTO filled VALUES (7)")


def tables(url: str) -> list[str]:
    with psycopg.connect(url) as link:
        asked = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        return [str(row[0]) for row in link.execute(asked)]


def test_a_database_is_empty_and_of_the_version_asked(any_postgres: str, any_postgres_server: PostgresServer) -> None:
    with psycopg.connect(any_postgres) as link:
        assert link.info.server_version // 10_000 == any_postgres_server.major
        assert link.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
        assert link.execute("SHOW server_encoding").fetchone() == ("UTF8",)
    assert tables(any_postgres) == []


def test_a_filled_one_is_a_copy_that_its_test_may_change(postgres_server: PostgresServer) -> None:
    first, second = postgres_server.make(made), postgres_server.make(made)
    with psycopg.connect(first) as link:
        link.execute("DROP TABLE filled")
    assert (tables(first), tables(second)) == ([], ["filled"])
    postgres_server.drop(first)
    postgres_server.drop(second)


def test_a_killed_server_comes_back_with_what_was_committed(own_postgres: Own) -> None:
    made(own_postgres.url)
    with psycopg.connect(own_postgres.admin_url) as link:
        link.execute("CHECKPOINT")
        own_postgres.kill()
        with pytest.raises(psycopg.OperationalError):
            link.execute("SELECT 1")
    own_postgres.start()
    assert tables(own_postgres.url) == ["filled"]


def test_a_replica_follows(own_postgres: Own, replica: Callable[[Own], Own]) -> None:
    standby = replica(own_postgres)
    made(own_postgres.url)
    with psycopg.connect(own_postgres.url, autocommit=True) as link:
        (written,) = link.execute("SELECT pg_current_wal_lsn()").fetchone() or ("",)
    with psycopg.connect(standby.url, autocommit=True) as link:
        reached = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
        while link.execute(reached, (written,)).fetchone() != (True,):
            pass
        assert link.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
    assert tables(standby.url) == ["filled"]


def test_a_valkey_is_empty_and_forgets_when_killed(valkey: str, own_valkey: Own) -> None:
    for url in (valkey, own_valkey.url):
        with redis.Redis.from_url(url) as client:
            assert client.dbsize() == 0
            client.set("key", b"value")
    own_valkey.kill()
    own_valkey.start()
    with redis.Redis.from_url(own_valkey.url) as client:
        assert client.get("key") is None
