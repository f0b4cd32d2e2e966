"""platform_facts, version_facts: where a number was computed, for the receipt."""

import platform
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def platform_facts() -> Mapping[str, str]:
    """Return processor and system, without anything that names the machine or its user."""
    return {"machine": platform.machine(), "system": platform.system(), "processor": _processor()}


@lru_cache(maxsize=1)
def version_facts() -> Mapping[str, str]:
    """Return the versions of what computes."""
    found = {"python": platform.python_version()}
    return found | {name: version_of(name) for name in ("tapehead", "numpy", "numba", "llvmlite", "pyarrow")}


def version_of(package: str) -> str:
    """Return the version of a package that is installed now."""
    # 50 ms of start-up, needed only when a run ends.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    """Return the processor's model name."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        return platform.processor()
    return platform.processor()


def kernels_folder() -> Path | None:
    """Return the folder of the compiled kernels, None where nothing is writable."""
    from tapehead.kernels.jit import CACHE_FOLDER

    return CACHE_FOLDER
