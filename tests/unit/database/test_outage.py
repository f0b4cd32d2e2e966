"""What is waited for: a server that is gone or silent, each time anew; one that refuses is there."""

import time
from collections.abc import Iterator

import pytest

pytest.importorskip("psycopg", reason="needs psycopg (pip install 'tapehead[postgres]')")

import psycopg

from tapehead.database.outage import Outage
from tapehead.database.url import parse_url
from tapehead.errors import DatabaseAwayError, DatabaseLostError
from tapehead.settings import PoolSettings

URL = parse_url("postgresql://db/x")


class Server:
    """What a look at it meets, one after the other; then it answers."""

    def __init__(self, *meets: type[DatabaseAwayError]) -> None:
        self.meets: Iterator[type[DatabaseAwayError]] = iter(meets)

    def look(self) -> None:
        error = next(self.meets, None)
        if error is not None:
            raise error(url=URL, cause="too many clients" if error is DatabaseAwayError else "no answer")


def outage(server: Server, bound_s: float) -> Outage:
    return Outage(URL, PoolSettings(outage_s=bound_s), server.look, lambda: None)


def test_a_server_that_lets_nobody_else_in_is_there() -> None:
    assert outage(Server(DatabaseAwayError), 0.0).doubt("a statement", time.monotonic() - 100.0)


def test_a_server_that_answers_nobody_is_given_up_after_its_bound() -> None:
    bounded = outage(Server(DatabaseLostError, DatabaseLostError), 50.0)
    assert not bounded.doubt("a statement", time.monotonic() - 10.0)
    with pytest.raises(psycopg.OperationalError, match="nothing for 100 s: no answer"):
        bounded.doubt("a statement", time.monotonic() - 100.0)


def test_each_outage_is_waited_for_from_its_own_beginning() -> None:
    server = Server(*[DatabaseLostError] * 5)
    bounded = outage(server, 0.3)
    losses = iter([True, False, True, False])

    def body() -> str:
        if next(losses):
            raise DatabaseLostError(url=URL, cause="lost")
        return "given"

    with pytest.raises(DatabaseAwayError):
        bounded.outlast(body)
    server.meets = iter(())
    assert bounded.outlast(body) == "given"
    time.sleep(0.4)
    server.meets = iter([DatabaseLostError])
    assert bounded.outlast(body) == "given"
