"""read_request: a backtest as a user asks for it becomes a RunSpec."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from tapehead.errors import ParameterError, UnknownParameterError
from tapehead.jobs.plan import choose_interval
from tapehead.jobs.universes import select
from tapehead.library.rules import read_rules
from tapehead.library.times import read_time
from tapehead.model.rules import check_interval
from tapehead.model.spec import RULE_KEYS, RunSpec
from tapehead.ports.bars import BarStore
from tapehead.strategies.strategy import read_parameters
from tapehead.wiring.plugins import Loaded

_KINDS: Final[Mapping[str, tuple[type, str]]] = {
    "universe": (str, "the name of a universe, such as all; list them: tapehead universe list"),
    "parameters": (Mapping, "a mapping of names to values, such as {'period': 14}"),
    "adjust": (str, "none, split or all"),
}


def read_request(
    store: BarStore,
    loaded: Loaded,
    *,
    universe: str | None,
    symbols: str | Sequence[str] | None,
    interval: str | None,
    start: Any,
    end: Any,
    parameters: Mapping[str, Any] | None,
    others: Mapping[str, Any],
    adjust: Any = "none",
    snapshot: int | None = None,
) -> RunSpec:
    """Return what was asked, with every name resolved and every value checked; raise for what does not fit.

    `others` are settings of the engine and parameters of the strategy, told apart by name; names are those of the
    snapshot.
    """
    if universe is not None and symbols is not None:
        raise ParameterError(
            name="symbols", value=symbols, bound="left out where universe is given, or the other way round"
        )
    _check_kinds(universe=universe, parameters=parameters, adjust=adjust)
    settings = {name: value for name, value in others.items() if name in RULE_KEYS and value is not None}
    values = {**{name: value for name, value in others.items() if name not in RULE_KEYS}, **(parameters or {})}
    try:
        chosen = read_parameters(loaded.made, values)
    except UnknownParameterError as error:
        raise _also_settings(error) from None
    wanted = None if symbols is None else _names(symbols)
    if wanted is None and universe is None:
        universe = "all"
    instruments = select(store, universe, wanted, snapshot)
    every = choose_interval(
        store, instruments, interval, f"universe {universe}" if universe else ", ".join(wanted or ())
    )
    rules = read_rules(settings)
    check_interval(rules, every.us)
    return RunSpec(
        strategy=loaded.name,
        parameters=chosen,
        interval=every.text,
        universe=universe,
        symbols=tuple(each.name for each in instruments) if universe is None else None,
        start=read_time("start", start),
        end=read_time("end", end),
        rules=rules,
        adjust="none" if adjust is None else adjust,
    )


def _check_kinds(**asked: Any) -> None:
    """Raise ParameterError for what is no name, or no mapping."""
    for name, value in asked.items():
        kind, bound = _KINDS[name]
        if value is not None and not isinstance(value, kind):
            raise ParameterError(name=name, value=repr(value), bound=bound)


def _names(symbols: Any) -> list[str]:
    """Return the symbols asked for, at least one."""
    names = [symbols] if isinstance(symbols, str) else list(symbols) if isinstance(symbols, Iterable) else [symbols]
    wrong = next((name for name in names if not isinstance(name, str)), None)
    if wrong is not None:
        raise ParameterError(name="symbols", value=repr(wrong), bound="one symbol or several, such as BTCUSDT")
    if not names:
        raise ParameterError(name="symbols", value="none", bound="at least one symbol, such as BTCUSDT")
    return names


def _also_settings(error: UnknownParameterError) -> UnknownParameterError:
    """Name the engine's settings too, since both are given by name."""
    facts = dict(error.facts)
    facts["held"] = f"{facts['held']}; a run takes {', '.join((*RULE_KEYS, 'adjust'))} as well"
    return UnknownParameterError(**facts)
