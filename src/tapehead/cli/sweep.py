"""`tapehead sweep`: many sets of parameters on many instruments, summed up as a surface."""

from typing import TYPE_CHECKING, Any

import click

from tapehead.cli.alternatives import Alternatives
from tapehead.cli.asked import (
    asked_options,
    check_alone,
    check_instruments,
    settings_of,
    take_workforce,
    work_options,
)
from tapehead.cli.changed_presets import tell_of_presets
from tapehead.cli.live import Ticker
from tapehead.cli.profile import Profile
from tapehead.cli.run_options import engine_options
from tapehead.cli.session import Session
from tapehead.cli.sweep_view import sweep_and_show

if TYPE_CHECKING:
    from tapehead.library.sweep_run import SweepRun

_GO_WITH_RESUME = frozenset({"strategies", "resume", "executor", "workers", "top", "profile"})


def read_grid(_context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read `name=values` pairs; what the values mean the strategy's parameter knows."""
    grid: dict[str, str] = {}
    for pair in values:
        name, equals, text = (part.strip() for part in pair.partition("="))
        if not equals or not name or not text:
            raise click.BadParameter(f"'{pair}' is not name=values; for instance --grid period=5:30", param=option)
        if name in grid:
            raise click.BadParameter(f"{name} is given twice, {grid[name]} and {text}; give one.", param=option)
        grid[name] = text
    return grid


@click.command(
    "sweep",
    cls=Alternatives,
    example="tapehead sweep SmaCross --grid fast=5:20 --grid slow=30:60:10 --universe demo --fee 10bps",
    help="Run STRATEGY, or several, with many sets of parameters on every instrument named.",
)
@click.argument("strategies", metavar="STRATEGY|FILE.py:NAME...", nargs=-1)
@click.option(
    "--grid",
    metavar="NAME=VALUES",
    multiple=True,
    callback=read_grid,
    help="Values of a parameter: 5:20, 30:60:10 or 5,8,13; repeat for more.",
)
@click.option("--where", metavar="CONDITION", help="What sets must meet: 'fast < slow'.")
@click.option(
    "--search",
    type=click.Choice(["grid", "random", "bayes", "halving"]),
    help="All sets (grid, the default), or which of them.",
)
@click.option("--budget", type=click.IntRange(min=1), metavar="N", help="At most so many sets; for searches but grid.")
@click.option(
    "--objective",
    metavar="METRIC",
    help="Its median over the instruments orders the sets, best first; default sharpe.",
)
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Of what is drawn; default 7.")
@asked_options
@engine_options
@work_options
@click.option("--top", type=click.IntRange(min=0), default=10, show_default=True, metavar="N", help="Sets to show.")
@click.option("--fresh", is_flag=True, help="Compute even where an equal run is kept.")
@click.option(
    "--resume", metavar="RUN", help="Go on with a sweep that was killed or cancelled; it keeps its own settings."
)
@click.option("--profile", is_flag=True, help="Say where the time went, and the peak memory.")
@click.pass_context
def sweep(context: click.Context, /, strategies: tuple[str, ...], **options: Any) -> int:
    """Check what to run on, then run and show it."""
    session: Session = context.find_root().obj
    resumed: str | None = options.pop("resume")
    clock = Profile() if options.pop("profile") else None
    top = options.pop("top")
    if resumed is not None:
        check_alone(context, resumed, _GO_WITH_RESUME)
        return sweep_and_show(session, _resume(session, resumed, strategies, options), top, clock)
    if not strategies:
        missing = next(param for param in context.command.params if param.name == "strategies")
        raise click.MissingParameter(ctx=context, param=missing)
    named = " ".join(strategies)
    if not options["grid"]:
        raise click.UsageError(
            f"Give a parameter more than one value by --grid, such as --grid period=5:30. "
            f"See what can vary: tapehead strategies {strategies[0]}",
            context,
        )
    check_instruments(context, options, f"sweep {named} {' '.join(_grid_words(options['grid']))}")
    return sweep_and_show(session, _start(session, strategies, options), top, clock)


def _grid_words(grid: dict[str, str]) -> list[str]:
    """Return a grid as it was given."""
    return [word for name, values in grid.items() for word in ("--grid", f"{name}={values}")]


def _start(session: Session, strategies: tuple[str, ...], options: dict[str, Any]) -> "SweepRun":
    """Ask the store for a sweep; options left out keep the engine's defaults."""
    workforce = take_workforce(options)
    ticker = Ticker(session)
    try:
        tell_of_presets(session, strategies)
        return session.store.sweep(strategies, progress=ticker, **workforce, **settings_of(options))
    finally:
        ticker.clear()


def _resume(session: Session, prefix: str, strategies: tuple[str, ...], options: dict[str, Any]) -> "SweepRun":
    """Ask the store to go on with a sweep; refuse a run that is none."""
    from tapehead.errors import ResumeError
    from tapehead.library.sweep_run import SweepRun

    record = session.store.run(prefix).record
    if "grid" not in record.spec:
        step = f"Go on with it: tapehead backtest --resume {prefix}"
        raise ResumeError(run=prefix, cause="it is a backtest, not a sweep", step=step)
    run = session.store.resume(prefix, strategy=" + ".join(strategies) or None, **take_workforce(options))
    assert isinstance(run, SweepRun)  # noqa: S101 - a run with a grid is one
    return run
