"""Clocks: the two clocks by which a value on this machine grows old."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Clocks:
    """`up_s` rises while the machine runs, suspended or not, and is one for all its processes; `wall_s` may be set.

    `boot` names the time since the machine was started; empty where that cannot be told, and `up_s` is then not used.
    """

    boot: str
    up_s: Callable[[], float]
    wall_s: Callable[[], float] = time.time


@lru_cache(maxsize=1)
def machine_clocks() -> Clocks:
    """Return the clocks of this machine."""
    with suppress(OSError, AttributeError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        clock = time.CLOCK_BOOTTIME
        time.clock_gettime(clock)
        return Clocks(boot, lambda: time.clock_gettime(clock))
    return Clocks("", time.monotonic)
