"""`tapehead store promote`: a whole store taken over into another one, from a folder to PostgreSQL or back."""

import math
from typing import TYPE_CHECKING

import click

from tapehead.cli import numbers
from tapehead.cli.closing import next_lines, plural
from tapehead.cli.commands import Command
from tapehead.cli.ink import Ink
from tapehead.cli.live import Ticker
from tapehead.cli.session import Session
from tapehead.cli.sizes import size
from tapehead.errors import SurroundingsError

if TYPE_CHECKING:
    from tapehead.jobs.foresee import Forecast
    from tapehead.library.promotion import Promoted

_STATES = {
    "absent": "no store there yet; it is made",
    "empty": "empty",
    "begun": "holds what an earlier attempt copied; it goes on",
    "older": "holds an earlier state of this store; it is brought up to date",
    "equal": "holds all of it already",
}
_FAULTS_SHOWN = 10
_SHORT_S = 1


@click.command(
    "promote",
    cls=Command,
    example="tapehead store promote --to market-copy --dry-run",
    help="Take over everything, bars with their history, runs and the ledger of trials, into a store in PostgreSQL or "
    "in a folder, and prove that it is the same there. What was cut short goes on when it is called again. The store "
    "it is called on stays as it is. Keys of a service, its audit log and hot files stay where they are.",
)
@click.option(
    "--to", metavar="URL", required=True, help="postgresql://USER@HOST/DATABASE, or a folder; made where there is none."
)
@click.option("--dry-run", is_flag=True, help="Say how much it is and how long about it takes; write nothing.")
@click.option(
    "--verify", metavar="RUN", default="", help="Run to make again from the target; default a small one; none for none."
)
@click.pass_context
def promote(context: click.Context, /, to: str, dry_run: bool, verify: str) -> int:
    """Promote, tell what was done, and end with 1 where it is not the same there."""
    from tapehead.library.documents.promotion import forecast_json, promoted_json
    from tapehead.library.promotion import foresee_store, promote_store

    session: Session = context.find_root().obj
    house = session.store.house
    forecast = foresee_store(house, to)
    if not session.json:
        (session.put if dry_run else session.say)(*_forecast_lines(forecast))
    if dry_run:
        if session.json:
            session.put_document("store", {"promote": {"dry_run": True, **forecast_json(forecast)}})
        return 0
    ticker, copied = Ticker(session), False

    def progress(what: str, done: int, total: int) -> None:
        nonlocal copied
        copied = copied or bool(done)
        ticker(what, done, total)

    try:
        done = promote_store(house, to, forecast=forecast, verify=verify, progress=progress)
    except SurroundingsError:
        ticker.clear()
        if copied:
            session.say("What was copied stays, and nothing is half there: the same command goes on from here.")
        raise
    finally:
        ticker.clear()
    if session.json:
        body = {"dry_run": False, "forecast": forecast_json(forecast), **promoted_json(done)}
        session.put_document("store", {"promote": body})
    else:
        session.put(*_lines(done, to, session))
    return 0 if done.is_equal else 1


def _forecast_lines(forecast: "Forecast") -> list[str]:
    """Return what is going to be taken over."""
    held = f"; {plural(forecast.held_segments, 'segment')} there already" if forecast.held_segments else ""
    bars = f"{forecast.series:,} series, {plural(forecast.bars, 'bar')}, {plural(forecast.commits, 'commit')}"
    segments = f"{plural(forecast.segments, 'segment')}, {size(forecast.segment_bytes + forecast.block_bytes)}{held}"
    runs = f"{plural(forecast.runs, 'run')} with {plural(forecast.results, 'result')}, {size(forecast.run_bytes)}"
    runs += f"; {plural(forecast.held_runs, 'run')} there already" if forecast.held_runs else ""
    rows = [
        ("from", forecast.source),
        ("to", forecast.target),
        ("", _STATES[forecast.state]),
        ("bars", bars),
        ("segments", segments),
        ("runs", runs),
        ("trials", f"{forecast.trials:,} in the ledger"),
    ]
    rows += [("stays", f"run {run}: somebody works on it") for run in forecast.going]
    rows += [("stays", f"run {run}: more of it is there than here") for run in forecast.ahead]
    all_there = forecast.state == "equal" and not forecast.size_bytes
    what = "nothing to copy; comparing takes" if all_there else size(forecast.size_bytes) + ","
    rows.append(("in all", f"{what} about {_about(forecast.seconds)}"))
    return [f"{name:<10}{text}" for name, text in rows]


def _about(seconds: float) -> str:
    """Return a guess of a duration, as roughly as it is one."""
    return "a second" if seconds < _SHORT_S else f"{math.ceil(seconds):,} s"


def _lines(done: "Promoted", to: str, session: Session) -> list[str]:
    """Return what was done, what was proved, and what to type next."""
    ink, told = Ink(session.colored), done.promotion
    parts = [plural(told.segments, "segment"), plural(told.rows, "row"), plural(told.runs, "run")]
    lines = [f"Copied {', '.join(parts)} and {plural(told.trials, 'trial')} in {numbers.seconds(told.seconds)}."]
    compared = told.compared
    if told.faults:
        lines += [ink.bad(f"not equal {fault}") for fault in told.faults[:_FAULTS_SHOWN]]
        more = len(told.faults) - _FAULTS_SHOWN
        lines += [f"          {more:,} more; --json tells all"] if more > 0 else []
    else:
        every = [plural(compared[name], name.removesuffix("s")) for name in ("segments", "commits", "runs", "trials")]
        lines.append(f"equal     {', '.join(every)}: hash by hash, read back from there")
    again = done.verification
    if again is not None:
        lines.append(f"verified  run {again.run} made again there: {again.verdict}")
    elif not told.faults:
        lines.append("verified  no run: none was completed, or none was asked for")
    return [*lines, "Next:", *_next(to, session)]


def _next(to: str, session: Session) -> list[str]:
    """Return commands on the target."""
    other = Session()
    other.home = to
    other.servers_home = None if "://" in (session.home or "") else session.home
    return next_lines([(("store", "log"), "the same commits, there"), (("runs",), "the same runs")], other)
