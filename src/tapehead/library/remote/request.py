"""write_request: a backtest as `Store.backtest` is asked for it becomes the body of a request."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tapehead.errors import ParameterError
from tapehead.library.account_tables import rows_to_send, tables_of
from tapehead.library.sweep_request import check_given, read_mapping
from tapehead.library.times import read_time
from tapehead.model.axis import few
from tapehead.model.pooling import read_pooling
from tapehead.model.spec import RULE_KEYS, iso

_HERE = {"executor": "auto", "workers": None, "keep_failed": False, "strategy": None}
_SWEEP = ("where", "search", "budget", "objective", "seed")


def write_sweep(strategy: str | Sequence[str], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of `POST /runs` for a sweep, as `Store.sweep` is asked for it.

    Raises
    ------
    ParameterError
        As write_request, and for what no body can say: no strategy, a grid that is no mapping, too many values.
    """
    named = [strategy] if isinstance(strategy, str) else list(strategy)
    check_given(named)
    found = {name: asked[name] for name in _SWEEP if asked[name] is not None}
    grid = {name: _values(str(name), given) for name, given in read_mapping("grid", asked["grid"]).items()}
    return {**write_request(named[0], asked), "strategy": named, "grid": grid, **found}


def write_portfolio(strategy: str, asked: Mapping[str, Any], pooling: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of `POST /runs` for a portfolio, as `Store.portfolio` is asked for it.

    Raises
    ------
    ParameterError
        As write_request, and for a setting of the account that does not fit.
    """
    tables = tables_of(pooling)
    plain = read_pooling({**pooling, **dict.fromkeys(tables)}).to_json()
    return {**write_request(strategy, asked), "portfolio": {**plain, **rows_to_send(tables)}}


def _values(name: str, given: Any) -> Any:
    """Return the values of an axis as JSON has them: text as it is, whatever else holds several as a list."""
    if isinstance(given, Iterable) and not isinstance(given, (str, bytes)):
        return few(name.rpartition(".")[2], given)
    return given


def write_request(strategy: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of `POST /runs`; what is None is left to the engine.

    Settings and parameters stand beside each other in `others`, as in the library, and are told apart by name.

    Raises
    ------
    ParameterError
        A moment is none; or something is asked of this machine that the service decides.
    """
    check_left_out(asked)
    others = dict(asked["others"])
    parameters = {name: value for name, value in others.items() if name not in RULE_KEYS}
    symbols = asked["symbols"]
    body = {
        "strategy": strategy,
        "parameters": {**parameters, **(asked["parameters"] or {})},
        "universe": asked["universe"],
        "symbols": [symbols] if isinstance(symbols, str) else None if symbols is None else list(symbols),
        "interval": asked["interval"],
        "snapshot": asked["snapshot"],
        "adjust": None if asked["adjust"] == "none" else asked["adjust"],
        "fresh": asked["fresh"] or None,
        **{name: value for name, value in others.items() if name in RULE_KEYS},
        **{name: time_text(name, asked[name]) for name in ("start", "end")},
    }
    return {name: value for name, value in body.items() if value is not None}


def check_left_out(asked: Mapping[str, Any]) -> None:
    """Raise ParameterError for what the service decides and was asked for all the same."""
    for name, default in _HERE.items():
        if asked.get(name, default) != default:
            raise ParameterError(name=name, value=asked[name], bound="left out: a service decides it itself")


def time_text(name: str, value: Any) -> str | None:
    """Return a moment as ISO text; None stays None."""
    us = read_time(name, value)
    return None if us is None else iso(us)
