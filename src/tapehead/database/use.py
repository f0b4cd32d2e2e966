"""Use: who has a database open, in every process and on every machine, as its server knows it."""

from dataclasses import dataclass

from tapehead.database.figures import PoolFigures


@dataclass(frozen=True, slots=True)
class Session:
    """One session: the server's process, its name, what it does, from where, since when.

    Attributes
    ----------
    pid : int
    name : str
        What opened it and for which run, such as `tapehead serve run 01J...`.
    state : str
        As PostgreSQL says it: `active`, `idle`, `idle in transaction`.
    client : str
        Address.
    state_s : float
        For how long it is in this state.
    transaction_s : float or None
        For how long its transaction is open; None where none is.
    """

    pid: int
    name: str
    state: str
    client: str
    state_s: float
    transaction_s: float | None


@dataclass(frozen=True, slots=True)
class Use:
    """Sessions of one database, those of the whole server, how many it allows, and the replicas."""

    sessions: tuple[Session, ...]
    of_server: int
    limit: int
    replicas: tuple[PoolFigures, ...] = ()
