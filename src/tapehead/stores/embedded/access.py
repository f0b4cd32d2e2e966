"""open_access: keys and the audit log in access.db."""

from functools import partial

from tapehead.layout.formats import ACCESS_FORMAT
from tapehead.stores.embedded.database import Database
from tapehead.stores.embedded.disk import make_private
from tapehead.stores.embedded.home import Home
from tapehead.stores.tables.access import AccessTables


def open_access(home: Home) -> AccessTables:
    """Return the keys of a store; the file is made at the first use, and its owner alone may read it."""
    return AccessTables(partial(access_database, home))


def access_database(home: Home) -> Database:
    """Open access.db, made for its owner alone; SQLite gives its journals the same rights."""
    if home.writable and not home.access.exists():
        make_private(home.access)
    return Database(
        home.access, "access.sql", ACCESS_FORMAT, synchronous="FULL", writable=home.writable, full=home.full
    )
