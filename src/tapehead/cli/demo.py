"""`tapehead demo`: a synthetic market, made once, one strategy on all of it, and the service over both."""

from typing import TYPE_CHECKING

import click

from tapehead.cli.board import Board
from tapehead.cli.closing import plural
from tapehead.cli.commands import Command
from tapehead.cli.exit_codes import exit_code
from tapehead.cli.live import Ticker, cancelled_by_ctrl_c
from tapehead.cli.run import run_and_show, start_run
from tapehead.cli.serve_demo import can_serve, serve_demo
from tapehead.cli.session import Session

if TYPE_CHECKING:
    from tapehead.library.run import Run

STRATEGY, UNIVERSE, FEE = "RsiReversion", "demo", "10bps"


@click.command(
    "demo",
    cls=Command,
    example="tapehead --home .tapehead-demo demo --instruments 48 --years 5",
    help="Make a synthetic market of hourly bars once, run RsiReversion on all of it with a fee of 10 bps a side, then "
    "serve it: on a terminal until Ctrl-C, elsewhere just long enough to show that it answers.",
)
@click.option(
    "--instruments", type=click.IntRange(1, 5_000), default=48, show_default=True, metavar="N", help="How many."
)
@click.option("--years", type=click.IntRange(1, 30), default=5, show_default=True, metavar="N", help="Of 1h bars each.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=7, show_default=True, metavar="N", help="Of the random walk."
)
@click.option("--serve/--no-serve", "serve", default=None, help="Serve until Ctrl-C, or end after the run.")
@click.pass_context
def demo(context: click.Context, instruments: int, years: int, seed: int, serve: bool | None) -> int:
    """Make the market where it is not there, run, serve."""
    session: Session = context.find_root().obj
    if session.json and serve:
        raise click.UsageError(
            "--serve and --json contradict each other: a service that stays writes no document. "
            "For instance: tapehead demo --serve",
            context,
        )
    ticker = Ticker(session)
    try:
        session.store.demo(instruments, years, seed, ticker)
    finally:
        ticker.clear()
    if not session.json:
        session.put(
            f"A synthetic market: {plural(instruments, 'made-up instrument')} x {plural(years, 'year')} of 1h bars, "
            f"seed {seed}.",
            "No real prices; venue and universe are called demo.",
            f"$ {session.command('backtest', STRATEGY, '--universe', UNIVERSE, '--fee', FEE)}",
            "",
        )
    run = start_run(session, STRATEGY, {"universe": UNIVERSE, "fee": FEE, "fresh": True})
    if session.json:
        return _document(session, run)
    extra = [
        (("backtest", "SmaCross", "--universe", UNIVERSE, "--fee", FEE), "another strategy on the same market"),
        (("strategies",), "what else can be run"),
    ]
    code = run_and_show(session, run, "total_return", 10, extra)
    if code == 0 and serve is not False and (serve or can_serve()):
        serve_demo(session, run.id, stay=session.interactive if serve is None else serve)
    return code


def _document(session: Session, run: "Run") -> int:
    """Run, and write how it ended as one document; the events are those of `tapehead --json backtest`."""
    board = Board()
    with cancelled_by_ctrl_c(run):
        for _, event in run.events():
            board.take(event)
    code = exit_code(board)
    if board.ended is not None:
        session.put_document("demo", {"universe": UNIVERSE, "run": run.id, board.ended.name: board.ended.body()})
    return code
