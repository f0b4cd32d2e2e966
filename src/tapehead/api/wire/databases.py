"""The database behind a store, as it travels."""

from typing import Literal

from pydantic import Field

from tapehead.api.wire.told import Told


class DatabaseSession(Told):
    """One session of the database, whichever process has it."""

    pid: int = Field(description="Of the server's process.")
    name: str = Field(description="What opened it and for which run.")
    state: str
    client: str
    state_s: float
    transaction_s: float | None = Field(description="For how long its transaction is open; null where none is.")


class DatabaseReplica(Told):
    """A replica that answers reads."""

    name: str
    where: str
    state: str
    text: str
    behind: int | None = Field(description="Commits that it lacks.")


class DatabaseStatus(Told):
    """Which database it is, at which step its schema stands, and who has it open."""

    schema_: Literal["tapehead.db/1"] = Field(alias="schema")
    where: str = Field(description="Folder, or URL without a password.")
    server: str
    found: str | None = Field(description="Step of the schema; null where there is no store yet.")
    newest: str = Field(description="Step that this Tapehead wants.")
    is_newest: bool
    sessions: list[DatabaseSession] | None = Field(None, description="Of PostgreSQL: the longest transaction first.")
    sessions_of_server: int | None = None
    sessions_limit: int | None = None
    replicas: list[DatabaseReplica] | None = None
