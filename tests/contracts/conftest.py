"""A store with rows in PostgreSQL, 18 and 15."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.contracts.row_desk import Desk, fill_schema
from tests.servers import PostgresServer, name_of


@pytest.fixture
def desk(any_postgres_server: PostgresServer) -> Iterator[Desk]:
    """A store with rows."""
    url = any_postgres_server.make(fill_schema)
    made = Desk(url)
    yield made
    made.close()
    any_postgres_server.drop(url)


@pytest.fixture
def admin(desk: Desk, any_postgres_server: PostgresServer) -> Iterator[psycopg.Connection]:
    """A session of the superuser in the database of the desk."""
    options = "-c search_path=tapehead"
    with psycopg.connect(any_postgres_server.admin_url(name_of(desk.url)), autocommit=True, options=options) as link:
        yield link
