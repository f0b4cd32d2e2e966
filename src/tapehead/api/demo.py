"""demo: the synthetic market of the demo, made for an empty store while the service goes on."""

import logging
import threading
from dataclasses import dataclass, replace
from typing import Literal

from tapehead.api.service import Service
from tapehead.errors import ServiceError, TapeheadError

log = logging.getLogger("tapehead.imports")
_LEAVE_S = 5.0


@dataclass(frozen=True, slots=True)
class Making:
    """How far the market is: `done` of `total` instruments, with `bars` bars; `text` says why it failed."""

    state: Literal["none", "making", "made", "failed"] = "none"
    done: int = 0
    total: int = 0
    bars: int = 0
    text: str = ""


class DemoMarket:
    """The one market that is made; safe from many threads.

    Parameters
    ----------
    service : Service
        Its store takes the market; once it drains nothing further is made, and nothing was written.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._now = Making()
        self._thread: threading.Thread | None = None

    @property
    def now(self) -> Making:
        """How far it is."""
        return self._now

    def begin(self, instruments: int, years: int, seed: int) -> Making:
        """Begin to make it; where it is being made already, say how far that is.

        Raises
        ------
        ServiceError
            `store.not_empty` where the store holds bars, `service.draining` where the service is about to end.
        """
        with self._lock:
            if self._now.state == "making":
                return self._now
            self._refuse_when_draining()
            if self._service.house.bars.series():
                raise ServiceError(
                    "The store holds bars already, and the demo's market goes into an empty one only. For a store "
                    "beside it: tapehead --home .tapehead-demo demo",
                    code="store.not_empty",
                )
            self._now = Making("making", total=instruments)
            asked = (instruments, years, seed)
            self._thread = threading.Thread(target=self._make, args=asked, name="tapehead-demo", daemon=True)
            self._thread.start()
            return self._now

    def close(self) -> None:
        """Wait, not for ever, until nothing is made any more."""
        if self._thread is not None:
            self._thread.join(_LEAVE_S)

    def _make(self, instruments: int, years: int, seed: int) -> None:
        """Make the market and say how that ended."""
        try:
            self._service.store.demo(instruments, years, seed, self._tell)
        except TapeheadError as error:
            log.warning("demo market failed", extra={"error": error.code})
            self._now = replace(self._now, state="failed", text=str(error))
        except Exception:
            log.exception("demo market failed")
            text = "Tapehead itself broke; its log tells how. Make the market where the service runs: tapehead demo"
            self._now = replace(self._now, state="failed", text=text)
        else:
            log.info("demo market made", extra={"instruments": instruments, "bars": self._now.bars})
            self._now = replace(self._now, state="made")

    def _tell(self, _words: str, bars: int) -> None:
        """Count an instrument; leave off where the service ends."""
        self._refuse_when_draining()
        self._now = replace(self._now, done=self._now.done + 1, bars=bars)

    def _refuse_when_draining(self) -> None:
        """Begin nothing, and go on with nothing, in a service that ends."""
        if self._service.draining:
            raise ServiceError("The service is about to end. Try again when it is back.", code="service.draining")
