"""The only njit: every kernel releases the GIL, keeps IEEE arithmetic, and is compiled once per machine.

Numba stamps its cache by the one file that holds a function, so an edited callee in another file would go unnoticed.
Hence the folder of the cache is named by the hash of all kernel sources, Python, Numba, NumPy and the CPU.
"""

import hashlib
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite.binding
import numba
import numpy as np
from numba.core import event as events
from numpy.typing import NDArray

config: Any = numba.config
Function = TypeVar("Function", bound=Callable[..., Any])
Array = TypeVar("Array", bound=NDArray[Any])


def sources_hash(folder: Path) -> str:
    """Return 16 hex digits over every kernel source below `folder`, and over what compiles and runs it."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    cpu = (config.CPU_NAME or llvmlite.binding.get_host_cpu_name(), config.CPU_FEATURES or _host_features())
    versions = (platform.python_version(), numba.__version__, np.__version__, *cpu)
    digest.update("\0".join(str(v) for v in versions).encode())
    return digest.hexdigest()[:16]


def _host_features() -> str:
    """Return the CPU's features as one string."""
    return str(llvmlite.binding.get_host_cpu_features().flatten())


def _roots() -> list[Path]:
    """Return where the cache may lie, best first: as given, in the virtual environment, in the user's cache."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        return [Path(given)]
    roots = [Path(sys.prefix, "share", "tapehead")] if sys.prefix != sys.base_prefix else []
    home = os.environ.get("HOME")
    user = os.environ.get("XDG_CACHE_HOME") or (str(Path(home, ".cache")) if home else "")
    return [*roots, Path(user, "tapehead")] if user else roots


def _cache_folder() -> Path | None:
    """Make and return the first usable cache folder; None where nothing is writable (kernels then run uncached)."""
    name = "kernels-" + sources_hash(Path(__file__).parent)
    for root in _roots():
        folder = root / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
    return None


CACHE_FOLDER = _cache_folder()


class _Compiling(events.Listener):
    """Counts the functions that are being compiled, one within the other; what comes from the cache is none of them."""

    def __init__(self) -> None:
        self.depth = 0

    def on_start(self, _event: Any) -> None:
        """Go into one."""
        self.depth += 1

    def on_end(self, _event: Any) -> None:
        """Come out of one."""
        self.depth -= 1


_compiling = _Compiling()
_register: Any = events.register
_register("numba:compile", _compiling)


def compiling() -> bool:
    """Say whether machine code is being made at this moment, in whichever thread."""
    return _compiling.depth > 0


def kernel(function: Function) -> Function:
    """Compile a function: no GIL, no fastmath, division by zero as in IEEE 754, cached where possible."""
    return _quiet(_compiled(function, nogil=True))


def short_kernel(function: Function) -> Function:
    """Compile a function of a few microseconds: it keeps the GIL, since handing it over would cost more."""
    return _quiet(_compiled(function, nogil=False))


def uncached(function: Function, *, boundscheck: bool = False) -> Function:
    """Compile a function that meets another kind of argument in each run, such as a strategy's own: it is not kept."""
    njit: Any = numba.njit(nogil=True, fastmath=False, error_model="numpy", boundscheck=boundscheck)
    return cast(Function, njit(function))


def part(function: Function) -> Function:
    """Compile a function that only kernels call, and that makes no array.

    What Python would need to call it is left out, a quarter of the time to compile it. So is counting who holds an
    array: two locked instructions at each mention, more than half of the time of a walk.
    """
    return _compiled(function, nogil=True, **_PART)


def inlined(function: Function) -> Function:
    """Compile a part into each kernel that calls it: a call with ten arrays costs 20 ns."""
    return _compiled(function, nogil=True, **_PART, forceinline=True)


_PART = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}


def _quiet(function: Function) -> Function:
    """Return a kernel that warns of no division, where machine code is switched off; in machine code none does."""
    return np.errstate(all="ignore")(function) if config.DISABLE_JIT else function


def _compiled(function: Function, nogil: bool, **options: bool) -> Function:
    """Compile a function into the cache folder."""
    cache = CACHE_FOLDER is not None
    make: Any = numba.njit
    njit = make(nogil=nogil, fastmath=False, error_model="numpy", cache=cache, **options)
    before = config.CACHE_DIR
    config.CACHE_DIR = str(CACHE_FOLDER or before)
    try:
        return cast(Function, njit(function))
    finally:
        config.CACHE_DIR = before


def readonly(array: Array) -> Array:
    """Return a contiguous, read-only view, so that each kernel is compiled for one kind of array only."""
    flags = array.flags
    if flags.c_contiguous and not flags.writeable:
        return array
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return cast(Array, view)


def writable(array: Array) -> Array:
    """Return a contiguous array that may be written, as walks make them: itself, or a copy.

    For kernels of a few microseconds, on rows that walks made: a read-only view of each costs a microsecond.
    """
    return array if array.flags.carray else cast(Array, np.array(array, order="C"))
