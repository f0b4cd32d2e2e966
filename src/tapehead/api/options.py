"""options: how one service was started."""

from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Options:
    """What `tapehead serve` was given.

    Attributes
    ----------
    host, port
        Where it is bound.
    hosts : tuple of str
        Names that a Host header may carry beside the loopback's and `host`.
    import_root : Path or None
        Folder below which `POST /imports` may name files on this machine; None lets it take uploads only.
    workers : int
        Threads that all runs share; 0 means one a processor.
    body_bytes : int
        Most bytes of a request's body, uploads of `POST /imports` excepted.
    upload_bytes : int
        Most bytes of one upload.
    header_bytes, header_s
        Most bytes of a request's headers, path and query; longest time until they are whole.
    body_s : float
        Longest wait for the next piece of a body.
    connections : int
        Most connections at once, streams among them.
    require_key : bool
        Every request needs a key, even on the loopback.
    rate_per_s, rate_burst
        Requests a second of one key or address, and how many at once; 0 means 100 and 200, and 10,000 and 20,000 where
        no key is needed.
    audit_days : int
        How long the audit log reaches back.
    event_days : int
        How long the events of ended runs can be replayed.
    """

    host: str = "127.0.0.1"
    port: int = 8750
    hosts: tuple[str, ...] = ()
    import_root: Path | None = None
    workers: int = 0
    body_bytes: int = 4 * MIB
    upload_bytes: int = 4096 * MIB
    header_bytes: int = 64 * 1024
    header_s: float = 20.0
    body_s: float = 60.0
    connections: int = 4096
    require_key: bool = False
    rate_per_s: float = 0.0
    rate_burst: int = 0
    audit_days: int = 400
    event_days: int = 90
