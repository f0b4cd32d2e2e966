"""write: one transaction over named statements, outages of the server outlasted."""

from collections.abc import Callable
from typing import TypeVar

from tapehead.stores.tables.database import Database

Given = TypeVar("Given")


def write(database: Database, what: str, body: Callable[[], Given]) -> Given:
    """Call `body` in a transaction and return what it gives; see `Database.outlast` for when it is called again.

    Inside of a transaction of this thread it joins that, and is not called again by itself.
    """

    def once() -> Given:
        with database.transaction(what):
            return body()

    return database.outlast(once)
