"""Sources that installed packages offer, by the entry-point group `tapehead.sources`."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tapehead.errors import SourcePluginError, TapeheadError
from tapehead.ports.bars import Hints, Origin, RawBatch, Source
from tapehead.sources.recognise import first_bytes

ENTRY_POINTS = "tapehead.sources"
HEAD_BYTES = 4096
"""How many first bytes of a file a plug-in is shown."""


@dataclass(frozen=True, slots=True)
class _Plugin:
    """A plug-in, with the package that offers it; itself a source whose failures are sentences."""

    name: str
    package: str
    made: Any

    def reads(self, path: str, head: bytes) -> bool:
        """Ask whether it reads a file."""
        try:
            return bool(self.made.reads(path, head))
        except TapeheadError:
            raise
        except Exception as error:
            raise self.failure(f"asked about {path}, it raised {type(error).__name__}: {error}") from error

    def batches(self, origin: Origin, hints: Hints) -> Iterator[RawBatch]:
        """Yield the rows of a file; see `ports.bars.Source`."""
        told: tuple[str, ...] = (f"read by the plug-in '{self.name}' of {self.package}",)
        try:
            for batch in self.made.batches(origin, hints):
                if not isinstance(batch, RawBatch):
                    raise self.failure(f"reading {origin.path}, it gave {type(batch).__name__} and no RawBatch")
                yield _with_guesses(batch, told)
                told = ()
        except TapeheadError:
            raise
        except Exception as error:
            raise self.failure(f"reading {origin.path}, it raised {type(error).__name__}: {error}") from error

    def failure(self, cause: str) -> SourcePluginError:
        """Return the error of this plug-in."""
        return SourcePluginError(plugin=self.name, package=self.package, cause=cause)


def plugged_source(path: str) -> Source | None:
    """Return the plug-in that reads a file, None where none does.

    Parameters
    ----------
    path : str

    Raises
    ------
    SourcePluginError
        A plug-in does not load, fails, or two say that they read the file, or two have one name.
    FileFormatError
        There is no such file, or it is none.

    Notes
    -----
    Plug-ins are asked before the built-in formats, so that one can read better what these would take too.
    """
    plugins = _plugins()
    if not plugins:
        return None
    head = first_bytes(path, HEAD_BYTES)
    willing = [plugin for plugin in plugins if plugin.reads(path, head)]
    if len(willing) > 1:
        others = ", ".join(f"'{plugin.name}' of {plugin.package}" for plugin in willing[1:])
        raise willing[0].failure(f"{others} would read {path} too, and one of them must go")
    return willing[0] if willing else None


@lru_cache(maxsize=1)
def _plugins() -> tuple[_Plugin, ...]:
    """Load what installed packages offer, by name."""
    # 50 ms, which only an import pays.
    from importlib.metadata import entry_points

    found: dict[str, _Plugin] = {}
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        plugin = _Plugin(point.name, point.dist.name if point.dist is not None else point.value, None)
        if point.name in found:
            if found[point.name].package == plugin.package:
                continue
            raise plugin.failure(f"{found[point.name].package} offers one of the same name")
        found[point.name] = _loaded(plugin, point)
    return tuple(found.values())


def _loaded(plugin: _Plugin, point: Any) -> _Plugin:
    """Load one plug-in; a class is called without arguments."""
    try:
        made = point.load()
        made = made() if inspect.isclass(made) else made
    except Exception as error:
        raise plugin.failure(f"it does not load, {type(error).__name__}: {error}") from error
    missing = [name for name in ("reads", "batches") if not callable(getattr(made, name, None))]
    if missing:
        raise plugin.failure(f"it has no {' and no '.join(missing)}")
    return _Plugin(plugin.name, plugin.package, made)


def _with_guesses(batch: RawBatch, told: tuple[str, ...]) -> RawBatch:
    """Return a batch with sentences before its own."""
    from dataclasses import replace

    return replace(batch, guesses=(*told, *batch.guesses)) if told else batch
