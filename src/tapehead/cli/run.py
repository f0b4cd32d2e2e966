"""`tapehead backtest`: one strategy on many instruments, shown while it goes."""

import difflib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from tapehead.cli.alternatives import Alternatives
from tapehead.cli.board import SORT_KEYS, Board
from tapehead.cli.closing import next_lines, summary_lines
from tapehead.cli.live import Ticker, follow, stream_events
from tapehead.cli.measures import compat_lines
from tapehead.cli.profile import Profile
from tapehead.cli.run_options import engine_options
from tapehead.cli.session import Session
from tapehead.library.remote.problems import error_from
from tapehead.metrics.tools import TOOLS
from tapehead.model.events import Cancelled, Completed, Failed

if TYPE_CHECKING:
    from tapehead.library.run import Run

_ALL_BAD_INPUT = ("strategy.", "input.")
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


class Workers(click.ParamType[int]):
    """`auto` or a number of workers of at least 1; auto is 0."""

    name = "auto|N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the number."""
        if value == "auto":
            return 0
        if not re.fullmatch(r"[1-9][0-9]{0,3}", str(value)):
            self.fail(f"'{value}' is neither auto nor a number of at least 1, such as --workers 2", param, ctx)
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


@click.command(
    "backtest",
    cls=Alternatives,
    example="tapehead backtest RsiReversion -p period=14 --universe demo --fee 10bps",
    help="Run STRATEGY, or NAME of a FILE.py, on every instrument named; results appear as they are done.",
)
@click.argument("strategy", metavar="STRATEGY|FILE.py:NAME", required=False)
@click.option(
    "-p",
    "parameters",
    metavar="NAME=VALUE",
    multiple=True,
    callback=read_parameters,
    help="Parameter of the strategy; repeat for more.",
)
@click.option("--universe", metavar="U", help="Named set of instruments.")
@click.option(
    "--symbols", metavar="A,B", multiple=True, callback=split_names, help="Instruments, as SYMBOL or venue:SYMBOL."
)
@click.option("--interval", metavar="1h", help="Bar spacing; needed where the instruments have several.")
@click.option("--start", metavar="TIME", help="First bar, a date or ISO time, UTC: 2021-04-01.")
@click.option("--end", metavar="TIME", help="End, not included, UTC: 2024-01-01T00:00.")
@click.option(
    "--snapshot", type=click.IntRange(min=0), metavar="N", help="State of the store to read; default the newest."
)
@engine_options
@click.option(
    "--adjust",
    type=click.Choice(["none", "split", "all"]),
    help="What signals see taken out of prices: splits, or all (dividends too); fills stay raw.",
)
@click.option(
    "--executor",
    type=click.Choice(["threads", "serial"]),
    default="threads",
    show_default=True,
    help="How instruments run side by side.",
)
@click.option("--workers", type=Workers(), default="auto", show_default=True, help="How many at a time.")
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
        _check_alone(context, resumed)
        return run_and_show(
            session, resume_run(session, resumed, strategy, options), sort, top, compat=compat, clock=clock
        )
    if strategy is None:
        raise click.MissingParameter(ctx=context, param=next(p for p in context.command.params if p.name == "strategy"))
    if (options["universe"] is None) == (options["symbols"] is None):
        given = "both are given" if options["universe"] is not None else "neither is given"
        raise click.UsageError(
            f"Name the instruments by --universe or by --symbols; {given}. "
            f"For instance: tapehead backtest {strategy} --symbols BTCUSDT",
            context,
        )
    return run_and_show(session, start_run(session, strategy, options), sort, top, compat=compat, clock=clock)


def _check_alone(context: click.Context, run: str) -> None:
    """Refuse settings beside `--resume`, since the run has its own."""
    given = [param.opts[0] for param in context.command.params if _sets_something(context, param)]
    if given:
        raise click.UsageError(
            f"--resume goes on with the settings that the run has; leave out {', '.join(given)}. "
            f"For instance: tapehead backtest --resume {run}",
            context,
        )


def _sets_something(context: click.Context, param: click.Parameter) -> bool:
    """Say whether a word of the line is a setting of a run; of flags that stand for each other, the one given."""
    name = param.name or ""
    # A global option sets the session, wherever it stands, and has no value here.
    if not param.expose_value or name in _GO_WITH_RESUME:
        return False
    if context.get_parameter_source(name) is not click.core.ParameterSource.COMMANDLINE:
        return False
    word = getattr(param, "flag_value", None)
    return not isinstance(word, str) or word == context.params[name]


def resume_run(session: Session, prefix: str, strategy: str | None, options: dict[str, Any]) -> "Run":
    """Ask the store to go on with a run."""
    return session.store.resume(prefix, strategy=strategy, **_workforce(options))


def _workforce(options: dict[str, Any]) -> dict[str, Any]:
    """Take executor and workers out of the options; what is left out keeps the store's own."""
    executor, workers = options.pop("executor", "threads"), options.pop("workers", 0) or None
    if executor == "threads":
        return {"workers": workers}
    if workers not in (None, 1):
        raise click.UsageError(f"--executor serial has one worker, not {workers}; leave --workers out.")
    return {"workers": workers, "executor": executor}


def start_run(session: Session, strategy: str, options: dict[str, Any]) -> "Run":
    """Ask the store for a run; options left out keep the engine's defaults."""
    workforce = _workforce(options)
    asked = {name: value for name, value in options.items() if value is not None}
    for flag in ("close_at_end", "day", "flip"):
        asked[flag] = asked.get(flag) or None
    given = {name: value for name, value in asked.items() if value is not None}
    ticker = Ticker(session)
    try:
        return session.store.backtest(strategy, progress=ticker, **workforce, **given)
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
        return exit_code(stream_events(run, compat, clock))
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


def exit_code(board: Board) -> int:
    """Return 0, 1 when an instrument or the look-ahead test failed, 130 after Ctrl-C; raise what stopped the run."""
    ended = board.ended
    if isinstance(ended, Cancelled):
        return 130
    if isinstance(ended, Failed):
        raise error_from(ended.code, ended.text)
    if isinstance(ended, Completed) and ended.failed:
        if not ended.count:
            _raise_if_input(board)
        return 1
    told = ended.look_ahead if isinstance(ended, Completed) and ended.look_ahead is not None else {}
    if told.get("found"):
        return 1
    return 130 if told.get("stopped") else 0


def _raise_if_input(board: Board) -> None:
    """Raise the first failure when nothing came out because of what was asked."""
    for instrument, code, text in board.warnings:
        if code.startswith(_ALL_BAD_INPUT):
            raise error_from(code, text if instrument is None or instrument in text else f"{instrument}: {text}")
