"""Strategies by name, by file, by module and by entry point; and the digests of what computes."""

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import tapehead.strategies
from tapehead.errors import StrategyFileError, UnknownStrategyError
from tapehead.strategies.strategy import is_strategy

BUILT_IN = {
    "BuyAndHold": "tapehead.strategies.buy_and_hold",
    "RsiReversion": "tapehead.strategies.rsi_reversion",
    "SmaCross": "tapehead.strategies.sma_cross",
}
ENTRY_POINTS = "tapehead.strategies"
ENGINE_ROOMS = ("layout", "model", "kernels", "indicators", "simulation", "metrics", "jobs")
"""Rooms whose source decides a number; their files make the engine's digest."""
_PACKAGE = Path(tapehead.strategies.__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Loaded:
    """A strategy's class, the name a RunSpec carries, the file it came from (empty when built in), and its source."""

    made: Any
    name: str
    origin: str
    source: bytes


_files: dict[str, tuple[bytes, ModuleType]] = {}


def load_strategy(text: str) -> Loaded:
    """Return the strategy that `text` names.

    Parameters
    ----------
    text : str
        A built-in name, `FILE.py:NAME`, `package.module:NAME`, or the name of an entry point of the group
        `tapehead.strategies`. The name may be left out where a file holds one strategy.

    Raises
    ------
    UnknownStrategyError, StrategyFileError
    """
    if text in BUILT_IN:
        made = getattr(importlib.import_module(BUILT_IN[text]), text)
        return _loaded(made, text, "", _digest_files(_PACKAGE.joinpath("strategies").glob("*.py")))
    head, _, name = text.rpartition(":") if ":" in text else (text, "", "")
    if head.endswith(".py") or text.endswith(".py"):
        return _from_file(head or text, name)
    if ":" in text:
        return _from_module(head, name)
    for point in _entry_points():
        if point.name == text:
            return _from_module(point.module, point.attr)
    close = get_close_matches(text, strategy_names(), 1)
    raise UnknownStrategyError(name=text, hint=f" Did you mean '{close[0]}'?" if close else "")


def strategy_names() -> list[str]:
    """Return the names of built-in strategies and entry points, sorted."""
    return sorted({*BUILT_IN, *(point.name for point in _entry_points())})


def _entry_points() -> Iterable[Any]:
    """Return the strategies that installed packages offer."""
    # 50 ms of start-up, needed only for names that are not built in.
    from importlib.metadata import entry_points

    return entry_points(group=ENTRY_POINTS)


def strategies_in(path: str) -> list[Loaded]:
    """Return every strategy that a file defines, by name; raise StrategyFileError when there is none."""
    module, source = _import_file(path)
    file = Path(module.__file__ or path)
    found = {
        name: value
        for name, value in vars(module).items()
        if is_strategy(value) and value.__module__ == module.__name__
    }
    if not found:
        raise StrategyFileError(path=path, cause="no class in it is decorated with @strategy")
    return [_loaded(made, f"{file.name}:{name}", str(file), source) for name, made in sorted(found.items())]


def _from_file(path: str, name: str) -> Loaded:
    """Return one strategy of a file."""
    found = {each.made.__name__: each for each in strategies_in(path)}
    if not name and len(found) == 1:
        return next(iter(found.values()))
    if name in found:
        return found[name]
    close = get_close_matches(name, found, 1)
    first = next(iter(found))
    hint = f" Did you mean '{close[0]}'?" if close else f" {path} holds: {', '.join(found)}; write {path}:{first}."
    raise UnknownStrategyError(name=name or path, hint=hint)


def _from_module(module_name: str, name: str) -> Loaded:
    """Return a strategy of an importable module; its source is the whole package."""
    try:
        module = importlib.import_module(module_name)
        made = getattr(module, name)
    except Exception as error:
        raise StrategyFileError(path=f"{module_name}:{name}", cause=f"{type(error).__name__}: {error}") from error
    if not is_strategy(made) or module.__file__ is None:
        raise StrategyFileError(path=f"{module_name}:{name}", cause=f"{name} is not decorated with @strategy")
    file = Path(module.__file__)
    folder = file.parent
    files = folder.rglob("*.py") if folder.joinpath("__init__.py").exists() else [file]
    return _loaded(made, f"{module_name}:{name}", str(file), _digest_files(files))


def _import_file(path: str) -> tuple[ModuleType, bytes]:
    """Import a file anew when it or a module beside it that it imports has changed; return it and its source digest."""
    file = Path(path).expanduser().absolute()
    if not file.is_file():
        raise StrategyFileError(path=path, cause="there is no such file")
    held = _files.get(str(file))
    if held is not None and _source_of(file) == held[0]:
        return held[1], held[0]
    module = _execute(file, path)
    source = _source_of(file)
    _files[str(file)] = source, module
    return module, source


def _execute(file: Path, path: str) -> ModuleType:
    """Run a strategy file as a module of its own; modules beside it can be imported by it."""
    for name in [n for n, m in sys.modules.items() if _is_beside(m, file)]:
        del sys.modules[name]
    name = f"tapehead_user_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}"
    found = importlib.util.spec_from_file_location(name, file)
    if found is None or found.loader is None:
        raise StrategyFileError(path=path, cause="its name does not end in .py")
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    sys.path.insert(0, str(file.parent))
    try:
        found.loader.exec_module(module)
    except SyntaxError as error:
        raise StrategyFileError(path=path, cause=f"line {error.lineno}: {error.msg}") from error
    except Exception as error:
        raise StrategyFileError(path=path, cause=f"{type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(file.parent))
    return module


def _is_beside(module: ModuleType, file: Path) -> bool:
    """Say whether a loaded module is a file of the same folder, outside any installed package."""
    at = str(getattr(module, "__file__", None) or "")
    return bool(at) and Path(at).parent == file.parent and "site-packages" not in at


def _source_of(file: Path) -> bytes:
    """Return the digest of a file with the modules beside it that it uses."""
    beside = {Path(str(m.__file__)) for m in list(sys.modules.values()) if _is_beside(m, file)}
    return _digest_files({file, *beside})


def _loaded(made: Any, name: str, origin: str, source: bytes) -> Loaded:
    """Stamp the class with its source digest."""
    made.source = source
    return Loaded(made, name, origin, source)


def _digest_files(files: Iterable[Path]) -> bytes:
    """Return SHA-256 over names and bytes, sorted by name."""
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda each: each.name):
        if file.exists():
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.digest()


@lru_cache(maxsize=1)
def engine_digest() -> bytes:
    """Return SHA-256 over the source of every room that decides a number."""
    files = [file for room in ENGINE_ROOMS for file in sorted(_PACKAGE.joinpath(room).rglob("*.py"))]
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(_PACKAGE)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.digest()
