"""read_sweep: a sweep as a user asks for it becomes a RunSpec with a grid."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, NamedTuple

from tapehead.errors import ParameterError, UnknownParameterError
from tapehead.library.request import read_request
from tapehead.library.search_request import Asked, read_search
from tapehead.library.warm_up import warm_up_of_sets
from tapehead.model.axis import read_axis
from tapehead.model.space import JOIN, STRATEGY, short_name
from tapehead.model.spec import RULE_KEYS, RunSpec
from tapehead.ports.bars import BarStore
from tapehead.strategies.strategy import Param
from tapehead.wiring.plugins import Loaded

_Given = Mapping[str, Any]


class SweepRequest(NamedTuple):
    """What was asked, and the warm-up that all sets share."""

    spec: RunSpec
    warm: int


def read_sweep(
    store: BarStore,
    loaded: Sequence[Loaded],
    *,
    grid: Mapping[str, Any] | None,
    where: str | None = None,
    search: str | None = None,
    budget: int | None = None,
    objective: str | None = None,
    seed: int | None = None,
    workers: int = 1,
    parameters: Mapping[str, Any] | None = None,
    others: Mapping[str, Any] | None = None,
    **asked: Any,
) -> SweepRequest:
    """Return what was asked, with every name resolved and every value checked; raise for what does not fit.

    Parameters
    ----------
    loaded : sequence of Loaded
        One strategy or several, none twice.
    grid : mapping
        Values by parameter, as `read_axis` takes them. Of several strategies a name means every one that has it, and
        `SmaCross.fast` that of one, which goes before; the same holds for `parameters`, which do not vary.
    where, search, budget, objective, seed
        As in `RunSpec`; None is the default. Every search but `grid` wants a budget, of at least `workers` sets.
    workers : int
        How many work at once.
    parameters, others, asked
        As `read_request` takes them.

    Raises
    ------
    ParameterError, UnknownParameterError
        With a next step that can be typed.
    MissingPackageError
        The search needs Optuna and it is not installed.
    """
    chosen = tuple(sorted(loaded, key=lambda one: one.name))
    _check_names(chosen)
    kept = read_search(search, budget, objective, seed, workers)
    settings = {name: value for name, value in (others or {}).items() if name in RULE_KEYS}
    fixed = {
        **{n: v for n, v in (others or {}).items() if n not in RULE_KEYS},
        **read_mapping("parameters", parameters),
    }
    varied = read_mapping("grid", grid)
    if not varied and len(chosen) == 1:
        example = f"--grid {_example(chosen[0])}" if chosen[0].made.params else "nothing: it has no parameters"
        bound = f"given, such as {example}; one set alone is a backtest: tapehead backtest {chosen[0].name}"
        raise ParameterError(name="grid", value="nothing", bound=bound)
    wide, still = _shared(chosen, varied), _shared(chosen, fixed)
    parts = [_part_of(one, wide[one.name], still[one.name]) for one in chosen]
    first = read_request(store, chosen[0], parameters=parts[0][1], others=settings, **asked)
    spec = _joined(first, chosen, parts, where, kept)
    return SweepRequest(spec, warm_up_of_sets(spec, chosen))


def _check_names(loaded: Sequence[Loaded]) -> None:
    """Refuse no strategy, one given twice, and one whose parameter has the name that tells strategies apart."""
    check_given(loaded)
    for one, after in pairwise(loaded):
        if one.name == after.name:
            raise ParameterError(name="strategy", value=one.name, bound="named once in a sweep")
    for one in loaded:
        if any(param.name == STRATEGY for param in one.made.params):
            bound = f"the strategy itself in a sweep; give that parameter of {one.name} another name"
            raise ParameterError(name=STRATEGY, value=f"a parameter of {one.name}", bound=bound)


def check_given(strategies: Sequence[Any]) -> None:
    """Raise ParameterError for no strategy."""
    if not strategies:
        raise ParameterError(name="strategy", value="nothing", bound="named; list them: tapehead strategies")


def read_mapping(name: str, given: Any) -> _Given:
    """Return a mapping of names, empty where nothing is given."""
    if given is not None and not isinstance(given, Mapping):
        bound = "a mapping of names to values, such as {'fast': '5:30'}"
        raise ParameterError(name=name, value=repr(given), bound=bound)
    return given or {}


class _Shared(NamedTuple):
    """What is given to one strategy: by a name that any may have, and by its own."""

    plain: dict[str, Any]
    own: dict[str, Any]


def _shared(loaded: Sequence[Loaded], given: _Given) -> dict[str, _Shared]:
    """Return for each strategy what of the given is meant for it; raise UnknownParameterError for what nobody has."""
    found = {one.name: _Shared({}, {}) for one in loaded}
    for key, value in given.items():
        owner, _, name = str(key).rpartition(".")
        meant = [one for one in loaded if not owner or owner in (one.name, short_name(one.name))]
        having = [one for one in meant if any(param.name == name for param in one.made.params)]
        if not having:
            raise _unknown(meant or loaded, name if meant else str(key))
        for one in having:
            (found[one.name].own if owner else found[one.name].plain)[name] = value
    return found


def _unknown(loaded: Sequence[Loaded], name: str) -> UnknownParameterError:
    """Return the error of a parameter that no strategy has."""
    held = list(dict.fromkeys(param.name for one in loaded for param in one.made.params))
    close = get_close_matches(name, held, 1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    if name in RULE_KEYS:
        hint = f" It is a setting of the run, and a sweep varies parameters: --{name.replace('_', '-')}."
    names = loaded[0].name if len(loaded) == 1 else f"None of {', '.join(one.name for one in loaded)}"
    if len(loaded) == 1:
        return UnknownParameterError(strategy=names, name=name, hint=hint, held=", ".join(held) or "none")
    text = f"{names} has a parameter '{name}'.{hint} They have: {', '.join(held) or 'none'}. See: tapehead strategies"
    return UnknownParameterError(text, strategy=names, name=name, hint=hint, held=", ".join(held))


_Part = tuple[dict[str, tuple[float | int | str, ...]], dict[str, Any]]
"""Axes and fixed parameters of one strategy."""


def _part_of(one: Loaded, wide: _Shared, still: _Shared) -> _Part:
    """Return what varies of a strategy and what does not; its own names go before those of any."""
    both = sorted((wide.own.keys() & still.own.keys()) | (wide.plain.keys() & still.plain.keys()))
    if both:
        bound = f"in the grid or fixed; leave --grid {both[0]} out, or -p {both[0]}"
        raise ParameterError(name=both[0], value="given twice", bound=bound)
    varied = {**{n: v for n, v in wide.plain.items() if n not in still.own}, **wide.own}
    fixed = {**{n: v for n, v in still.plain.items() if n not in wide.own}, **still.own}
    axes, values = {}, {}
    for param in one.made.params:
        if param.name in varied:
            axes[param.name] = read_axis(param, varied[param.name]).values
        else:
            values[param.name] = param.read(fixed[param.name]) if param.name in fixed else param.default
    return axes, values


def _joined(
    first: RunSpec, loaded: Sequence[Loaded], parts: Sequence[_Part], where: str | None, kept: Asked
) -> RunSpec:
    """Return the spec of the sweep, from that of its first strategy."""
    if where is not None and not isinstance(where, str):
        raise ParameterError(name="where", value=repr(where), bound="a constraint, such as 'fast < slow'")
    line = " ".join((where or "").split())
    if len(loaded) == 1:
        ((axes, values),) = parts
        return replace(first, parameters=values, grid=axes, where=line, **kept._asdict())
    named: dict[str, tuple[float | int | str, ...]] = {STRATEGY: tuple(one.name for one in loaded)}
    still: dict[str, float | int | str] = {}
    for one, (axes, values) in zip(loaded, parts, strict=True):
        named |= {f"{one.name}.{name}": held for name, held in axes.items()}
        still |= {f"{one.name}.{name}": value for name, value in values.items()}
    whole = JOIN.join(one.name for one in loaded)
    return replace(first, strategy=whole, parameters=still, grid=named, where=line, **kept._asdict())


def _example(one: Loaded) -> str:
    """Return a grid of a strategy's first parameter that is a number."""
    params: list[Param] = [param for param in one.made.params if param.kind is not str] or list(one.made.params)
    first = params[0]
    if first.kind is not int:
        return f"{first.name}={first.default}"
    high = 2 * int(first.default) if first.high is None else min(2 * int(first.default), int(first.high))
    return f"{first.name}={first.default}:{high}"
