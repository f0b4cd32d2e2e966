"""load_ahead: what reads bars out of a server is loaded while its store is opened."""

import threading

from tapehead.stores.codec import load_parquet
from tapehead.wiring.plugins import running

_lock = threading.Lock()
_begun: list[threading.Thread] = []


def load_ahead() -> None:
    """Load what decodes segments in a thread, once a process: 70 ms that the first result would wait for."""
    with _lock:
        if not _begun:
            _begun.append(threading.Thread(target=_load, name="tapehead-ahead", daemon=True))
            _begun[0].start()


def _load() -> None:
    """Load it while no code of a user is imported."""
    with running:
        load_parquet()
