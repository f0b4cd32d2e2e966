"""Readiness: whether each thing that the service stands on does its work."""

import asyncio
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from tapehead.database.asker import asked_by
from tapehead.errors import PoolExhaustedError
from tapehead.wiring.assemble import House

State = Literal["ok", "degraded", "down"]
ANSWER_S = 5.0
LOW_BYTES = 1 << 30
LEAST_BYTES = 1 << 26
_NOBODY = "0" * 26
_MIB = 1 << 20
_AWAY_S = 1.0
_AGAIN_S = 0.05


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one dependency; `text` says what was found."""

    name: str
    state: State
    text: str


@dataclass(frozen=True, slots=True)
class Ready:
    """All looks together; `ready` is False where one is down or the service drains."""

    ready: bool
    draining: bool
    looks: tuple[Look, ...]


Found = tuple[State, str]


class Readiness:
    """Looks when asked; looks that come meanwhile share the one that goes on, so a hung disk holds one thread.

    Parameters
    ----------
    house : House
    others : mapping of str to callable
        Further looks, such as at the pool.
    draining : callable
        Whether the service ends.
    """

    def __init__(self, house: House, others: Mapping[str, Callable[[], Found]], draining: Callable[[], bool]) -> None:
        self._house = house
        self._draining = draining
        self._looks: dict[str, Callable[[], Found]] = {
            "store_read": self._reads,
            "store_write": self._writes,
            "event_log": self._log,
            "disk": self._disk,
            "tiers": self._tiers,
            **others,
        }
        self._thread = ThreadPoolExecutor(1, "tapehead-ready")
        self._going: asyncio.Future[tuple[Look, ...]] | None = None

    async def look(self, answer_s: float = ANSWER_S) -> Ready:
        """Look at everything; what has not answered after `answer_s` is down."""
        if self._going is None or self._going.done():
            self._going = asyncio.get_running_loop().run_in_executor(self._thread, self._look)
        try:
            found = await asyncio.wait_for(asyncio.shield(self._going), answer_s)
        except TimeoutError:
            found = (Look("store_read", "down", f"did not answer within {answer_s:g} s"),)
        draining = self._draining()
        return Ready(not draining and all(each.state != "down" for each in found), draining, found)

    def close(self) -> None:
        """Look no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _look(self) -> tuple[Look, ...]:
        """Look at each; one that raises is down, and a database that is away is not waited for."""
        found, patience_s = list[Look](), _AWAY_S
        for name, look in self._looks.items():
            with asked_by(patience_s=patience_s):
                try:
                    found.append(Look(name, *_safely(look)))
                except PoolExhaustedError as error:
                    found.append(Look(name, "degraded", str(error)))
                    # Those that follow ask by the same connections, and all together must answer in time.
                    patience_s = _AGAIN_S
        return tuple(found)

    def _reads(self) -> Found:
        """Read from both databases of the store."""
        head = self._house.bars.head()
        self._house.runs.runs(limit=1)
        return "ok", f"snapshot {head}"

    def _writes(self) -> Found:
        """Take the lock that a write takes, and give it back."""
        if not self._house.writable:
            why = ", for its disk is full" if self._house.full else ""
            return "degraded", f"can be read only{why}: no run can begin"
        with self._house.runs.together("a look whether it can be written"):
            return "ok", "can be written"

    def _log(self) -> Found:
        """Ask the event log."""
        self._house.log.last(_NOBODY)
        return "ok", "answers"

    def _disk(self) -> Found:
        """Look at the space that is left."""
        free = shutil.disk_usage(self._house.settings.home).free
        return (
            "down" if free < LEAST_BYTES else "degraded" if free < LOW_BYTES else "ok"
        ), f"{free // _MIB:,} MiB free"

    def _tiers(self) -> Found:
        """Look at the cache tiers; without them everything is the same, only slower."""
        sentences = "; ".join(tier.degraded for tier in self._house.tiers() if tier.degraded)
        return ("degraded", sentences) if sentences else ("ok", "work")


def _safely(look: Callable[[], Found]) -> Found:
    """Look; what is raised is what is found, but that no connection is left."""
    try:
        return look()
    except PoolExhaustedError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the dependency is down, and the answer says of what
        return "down", str(error) or type(error).__name__


def to_json(ready: Ready) -> Mapping[str, object]:
    """Return what `/readyz` answers."""
    return {
        "ready": ready.ready,
        "draining": ready.draining,
        "degraded": [each.name for each in ready.looks if each.state != "ok"],
        "dependencies": [{"name": each.name, "state": each.state, "text": each.text} for each in ready.looks],
    }
