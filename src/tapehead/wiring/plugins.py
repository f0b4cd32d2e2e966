"""Strategies by name, by file, by module and by entry point; and the digests of what computes."""

import hashlib
import importlib
import importlib.util
import os
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import tapehead.strategies
from tapehead.errors import ParameterError, StrategyFileError, TapeheadError, UnknownStrategyError
from tapehead.strategies.strategy import is_strategy

BUILT_IN = {
    "AtrChannel": "tapehead.strategies.atr_channel",
    "BollingerReversion": "tapehead.strategies.bollinger_reversion",
    "BuyAndHold": "tapehead.strategies.buy_and_hold",
    "ConnorsRsi2": "tapehead.strategies.connors_rsi2",
    "DayOfWeek": "tapehead.strategies.day_of_week",
    "DirectionalMovement": "tapehead.strategies.directional_movement",
    "Donchian": "tapehead.strategies.donchian",
    "EmaCross": "tapehead.strategies.ema_cross",
    "FaberTiming": "tapehead.strategies.faber_timing",
    "HourOfDay": "tapehead.strategies.hour_of_day",
    "IchimokuCloud": "tapehead.strategies.ichimoku_cloud",
    "KeltnerBreakout": "tapehead.strategies.keltner_breakout",
    "Macd": "tapehead.strategies.macd",
    "MomentumRank": "tapehead.strategies.momentum_rank",
    "MonthSeason": "tapehead.strategies.month_season",
    "NarrowRange": "tapehead.strategies.narrow_range",
    "OpeningRange": "tapehead.strategies.opening_range",
    "PairsSpread": "tapehead.strategies.pairs_spread",
    "ParabolicStop": "tapehead.strategies.parabolic_stop",
    "RelativeStrength": "tapehead.strategies.relative_strength",
    "RsiReversion": "tapehead.strategies.rsi_reversion",
    "SmaCross": "tapehead.strategies.sma_cross",
    "Supertrend": "tapehead.strategies.supertrend",
    "TimeSeriesMomentum": "tapehead.strategies.time_series_momentum",
    "TripleAverage": "tapehead.strategies.triple_average",
    "TripleScreen": "tapehead.strategies.triple_screen",
    "TurnOfMonth": "tapehead.strategies.turn_of_month",
    "Turtle": "tapehead.strategies.turtle",
    "VolatilityBreakout": "tapehead.strategies.volatility_breakout",
    "VolatilityTarget": "tapehead.strategies.volatility_target",
    "WilliamsReversion": "tapehead.strategies.williams_reversion",
    "ZScoreReversion": "tapehead.strategies.z_score_reversion",
}
ENTRY_POINTS = "tapehead.strategies"
ENGINE_ROOMS = ("layout", "model", "kernels", "indicators", "simulation", "metrics", "jobs")
"""Rooms whose source decides a number; their files, and the one that reads parameters, make the engine's digest."""
_PACKAGE = Path(tapehead.strategies.__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Loaded:
    """A strategy's class, the name a RunSpec carries, the file it came from (empty when built in), and its source."""

    made: Any
    name: str
    origin: str
    source: bytes


@dataclass(frozen=True, slots=True)
class _File:
    """A strategy file that was run: its module, the files beside it that it imported, and their digest."""

    module: ModuleType
    used: frozenset[Path]
    source: bytes


_files: dict[str, _File] = {}
_packages: dict[str, bytes] = {}
"""Source of each package that strategies were imported from, as imported."""
running = threading.RLock()
"""Held while code of a user is imported: the modules and the places where they are looked for are its own then."""


def load_strategy(text: str) -> Loaded:
    """Return the strategy that `text` names.

    Parameters
    ----------
    text : str
        A built-in name, `FILE.py:NAME`, `package.module:NAME`, or the name of an entry point of the group
        `tapehead.strategies`. The name may be left out where a file holds one strategy.

    Raises
    ------
    UnknownStrategyError, StrategyFileError, ParameterError
    """
    if not isinstance(text, str):
        bound = "a name such as RsiReversion or my.py:Mine; a class lives in a file, so that a run can be made again"
        raise ParameterError(name="strategy", value=repr(text), bound=bound)
    if text in BUILT_IN:
        made = getattr(importlib.import_module(BUILT_IN[text]), text)
        return _loaded(made, text, "", _built_in_digest())
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
    return _offered(tuple((place, _changed_ns(place)) for place in sys.path))


@lru_cache(1)
def _offered(_places: tuple[tuple[str, int], ...]) -> Iterable[Any]:
    """Look through what is installed, again only where something was installed or removed since."""
    # 50 ms of start-up, needed only for names that are not built in.
    from importlib.metadata import entry_points

    return entry_points(group=ENTRY_POINTS)


def _changed_ns(place: str) -> int:
    """Return when a folder was changed, 0 where it is none."""
    try:
        return Path(place).stat().st_mtime_ns
    except OSError:
        return 0


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
    """Return a strategy of an importable module; its source is the whole package, imported anew when it changed."""
    try:
        with running:
            module, source = _import_module(module_name)
        made = getattr(module, name)
    except (Exception, SystemExit) as error:
        raise StrategyFileError(path=f"{module_name}:{name}", cause=f"{type(error).__name__}: {error}") from error
    if not is_strategy(made) or module.__file__ is None:
        raise StrategyFileError(path=f"{module_name}:{name}", cause=f"{name} is not decorated with @strategy")
    return _loaded(made, f"{module_name}:{name}", module.__file__, source)


def _import_module(module_name: str) -> tuple[ModuleType, bytes]:
    """Import a module and say its source; what an earlier import of the package has seen is forgotten by an edit."""
    with _no_bytecode():
        module = importlib.import_module(module_name)
        package, source = module.__package__ or module_name, _source_of(module)
        if _packages.setdefault(package, source) != source and package.partition(".")[0] != "tapehead":
            for name in [each for each in sys.modules if each == package or each.startswith(f"{package}.")]:
                del sys.modules[name]
            importlib.invalidate_caches()
            module = importlib.import_module(module_name)
            source = _packages[package] = _source_of(module)
    return module, source


def _source_of(module: ModuleType) -> bytes:
    """Return the digest of a module with every file of its package."""
    file = Path(module.__file__ or "")
    folder = file.parent
    return _digest_files(folder.rglob("*.py") if folder.joinpath("__init__.py").exists() else [file], folder)


@contextmanager
def _no_bytecode() -> Iterator[None]:
    """Write no .pyc: one is taken for fresh where an edit within the same second keeps the size."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


class _Loader(SourceFileLoader):
    """Compiles the source itself, whatever .pyc lies beside it."""

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the file as it is now."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def _import_file(path: str) -> tuple[ModuleType, bytes]:
    """Import a file anew when it or a module beside it that it imports has changed; return it and its source digest."""
    file = Path(path).expanduser().absolute()
    if not file.is_file():
        cause = "there is no such file" if not file.is_dir() else "it is a folder"
        text = f"{path}: {cause}. Name a file that is there, as my.py:Mine, or a strategy of: tapehead strategies"
        raise StrategyFileError(text, path=path, cause=cause)
    with running:
        held = _files.get(str(file))
        if held is None or _digest_files(held.used, file.parent) != held.source:
            held = _files[str(file)] = _execute(file, path)
        return held.module, held.source


def _execute(file: Path, path: str) -> _File:
    """Run a strategy file as a module of its own; modules beside it can be imported by it.

    They are imported anew, so that edits count and so that those it uses, and no others, make its source. A module of
    another folder that has the name of one beside the file steps aside meanwhile.
    """
    before = {name: module for name, module in sys.modules.copy().items() if _is_beside(name, file)}
    foreign = {name: module for name, module in sys.modules.copy().items() if _hides(name, file)}
    for name in (*before, *foreign):
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
    try:
        with _no_bytecode():
            module = _run(file, path)
        beside = {
            getattr(each, "__file__", None) for name, each in sys.modules.copy().items() if _is_beside(name, file)
        }
    finally:
        sys.modules.update(foreign)
        for name, old in before.items():
            sys.modules.setdefault(name, old)
    used = frozenset({file, *(Path(at) for at in beside if at)})
    return _File(module, used, _digest_files(used, file.parent))


def _run(file: Path, path: str) -> ModuleType:
    """Run a file; raise StrategyFileError with the line that fails."""
    name = f"tapehead_user_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}"
    loader = _Loader(name, str(file))
    module = importlib.util.module_from_spec(ModuleSpec(name, loader, origin=str(file)))
    module.__file__ = str(file)
    sys.modules[name] = module
    sys.path.insert(0, str(file.parent))
    try:
        loader.exec_module(module)
    except SyntaxError as error:
        inside = "" if error.filename in (None, str(file)) else f"{Path(str(error.filename)).name}, "
        raise StrategyFileError(path=path, cause=f"{inside}line {error.lineno}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(file)]
        where = f"line {lines[-1]}: " if lines else ""
        raise StrategyFileError(path=path, cause=f"{where}{_cause(error)}") from error
    finally:
        sys.path.remove(str(file.parent))
    return module


def _cause(error: BaseException) -> str:
    """Return what an error says; our own sentences without the step that names a module no user wrote."""
    if isinstance(error, StrategyFileError):
        return str(error.facts["cause"])
    return str(error).rstrip(".") if isinstance(error, TapeheadError) else f"{type(error).__name__}: {error}"


def _is_beside(name: str, file: Path) -> bool:
    """Say whether a loaded module is one of the same folder, or of a package in it; never what runs this process."""
    top = name.partition(".")[0]
    at = getattr(sys.modules.get(top), "__file__", None)
    if top in ("__main__", "tapehead") or not at:
        return False
    where = Path(at).parent
    return file.parent == (where.parent if Path(at).name == "__init__.py" else where)


def _hides(name: str, file: Path) -> bool:
    """Say whether a loaded module of another folder, not an installed one, would be taken for one beside the file."""
    top = name.partition(".")[0]
    at = str(getattr(sys.modules.get(top), "__file__", None) or "")
    if not at or top in sys.stdlib_module_names or top in ("__main__", "tapehead") or "-packages" in at:
        return False
    here = file.parent
    return not _is_beside(name, file) and ((here / f"{top}.py").exists() or (here / top / "__init__.py").exists())


def _loaded(made: Any, name: str, origin: str, source: bytes) -> Loaded:
    """Stamp the class with its source digest."""
    made.source = source
    return Loaded(made, name, origin, source)


def _digest_files(files: Iterable[Path], folder: Path) -> bytes:
    """Return SHA-256 over names below `folder` and bytes, sorted by name; wherever the folder lies, it is the same."""
    digest = hashlib.sha256()
    for name, file in sorted((os.path.relpath(file, folder), file) for file in files):
        if file.exists():
            digest.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.digest()


def code_of(loaded: Loaded) -> bytes:
    """Return the digest of a strategy's own code: of a built-in one its file, and those of its room that it imports."""
    if loaded.origin:
        return loaded.source
    module = sys.modules[loaded.made.__module__]
    homes = {getattr(value, "__module__", None) for value in vars(module).values()} | {module.__name__}
    room = tapehead.strategies.__name__
    files = [sys.modules[home].__file__ for home in homes if home is not None and home.startswith(f"{room}.")]
    return _digest_files([Path(file) for file in files if file], _PACKAGE)


@lru_cache(maxsize=1)
def _built_in_digest() -> bytes:
    """Return SHA-256 over the room of built-in strategies."""
    return _digest_files(_PACKAGE.joinpath("strategies").glob("*.py"), _PACKAGE)


@lru_cache(maxsize=1)
def engine_digest() -> bytes:
    """Return SHA-256 over the source of every room that decides a number."""
    files = [file for room in ENGINE_ROOMS for file in _PACKAGE.joinpath(room).rglob("*.py")]
    return _digest_files([*files, _PACKAGE / "strategies" / "strategy.py"], _PACKAGE)


def engine_of(search: str, optuna: str) -> bytes:
    """Return the digest of what computes a run: of a search by Optuna its version too, for another proposes others."""
    return hashlib.sha256(engine_digest() + optuna.encode()).digest() if search == "bayes" else engine_digest()
