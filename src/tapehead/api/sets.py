"""of_set: a run as it is at one set of a sweep that a request names."""

from contextlib import suppress

from tapehead.errors import ParameterError
from tapehead.library.run import Run
from tapehead.library.sweep_run import SweepRun
from tapehead.model.axis import Value


def of_set(kept: Run, parameters: str) -> Run:
    """Return a run; of a sweep as it is at some `name=value` with commas between, see `SweepRun.at`.

    Raises
    ------
    ParameterError
        They cannot be read, or the run is a backtest.
    """
    if not parameters.strip():
        return kept
    if not isinstance(kept, SweepRun):
        bound = "left out: this run is a backtest and has one set"
        raise ParameterError(name="parameters", value=parameters[:80], bound=bound)
    chosen: dict[str, Value] = {}
    for pair in parameters.split(","):
        name, equals, text = (part.strip() for part in pair.partition("="))
        if not equals or not name or not text or name in chosen:
            bound = "name=value with commas between, such as fast=10,slow=30, each name once"
            raise ParameterError(name="parameters", value=parameters[:80], bound=bound)
        chosen[name] = _value(kept, name, text)
    return kept.at(**chosen)


def _value(kept: SweepRun, name: str, text: str) -> Value:
    """Return a text as the kind of value that the sweep has by that name; what is none stays text, to be refused."""
    for part in kept.space.parts:
        held = [axis.values[0] for axis in part.axes if axis.name == name] + [part.fixed.get(name, "")]
        if not isinstance(held[0], str):
            with suppress(ValueError):
                return type(held[0])(text)
    return text
