"""asked_by: who asks a database, so that the server can say it and a wait can be short; of a thread and its tasks."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Final

_NAME_BYTES: Final = 63
_FOREIGN = re.compile(r"[^A-Za-z0-9 ._-]+")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks.

    Attributes
    ----------
    role : str
        What the process does, such as `serve` or `worker`; a pool takes it when it is opened.
    run, strategy : str
        For which run and with which strategy, empty where for none.
    patience_s : float or None
        How long to wait for a connection, where that is less than the pool waits.
    """

    role: str = ""
    run: str = ""
    strategy: str = ""
    patience_s: float | None = None


_NOBODY: Final = Asker()
_ASKER: ContextVar[Asker] = ContextVar("tapehead_asker")


def asker() -> Asker:
    """Return who asks in this thread."""
    return _ASKER.get(_NOBODY)


@contextmanager
def asked_by(**facts: Any) -> Iterator[None]:
    """Change fields of Asker for what is asked inside; a thread begun inside does not know of it."""
    token = _ASKER.set(replace(asker(), **facts))
    try:
        yield
    finally:
        _ASKER.reset(token)


def name_of(program: str, run: str) -> str:
    """Return an `application_name`: printable ASCII that PostgreSQL does not cut."""
    name = f"{program} run {run}" if run else program
    return _FOREIGN.sub("-", name)[:_NAME_BYTES]


def comment_of(facts: Mapping[str, str]) -> str:
    """Return facts as a comment behind a statement, in the form of sqlcommenter; empty where there are none.

    Names and values are percent-encoded, so that no value ends the comment or begins a statement.
    """
    # Here, not above: every command says who it is, and few ask a server.
    from urllib.parse import quote

    told = ",".join(f"{quote(name, safe='')}='{quote(facts[name], safe='')}'" for name in sorted(facts) if facts[name])
    return f" /*{told}*/" if told else ""
