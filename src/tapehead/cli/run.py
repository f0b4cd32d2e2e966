"""`tapehead backtest`: one strategy on many instruments, shown while it goes."""

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

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
from tapehead.cli.board import SORT_KEYS, Board
from tapehead.cli.changed_presets import tell_of_presets
from tapehead.cli.closing import next_lines, summary_lines
from tapehead.cli.exit_codes import exit_code
from tapehead.cli.live import Ticker, follow, stream_events
from tapehead.cli.measures import compat_lines
from tapehead.cli.profile import Profile
from tapehead.cli.run_options import engine_options
from tapehead.cli.session import Session
from tapehead.cli.sweep_view import sweep_and_show
from tapehead.metrics.tools import TOOLS
from tapehead.model.events import Cancelled, Completed

if TYPE_CHECKING:
    from tapehead.library.run import Run
    from tapehead.library.sweep_run import SweepRun

_GO_WITH_RESUME = frozenset({"strategy", "resume", "executor", "workers", "sort", "top", "compat", "profile"})


class SortKey(click.ParamType[str]):
    """A metric to sort by, best first, or `instrument`."""

    name = "metric"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take a known name; suggest near ones."""
        if value not in SORT_KEYS:
            self.fail(_no_metric(str(value)), param, ctx)
        return str(value)


def _no_metric(value: str) -> str:
    """Return the sentence for a metric that is not there."""
    near = difflib.get_close_matches(value, SORT_KEYS, 1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return f"'{value}' is no metric.{hint} There are: {', '.join(SORT_KEYS)}"


@click.command(
    "backtest",
    cls=Alternatives,
    example="tapehead backtest RsiReversion -p period=14 --universe demo --fee 10bps",
    help="Run STRATEGY, or NAME of a FILE.py, on every instrument named; results appear as they are done.",
)
@click.argument("strategy", metavar="STRATEGY|FILE.py:NAME", required=False)
@asked_options
@engine_options
@work_options
@click.option(
    "--sort",
    type=SortKey(),
    default="total_return",
    show_default=True,
    help="Metric that orders the rows, best first, or instrument.",
)
@click.option("--top", type=click.IntRange(min=0), default=10, show_default=True, metavar="N", help="Rows to show.")
@click.option(
    "--compat", type=click.Choice(list(TOOLS)), help="Add the best row's metrics as that tool prints them; --json: all."
)
@click.option("--fresh", is_flag=True, help="Compute even where an equal run is kept.")
@click.option(
    "--resume", metavar="RUN", help="Go on with a run that was killed or cancelled; it keeps its own settings."
)
@click.option("--profile", is_flag=True, help="Say where the time went, and the peak memory.")
@click.pass_context
def backtest(context: click.Context, /, strategy: str | None, **options: Any) -> int:
    """Check what to run on, then run and show it."""
    session: Session = context.find_root().obj
    resumed: str | None = options.pop("resume")
    clock = Profile() if options.pop("profile") else None
    sort, top, compat = (options.pop(name) for name in ("sort", "top", "compat"))
    if resumed is not None:
        check_alone(context, resumed, _GO_WITH_RESUME)
        run = resume_run(session, resumed, strategy, options)
        if run.spec.grid is not None:
            return sweep_and_show(session, cast("SweepRun", run), top, clock)
        return run_and_show(session, run, sort, top, compat=compat, clock=clock)
    if strategy is None:
        raise click.MissingParameter(ctx=context, param=next(p for p in context.command.params if p.name == "strategy"))
    check_instruments(context, options, f"backtest {strategy}")
    return run_and_show(session, start_run(session, strategy, options), sort, top, compat=compat, clock=clock)


def resume_run(session: Session, prefix: str, strategy: str | None, options: dict[str, Any]) -> "Run":
    """Ask the store to go on with a run."""
    return session.store.resume(prefix, strategy=strategy, **take_workforce(options))


def start_run(session: Session, strategy: str, options: dict[str, Any]) -> "Run":
    """Ask the store for a run; options left out keep the engine's defaults."""
    workforce = take_workforce(options)
    ticker = Ticker(session)
    try:
        tell_of_presets(session, (strategy,))
        return session.store.backtest(strategy, progress=ticker, **workforce, **settings_of(options))
    finally:
        ticker.clear()


def run_and_show(
    session: Session,
    run: "Run",
    sort: str,
    top: int,
    extra: Iterable[tuple[tuple[str, ...], str]] = (),
    *,
    compat: str | None = None,
    clock: Profile | None = None,
) -> int:
    """Drive a run, show it, say what to type next; return the exit code.

    With `compat` the best row is shown as that tool would print it too; as JSON, every result has the key `compat`.
    With `clock` it is said where the time went; as JSON, the event `completed` has the key `profile`.
    """
    if session.json:
        return exit_code(stream_events(run, session, compat, clock))
    board = Board(sort=sort)
    follow(run, session, board, top)
    session.put(*summary_lines(board, session, run.spec.rules))
    if compat is not None and board.rows:
        best = board.best(1)[0].instrument
        session.put(*compat_lines(compat, run.compat(best, compat), best, session.size[0]))
    if clock is not None:
        session.put(*clock.lines(run))
    if isinstance(board.ended, Completed):
        session.put(f"Kept as run {run.short}, receipt {board.ended.receipt}.  Next:")
        session.put(*next_lines([*_next_commands(run, board), *extra], session))
    elif isinstance(board.ended, Cancelled):
        session.put(f"Kept as run {run.short}, {len(board.rows):,} of {board.total:,} results.  Next:")
        going_on = (("backtest", "--resume", run.short), "go on from there")
        session.put(*next_lines([going_on, (("show", run.short), "what was finished before Ctrl-C")], session))
    return exit_code(board)


def _next_commands(run: "Run", board: Board) -> list[tuple[tuple[str, ...], str]]:
    """Return commands that make sense after a run."""
    commands: list[tuple[tuple[str, ...], str]] = []
    if board.rows:
        best = board.best(1)[0].instrument
        symbol = best.partition(":")[2]
        alone = sum(row.instrument.partition(":")[2] == symbol for row in board.rows) == 1
        commands.append((("show", run.short, symbol if alone else best), "trades and metrics of one instrument"))
    commands.append((("verify", run.short), "make it again and compare every bit"))
    return commands
