"""Link: a connection of a pool, which waits for no server that answers nobody."""

import time
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.adapt import Dumper
from psycopg.types.string import StrDumper

from tapehead.database.outage import Outage

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

_BEAT_S: Final = 0.1


class Link(psycopg.Connection[Any]):
    """A connection of a pool: the name by which the server knows it now, and when it was given back.

    Notes
    -----
    The kernel of a machine goes on to answer for a server that is stopped, so that no time-out of TCP ends a wait for
    it; and those of a statement are the server's own. Here a wait that has lasted looks whether the server lets in
    somebody else: while it does, a statement may take as long as it takes.
    """

    named = ""
    used = 0.0
    lender: "ConnectionPool[Link]"
    outage: Outage | None = None

    def wait(self, gen: PQGen[RV], interval: float = _BEAT_S, timeout: float | None = None) -> RV:
        """Wait as psycopg does, and no longer than for a server that is away; raises psycopg.OperationalError."""
        return super().wait(gen if self.outage is None else self._heeded(gen, self.outage), interval, timeout)

    def _heeded(self, gen: PQGen[RV], outage: Outage) -> PQGen[RV]:
        """Pass a wait on, and have the server looked at where nothing comes."""
        silent, looked = 0.0, 0.0
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and not silent:
                    silent = looked = time.monotonic()
                elif not ready and time.monotonic() - looked >= outage.silence_s:
                    silent = time.monotonic() if self._is_there(outage, silent) else silent
                    looked = time.monotonic()
                elif ready and silent:
                    outage.hear(self)
                    silent = 0.0
                wanted = gen.send(ready)
        except StopIteration as end:
            given: RV = end.value
            return given
        finally:
            if silent:
                outage.hear(self)

    def _is_there(self, outage: Outage, sign: float) -> bool:
        """Look whether the server answers others; a connection that is waited for no longer is closed."""
        try:
            return outage.doubt(self, sign)
        except BaseException:
            # An answer that still comes would be taken for that to the next question.
            self.pgconn.finish()
            raise


class _Flag(Dumper):
    """Truth as 0 and 1, which the schema keeps in both databases."""

    oid = psycopg.adapters.types["int2"].oid

    def dump(self, obj: Any) -> bytes:
        return b"1" if obj else b"0"


class _Text(StrDumper):
    """Text without the sign NUL, which PostgreSQL cannot keep: its picture stands for it."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\u2400"))


def teach(link: psycopg.Connection[Any]) -> None:
    """Teach a connection how values are written."""
    link.adapters.register_dumper(bool, _Flag)
    link.adapters.register_dumper(str, _Text)
