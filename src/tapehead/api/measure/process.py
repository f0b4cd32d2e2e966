"""process: what the operating system knows of this process. Cheap, but it opens files: not for the event loop."""

import os
import threading
import time
from pathlib import Path
from typing import NamedTuple


class ProcessFacts(NamedTuple):
    """Resident memory (bytes), processor time (s), threads, open files; None where this system does not tell."""

    resident_bytes: int | None
    cpu_s: float
    threads: int
    open_files: int | None


def process_facts() -> ProcessFacts:
    """Return the facts of now."""
    resident: int | None
    files: int | None
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        resident = pages * os.sysconf("SC_PAGE_SIZE")
        files = len(os.listdir("/proc/self/fd")) - 1  # noqa: PTH208 - names are enough; -1: the listing itself
    except OSError:
        resident = files = None
    return ProcessFacts(resident, time.process_time(), threading.active_count(), files)
