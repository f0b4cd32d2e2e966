"""What `tapehead show` says of a kept sweep: its best sets, or one set on one instrument."""

import sys
from typing import TYPE_CHECKING, Any, cast

import click

from tapehead.cli import numbers
from tapehead.cli.closing import next_lines
from tapehead.cli.export import write_csv
from tapehead.cli.ink import Ink
from tapehead.cli.session import Session
from tapehead.cli.surface_table import set_words, verdict_lines
from tapehead.cli.sweep_view import next_commands, surface_view
from tapehead.cli.table import header_lines
from tapehead.library.documents.runs import run_json

if TYPE_CHECKING:
    from tapehead.library.run import Run
    from tapehead.library.sweep_run import SweepRun
    from tapehead.model.result import RunResult


def show_sweep(session: Session, run: "SweepRun", top: int, as_csv: bool) -> None:
    """Show the sets of a sweep, best first; as JSON and as CSV all of them."""
    found, record = run.surface(), run.record
    if as_csv:
        write_csv(sys.stdout, [{**row.pop("parameters"), **row} for row in found])
        return
    if session.json:
        own = {"objective": found.objective, "best": found.best, "best_robust": found.best_robust}
        body = {**own, **run.found}
        session.put_document("show", {"run": run_json(record), "surface": body, "sets": list(found)})
        return
    ink, (width, _) = Ink(session.colored), session.size
    session.put(*header_lines(run.header, run.spec.rules, width, ink))
    session.put("", *surface_view(session, found, top), "")
    names = list(dict.fromkeys(axis.name.rpartition(".")[2] for axis in run.space.axes if len(axis) > 1))
    session.put(*verdict_lines(run.found or {"best": found.best, "best_robust": found.best_robust}, names))
    failed = f", {record.failed:,} failed" if record.failed else ""
    session.put(f"  {'run':<14}{record.run}   {record.state}   {record.count:,} done{failed}")
    session.put(f"  {'made':<14}{numbers.moment(record.created_at // 1_000_000 * 1_000_000)} UTC")
    if record.receipt is not None:
        session.put(f"  {'receipt':<14}{record.key.receipt()}   digest {record.receipt.digest[:16]}")
    if found.instruments:
        session.put("Next:", *next_lines(next_commands(run), session))


def chosen_set(context: click.Context, run: "Run", symbol: str | None, parameters: dict[str, Any]) -> "Run":
    """Return a sweep as it is at the parameters of a set; refuse a backtest, and a line that names no instrument."""
    if run.spec.grid is None:
        raise click.UsageError(
            f"-p chooses a set of a sweep, and run {run.short} is a backtest; leave it out.", context
        )
    if symbol is None:
        text = f"-p chooses a set on one instrument; name it: tapehead show {run.short} SYMBOL"
        raise click.UsageError(text, context)
    return cast("SweepRun", run).at(**parameters)


def set_label(run: "Run", result: "RunResult") -> str:
    """Return the strategy with all parameters of the set."""
    name = str(result.parameters.get("strategy", run.spec.strategy)).rpartition(":")[2]
    return f"{name} {set_words(result.parameters, [each for each in result.parameters if each != 'strategy'])}".strip()


def set_options(run: "Run", result: "RunResult") -> tuple[str, ...]:
    """Return the options that choose the set of a result again."""
    space = cast("SweepRun", run).space
    names = dict.fromkeys(axis.name.rpartition(".")[2] for axis in space.axes if len(axis) > 1)
    words = set_words(result.parameters, list(names)).split()
    return tuple(word for pair in words for word in ("-p", pair))
