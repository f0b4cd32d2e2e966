"""Settings: what the environment may say, each with its default, unit and bound."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tapehead.errors import ParameterError

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """How Tapehead uses this machine.

    Attributes
    ----------
    home : Path
        Folder of the store (TAPEHEAD_HOME), default `~/.tapehead`.
    memory_tier_bytes : int
        Bound of the memory tier (TAPEHEAD_MEMORY_MB), default 256 MiB; 0 switches it off.
    hot_tier_bytes : int
        Bound of the hot tier on disk (TAPEHEAD_HOT_MB), default 4,096 MiB; 0 switches it off.
    workers : int
        Threads of a run (TAPEHEAD_WORKERS); 0 means one a processor.
    """

    home: Path
    memory_tier_bytes: int = 256 * MIB
    hot_tier_bytes: int = 4096 * MIB
    workers: int = 0


def read_settings(environment: Mapping[str, str] | None = None, home: str | os.PathLike[str] | None = None) -> Settings:
    """Return the settings of this process; `home` wins over the environment. Raises ParameterError."""
    given = os.environ if environment is None else environment
    folder = home or given.get("TAPEHEAD_HOME") or Path(given.get("HOME") or "~", ".tapehead").expanduser()
    if "://" in os.fspath(folder):
        raise ParameterError(name="home", value=folder, bound="a folder; this version keeps its store in no URL")
    return Settings(
        Path(folder).expanduser().absolute(),
        _count(given, "TAPEHEAD_MEMORY_MB", 256, 1_000_000) * MIB,
        _count(given, "TAPEHEAD_HOT_MB", 4096, 100_000_000) * MIB,
        _count(given, "TAPEHEAD_WORKERS", 0, 1024),
    )


def processors() -> int:
    """Return the number of processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _count(given: Mapping[str, str], name: str, default: int, most: int) -> int:
    """Read a whole number."""
    text = given.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or int(text) > most:
        raise ParameterError(name=name, value=text, bound=f"a whole number from 0 to {most:,}")
    return int(text)
