"""`tapehead portfolio`: one strategy on many instruments that share one account."""

import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tapehead.cli.alternatives import Alternatives
from tapehead.cli.asked import asked_options, check_instruments, settings_of, take_workforce, work_options
from tapehead.cli.board import Board
from tapehead.cli.closing import next_lines, warning_lines
from tapehead.cli.exit_codes import exit_code
from tapehead.cli.live import Ticker, follow, stream_events
from tapehead.cli.profile import Profile
from tapehead.cli.run_options import engine_options
from tapehead.cli.session import Session
from tapehead.model.events import Cancelled, Completed
from tapehead.model.pooling import ACCOUNT
from tapehead.model.result import RunResult

if TYPE_CHECKING:
    from tapehead.library.run import Run

Function = TypeVar("Function", bound=Callable[..., Any])
_OPTIONS = (
    click.option("--rank", metavar="INDICATOR", help="Of those to be bought the greatest go first: roc(63), -atr(14)."),
    click.option(
        "--max-positions",
        type=click.IntRange(min=1),
        metavar="N",
        help="Most positions at a time; without --size an entry is 1/N of equity.",
    ),
    click.option(
        "--weights",
        metavar="equal|FILE",
        help="One share each on rebalancing dates; or a CSV or Parquet file with time, symbol, weight.",
    ),
    click.option("--rebalance", metavar="WHEN", help="bar, day, week, month, quarter, or dates with commas between."),
    click.option(
        "--settle", type=click.Choice(["T+0", "T+1"]), help="When the money of a sale buys again; default T+0."
    ),
    click.option("--currency", metavar="CODE", help="Of the account: USD; others settle by a series such as EURUSD."),
    click.option(
        "--facts", metavar="FILE", help="Dated splits and dividends: a CSV or Parquet file, time, symbol, kind, value."
    ),
)


def portfolio_options(command: Function) -> Function:
    """Give a command the settings of an account that is shared."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command(
    "portfolio",
    cls=Alternatives,
    example="tapehead portfolio SmaCross --universe demo --size 10% --max-positions 10 --fee 10bps",
    help="Run STRATEGY, or NAME of a FILE.py, on the instruments named, all from one account.",
)
@click.argument("strategy", metavar="STRATEGY|FILE.py:NAME")
@portfolio_options
@asked_options
@engine_options
@work_options
@click.option("--top", type=click.IntRange(min=0), default=10, show_default=True, metavar="N", help="Rows to show.")
@click.option("--fresh", is_flag=True, help="Compute even where an equal run is kept.")
@click.option("--profile", is_flag=True, help="Say where the time went, and the peak memory.")
@click.pass_context
def portfolio(context: click.Context, /, strategy: str, **options: Any) -> int:
    """Check what to run on, then run and show it."""
    session: Session = context.find_root().obj
    clock = Profile() if options.pop("profile") else None
    top = options.pop("top")
    check_instruments(context, options, f"portfolio {strategy}")
    if options["executor"] == "processes":
        raise click.UsageError(
            "A portfolio runs in threads, since all share one account; leave --executor out.", context
        )
    run = _start(session, strategy, options)
    if session.json:
        return exit_code(stream_events(run, session, None, clock))
    board = Board(sort="total_return")
    follow(run, session, board, top)
    for told in account_lines(run):
        session.put(*textwrap.wrap(told, session.size[0]))
    session.put(*warning_lines(board, session))
    if clock is not None:
        session.put(*clock.lines(run))
    if isinstance(board.ended, Completed):
        session.put(f"Kept as run {run.short}, receipt {board.ended.receipt}.  Next:")
        nexts = [
            (("show", run.short, "account"), "trades and metrics of the account"),
            *_turned_away(run),
            (("verify", run.short), "make it again and compare every bit"),
        ]
        session.put(*next_lines(nexts, session))
    elif isinstance(board.ended, Cancelled):
        session.put(f"Of a half of a portfolio nothing is kept. Begin it anew: tapehead backtest --resume {run.short}")
    return exit_code(board)


def _start(session: Session, strategy: str, options: dict[str, Any]) -> "Run":
    """Ask the store for a portfolio; options left out keep the engine's defaults."""
    workforce = take_workforce(options)
    workforce.pop("executor", None)
    ticker = Ticker(session)
    try:
        return session.store.portfolio(strategy, progress=ticker, **workforce, **settings_of(options))
    finally:
        ticker.clear()


def _turned_away(run: "Run") -> list[tuple[tuple[str, ...], str]]:
    """Return where the orders are told that met no cash or no place, if there are some."""
    account = _account_of(run)
    wanted = [] if account is None else [word for word in ("no_place", "no_cash") if word in account.flags]
    text = f"its orders, those that ended as {' or '.join(wanted)} too"
    return [(("show", run.short, "account", "--orders"), text)] if wanted else []


def _account_of(run: "Run") -> RunResult | None:
    """Return the result of the account; None where the run ended before it."""
    return next((row for row in run.results(sort="instrument") if row.instrument == ACCOUNT), None)


def account_lines(run: "Run") -> list[str]:
    """Return what the account came to, in words."""
    found = _account_of(run)
    return [] if found is None else _told(found)


def _told(account: RunResult) -> list[str]:
    """Return the sentences about an account."""
    metrics = account.metrics

    def share(name: str) -> str:
        value = metrics.get(name)
        return "–" if value is None else f"{100 * value:,.2f} %"

    def number(name: str, digits: int = 2) -> str:
        value = metrics.get(name)
        # Adding 0.0 takes the sign off a rounded zero.
        return "–" if value is None else f"{round(value, digits) + 0.0:,.{digits}f}"

    ended = f"Account: {account.final_equity:,.2f} at the end, return {share('total_return')}, drawdown"

    def counted(name: str, word: str) -> str:
        return f"{number(name, 0)} {word}{'' if metrics.get(name) == 1.0 else 's'}"

    held = f"Held at most {counted('positions_most', 'position')}, {number('positions_mean', 1)} on average;"
    marks = f"Marks were at most {counted('stale_bars_most', 'bar')} old. Fees {number('fees_paid')},"
    return [
        f"{ended} {share('max_drawdown')}, sharpe {number('sharpe')}.",
        f"{held} {share('exposure_mean')} of equity invested; least cash {number('cash_least')}.",
        f"{marks} dividends {number('dividends')}, interest {number('interest')}.",
    ]
