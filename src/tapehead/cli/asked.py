"""Options of a run that say what it runs on, from when to when, and by whom the work is done."""

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar

import click

from tapehead.settings import MOST_WORKERS

Function = TypeVar("Function", bound=Callable[..., Any])


class Workers(click.ParamType[int]):
    """`auto` or a number of workers from 1 to 1,024; auto is 0."""

    name = "auto|N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the number."""
        if value == "auto":
            return 0
        if not re.fullmatch(r"[1-9][0-9]{0,3}", str(value)) or int(value) > MOST_WORKERS:
            bound = f"neither auto nor a number from 1 to {MOST_WORKERS:,}, such as --workers 2"
            self.fail(f"'{value}' is {bound}", param, ctx)
        return int(value)


def split_names(_context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...] | None:
    """Read names given as `A,B` or by repeating the option; None when there are none."""
    if not values:
        return None
    names = tuple(dict.fromkeys(name.strip() for value in values for name in value.split(",") if name.strip()))
    if not names:
        raise click.BadParameter("it names no instrument; for instance --symbols BTCUSDT,ETHUSDT", param=option)
    return names


def read_parameters(
    _context: click.Context, option: click.Parameter, values: Iterable[str]
) -> dict[str, float | int | str]:
    """Read `name=value` pairs; a number where the value is one."""
    parameters: dict[str, float | int | str] = {}
    for pair in values:
        name, equals, text = (part.strip() for part in pair.partition("="))
        if not equals or not name or not text:
            raise click.BadParameter(f"'{pair}' is not name=value; for instance -p period=14", param=option)
        if name in parameters:
            raise click.BadParameter(f"{name} is given twice, {parameters[name]} and {text}; give one.", param=option)
        parameters[name] = number_or_text(text)
    return parameters


def number_or_text(text: str) -> float | int | str:
    """Return what a parameter's text means: an int or a float where it is one."""
    if re.fullmatch(r"[+-]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        return float(text)
    return text


_ASKED = (
    click.option(
        "-p",
        "parameters",
        metavar="NAME=VALUE",
        multiple=True,
        callback=read_parameters,
        help="Parameter of the strategy; repeat for more.",
    ),
    click.option("--universe", metavar="U", help="Named set of instruments."),
    click.option(
        "--symbols", metavar="A,B", multiple=True, callback=split_names, help="Instruments, as SYMBOL or venue:SYMBOL."
    ),
    click.option("--interval", metavar="1h", help="Bar spacing; needed where the instruments have several."),
    click.option("--start", metavar="TIME", help="First bar, a date or ISO time, UTC: 2021-04-01."),
    click.option("--end", metavar="TIME", help="End, not included, UTC: 2024-01-01T00:00."),
    click.option(
        "--snapshot", type=click.IntRange(min=0), metavar="N", help="State of the store to read; default the newest."
    ),
)
_WORK = (
    click.option(
        "--adjust",
        type=click.Choice(["none", "split", "all"]),
        help="What signals see taken out of prices: splits, or all (dividends too); fills stay raw.",
    ),
    click.option(
        "--executor",
        type=click.Choice(["auto", "threads", "processes", "serial"]),
        default="auto",
        show_default=True,
        help="What tasks run in side by side; auto takes processes where threads of plain Python would wait.",
    ),
    click.option(
        "--workers", type=Workers(), default="auto", show_default=True, help="How many; auto: one a processor."
    ),
)


def asked_options(command: Function) -> Function:
    """Give a command parameters of the strategy, instruments, interval, range and snapshot."""
    for option in reversed(_ASKED):
        command = option(command)
    return command


def work_options(command: Function) -> Function:
    """Give a command what signals see adjusted, and who does the work."""
    for option in reversed(_WORK):
        command = option(command)
    return command


def check_instruments(context: click.Context, options: dict[str, Any], words: str) -> None:
    """Refuse a line that does not name its instruments once; `words` begin one that does."""
    if (options["universe"] is None) == (options["symbols"] is None):
        given = "both are given" if options["universe"] is not None else "neither is given"
        raise click.UsageError(
            f"Name the instruments by --universe or by --symbols; {given}. "
            f"For instance: tapehead {words} --symbols BTCUSDT",
            context,
        )


def settings_of(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were given; a flag that was not is none of them."""
    asked = {name: value for name, value in options.items() if value is not None}
    for flag in ("close_at_end", "day", "flip"):
        asked[flag] = asked.get(flag) or None
    return {name: value for name, value in asked.items() if value is not None}


def check_alone(context: click.Context, run: str, allowed: Collection[str]) -> None:
    """Refuse settings beside `--resume`, since the run has its own; those `allowed` are none of a run."""
    given = [param.opts[0] for param in context.command.params if _sets_something(context, param, allowed)]
    if given:
        raise click.UsageError(
            f"--resume goes on with the settings that the run has; leave out {', '.join(given)}. "
            f"For instance: {context.command_path} --resume {run}",
            context,
        )


def _sets_something(context: click.Context, param: click.Parameter, allowed: Collection[str]) -> bool:
    """Say whether a word of the line is a setting of a run; of flags that stand for each other, the one given."""
    name = param.name or ""
    # A global option sets the session, wherever it stands, and has no value here.
    if not param.expose_value or name in allowed:
        return False
    if context.get_parameter_source(name) is not click.core.ParameterSource.COMMANDLINE:
        return False
    word = getattr(param, "flag_value", None)
    return not isinstance(word, str) or word == context.params[name]


def take_workforce(options: dict[str, Any]) -> dict[str, Any]:
    """Take executor and workers out of the options; what is left out keeps the store's own."""
    executor, workers = options.pop("executor", "auto"), options.pop("workers", 0) or None
    if executor == "serial" and workers not in (None, 1):
        raise click.UsageError(f"--executor serial has one worker, not {workers}; leave --workers out.")
    return {"workers": workers} if executor == "auto" else {"workers": workers, "executor": executor}
