"""`tapehead show`: what a kept run holds, as tables, CSV or JSON."""

import sys
import textwrap
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import click

from tapehead.cli import numbers
from tapehead.cli.alternatives import Alternatives
from tapehead.cli.asked import read_parameters
from tapehead.cli.backtest_words import backtest_words
from tapehead.cli.board import Board
from tapehead.cli.closing import next_lines
from tapehead.cli.export import write_csv
from tapehead.cli.ink import Ink
from tapehead.cli.measures import compat_lines, metric_lines
from tapehead.cli.order_table import order_lines
from tapehead.cli.profile import stage_lines, stages_json
from tapehead.cli.run import SortKey
from tapehead.cli.runs import state_word
from tapehead.cli.session import Session
from tapehead.cli.show_portfolio import (
    account_order_lines,
    account_trade_lines,
    course_lines,
    is_account,
    no_other_fee,
    share_lines,
)
from tapehead.cli.show_sweep import chosen_set, set_label, set_options, show_sweep
from tapehead.cli.table import (
    Glyphs,
    display_names,
    headed,
    header_lines,
    more_line,
    return_line,
    sparkline,
    table_lines,
)
from tapehead.errors import TapeheadError
from tapehead.library.documents.results import (
    course_rows,
    equity_rows,
    order_rows,
    result_json,
    result_rows,
    share_rows,
    trade_rows,
)
from tapehead.library.documents.runs import run_json
from tapehead.metrics.tools import TOOLS
from tapehead.model.given import GivenWeights
from tapehead.model.given_trades import IMPORTED
from tapehead.model.interval import Interval
from tapehead.model.pooling import ACCOUNT, Pooling

if TYPE_CHECKING:
    from tapehead.library.run import Run
    from tapehead.library.sweep_run import SweepRun
    from tapehead.model.result import RunResult
    from tapehead.model.rules import Rules

_CURVE_WIDTH = 64
_ALL = 1_000_000
_OTHER_FEE = 0.0005
_OWN = "equity at its close"


@click.command(
    "show",
    cls=Alternatives,
    example="tapehead show 01JD8Q7K SOLUSDT --trades --csv",
    help="Show a kept run, or one instrument of it: metrics, or --trades, --orders, --equity, --timings. UTC.",
)
@click.argument("run")
@click.argument("symbol", required=False)
@click.option(
    "-p",
    "parameters",
    metavar="NAME=VALUE",
    multiple=True,
    callback=read_parameters,
    help="Of a sweep: the set to show of SYMBOL; default the best robust one.",
)
@click.option("--trades", "what", flag_value="trades", help="Closed trades of SYMBOL.")
@click.option(
    "--costs",
    "what",
    flag_value="costs",
    help="Return of SYMBOL at other fees, from the same fills; of a portfolio what each instrument brought and cost.",
)
@click.option("--orders", "what", flag_value="orders", help="Every order of SYMBOL, made again, and what became of it.")
@click.option("--equity", "what", flag_value="equity", help="Equity of SYMBOL at up to 64 bar closes.")
@click.option("--receipt", "what", flag_value="receipt", help="What the run can be made again from.")
@click.option(
    "--timings", "what", flag_value="timings", help="Where the time of the run went, and its memory by stage."
)
@click.option("--rf", metavar="RATE", help="Riskless yearly rate for SYMBOL's metrics: 2%; default 0.")
@click.option("--compat", type=click.Choice(list(TOOLS)), help="SYMBOL's metrics as that tool would print them.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, every digit.")
@click.option("--sort", type=SortKey(), default="total_return", show_default=True, help="Metric that orders the rows.")
@click.option("--top", type=click.IntRange(min=0), default=10, show_default=True, metavar="N", help="Rows to show.")
@click.pass_context
def show(
    context: click.Context,
    run: str,
    symbol: str | None,
    parameters: dict[str, Any],
    what: str | None,
    rf: str | None,
    compat: str | None,
    as_csv: bool,
    sort: str,
    top: int,
) -> int:
    """Find the run and show the asked part of it."""
    session: Session = context.find_root().obj
    _check_view(context, run, symbol, what, rf, compat)
    if as_csv and session.json:
        raise click.UsageError("--csv and --json contradict each other; give one.", context)
    if as_csv and what in ("receipt", "timings"):
        raise click.UsageError(f"--{what} is no table. As JSON: tapehead --json show {run} --{what}", context)
    kept = session.store.run(run)
    sweep = kept if kept.spec.grid is not None else None
    if parameters:
        kept = chosen_set(context, kept, symbol, parameters)
    if what == "receipt":
        _receipt(session, kept)
    elif what == "timings":
        _timings(session, kept)
    elif symbol is None and sweep is not None:
        show_sweep(session, cast("SweepRun", sweep), top, as_csv)
    elif symbol is None:
        _whole(session, kept, sort, top, as_csv)
    elif compat is not None:
        _foreign(session, kept, symbol, compat, as_csv)
    else:
        _one(session, kept, symbol, what, rf, as_csv)
    return 0


def _check_view(
    context: click.Context, run: str, symbol: str | None, what: str | None, rf: str | None, compat: str | None
) -> None:
    """Refuse what is of one instrument without one and what is of the run beside one, and what no metrics can show."""
    if what in ("trades", "orders", "equity", "costs") and symbol is None:
        raise click.UsageError(f"--{what} is of one instrument; name it: tapehead show {run} SYMBOL --{what}", context)
    if what in ("receipt", "timings") and symbol is not None:
        text = f"--{what} is of the whole run, not of {symbol}; leave that out: tapehead show {run} --{what}"
        raise click.UsageError(text, context)
    for option, value in (("--compat", compat), ("--rf", rf)):
        if value is not None and symbol is None:
            text = f"{option} is of one instrument; name it: tapehead show {run} SYMBOL {option} {value}"
            raise click.UsageError(text, context)
        if value is not None and what is not None:
            text = f"{option} is about metrics, --{what} shows none; give one: tapehead show {run} {symbol} --{what}"
            raise click.UsageError(text, context)
    if rf is not None and compat is not None:
        text = (
            f"--rf is a setting of Tapehead's own metrics; leave it out: tapehead show {run} {symbol} --compat {compat}"
        )
        raise click.UsageError(text, context)


def _whole(session: Session, run: "Run", sort: str, top: int, as_csv: bool) -> None:
    """Show all results of a run."""
    results = list(run.results(sort, _ALL))
    if as_csv:
        write_csv(sys.stdout, result_rows(results))
        return
    if session.json:
        session.put_document("show", {"run": run_json(run.record), "results": [result_json(one) for one in results]})
        return
    ink, (width, _), glyphs = Ink(session.colored), session.size, Glyphs.of(sys.stdout.encoding)
    board = Board.of(results, sort)
    rows = board.best(top)
    session.put(*header_lines(run.header, run.spec.rules, width, ink))
    if rows:
        session.put("", *table_lines(rows, width, ink, glyphs), *more_line(board, len(rows), ink))
    session.put("", *return_line(board), *_state_lines(run))
    if rows:
        symbol = display_names([row.instrument for row in board.rows])[rows[0].instrument]
        symbol = symbol if run.spec.portfolio is None else "account"
        session.put(
            "Next:", *next_lines([(("show", run.short, symbol), "trades and metrics of one instrument")], session)
        )


def _timings(session: Session, run: "Run") -> None:
    """Show where the time of a run went."""
    if session.json:
        session.put_document("show", {"run": run.id, **stages_json(run)})
    else:
        session.put(*stage_lines(run))


def _state_lines(run: "Run") -> list[str]:
    """Return the state, the identity and the receipt of a run."""
    record = run.record
    failed = f", {record.failed:,} failed" if record.failed else ""
    made = numbers.moment(record.created_at // 1_000_000 * 1_000_000)
    lines = [
        f"  {'run':<14}{record.run}   {state_word(record.state)}   {record.count:,} done{failed}",
        f"  {'made':<14}{made} UTC",
    ]
    if record.receipt is not None:
        lines.append(f"  {'receipt':<14}{record.key.receipt()}   digest {record.receipt.digest[:16]}")
    return lines


def _one(session: Session, run: "Run", symbol: str, what: str | None, rf: str | None, as_csv: bool) -> None:
    """Show one result of a run; its metrics with those of the whole curve, where the curve can be made again."""
    result, trouble = run[symbol], ""
    if what is None:
        result, trouble = _measured(run, symbol, rf)
    rows, trouble = _asked_rows(session, run, symbol, result, what, trouble)
    if as_csv:
        write_csv(sys.stdout, rows)
    elif session.json:
        body: dict[str, Any] = {"run": run.id, "result": result_json(result)}
        if what is not None:
            body["shares" if what == "costs" and run.spec.portfolio is not None else what] = list(rows)
        if trouble:
            body["trouble"] = trouble
        session.put_document("show", body)
        return
    else:
        ink, glyphs = Ink(session.colored), Glyphs.of(sys.stdout.encoding)
        session.put(*_result_head(run, result, session.size[0], ink))
        if what is None:
            session.put(*_summary(session, run, result, symbol, glyphs))
        else:
            session.put(*_table_lines(run, result, what, rows, session.size[0], ink))
        if what == "costs":
            # A command on a line of its own: together they are wider than a window.
            session.put(*([trouble.replace(": ", ":\n  ", 1) if run.spec.portfolio is None else _at_last(trouble)]
                          if trouble else []))  # fmt: skip
            return
    if trouble:
        session.say(trouble if what == "costs" else f"Only what is kept: {trouble}")


def _at_last(text: str) -> str:
    """Return a sentence with its command, which stands at its end, on a line of its own."""
    said, command = text.rsplit(": ", 1)
    return f"{textwrap.fill(said + ':', 80)}\n  {command}"


def _asked_rows(
    session: Session, run: "Run", symbol: str, result: "RunResult", what: str | None, trouble: str
) -> tuple[Iterable[dict[str, Any]], str]:
    """Return the rows of the asked table, and what is to be said beside them."""
    if run.spec.portfolio is not None and what == "costs":
        every = share_rows(run.shares())
        return [row for row in every if result.instrument in (ACCOUNT, row["instrument"])], no_other_fee(session, run)
    if what == "equity" and is_account(run, result):
        try:
            return list(course_rows(run.equity(result), len(result.equity))), trouble
        except TapeheadError as error:
            return equity_rows(result, run.times(symbol)), str(error)
    rows = _rows(run, symbol, result, what)
    if what == "costs":
        rows = list(rows)
        trouble = "" if rows else _no_costs(session, run, result)
    return rows, trouble


def _table_lines(
    run: "Run", result: "RunResult", what: str, rows: Iterable[dict[str, Any]], width: int, ink: Ink
) -> list[str]:
    """Return the lines of an asked table."""
    shared = is_account(run, result)
    if what == "trades":
        return account_trade_lines(rows, width, ink) if shared else _trade_lines(rows, ink)
    if what == "orders":
        return account_order_lines(rows, width, ink) if shared else order_lines(rows, ink)
    if what == "costs":
        listed = list(rows)
        if run.spec.portfolio is not None:
            return share_lines(listed, ink)
        return _cost_lines(listed, run.spec.rules, ink) if listed else []
    listed = list(rows)
    if shared and listed and "cash" in listed[0]:
        return course_lines(listed, ink)
    return _equity_lines(listed, ink, "cash and its share" if run.spec.portfolio is not None and not shared else _OWN)


def _measured(run: "Run", symbol: str, rf: str | None) -> tuple["RunResult", str]:
    """Return the result with every metric, or as it is kept and why its curve cannot be made again."""
    result = run[symbol]
    try:
        found = run.metrics(symbol, 0.0 if rf is None else rf)
    except TapeheadError as error:
        if rf is not None:
            raise
        return result, str(error)
    return replace(result, metrics=found, why=found.why), ""


def _foreign(session: Session, run: "Run", symbol: str, tool: str, as_csv: bool) -> None:
    """Show one result as another tool would."""
    table = run.compat(symbol, tool)
    if as_csv:
        write_csv(sys.stdout, [{"name": name, "value": value} for name, value in table.items()])
    elif session.json:
        session.put_document(
            "show", {"run": run.id, "instrument": run[symbol].instrument, "tool": tool, "compat": table}
        )
    else:
        session.put(
            *_result_head(run, run[symbol], session.size[0], Ink(session.colored)),
            *compat_lines(tool, table, run[symbol].instrument, session.size[0]),
        )


def _rows(run: "Run", symbol: str, result: "RunResult", what: str | None) -> Iterable[dict[str, Any]]:
    """Return the rows of the asked table."""
    if what is None:
        return result_rows([result])
    if what == "equity" and run.spec.portfolio is not None and result.instrument != ACCOUNT:
        # What is kept of an instrument stands at instants of the clock, which all share.
        times = run.times(ACCOUNT)
        return equity_rows(replace(result, bars=len(times)), times)
    times = run.times(symbol)
    if what == "costs":
        return ({"fee": fee, "total_return": gain} for fee, gain in run.costs(result))
    if what == "orders":
        return order_rows(run.orders(result), times)
    if what == "equity":
        return equity_rows(result, times)
    point = run.money_points(symbol) if is_account(run, result) else run.money_a_point(symbol)
    return trade_rows(result, times, point)


def _result_head(run: "Run", result: "RunResult", width: int, ink: Ink) -> list[str]:
    """Return what the result is of."""
    step = Interval.parse(result.interval).us
    span = f"{numbers.moment(result.first)} to {numbers.moment(result.last + step)} UTC" if result.bars else "no bars"
    words = [result.instrument, result.interval, span, f"{result.bars:,} bars"]
    return [*headed(words, width, ink), run.header.strategy if run.spec.grid is None else set_label(run, result)]


def _summary(session: Session, run: "Run", result: "RunResult", symbol: str, glyphs: Glyphs) -> list[str]:
    """Return curve, metrics and flags."""
    lines = metric_lines(result.metrics, result.why, glyphs.infinity, Ink(session.colored))
    lines.append(Ink(session.colored).head("account"))
    lines.append(f"  {'final_equity':<22}{numbers.plain(result.final_equity, 2)}")
    if result.flags:
        lines.append(f"  {'flags':<22}{' '.join(result.flags)}")
    curve = sparkline(result.equity.tolist(), glyphs.blocks, min(_CURVE_WIDTH, session.size[0] - 4))
    chosen = () if run.spec.grid is None else set_options(run, result)
    commands = [
        (("show", run.short, symbol, *chosen, "--trades"), "every closed trade"),
        *(
            [(("explain", run.short, symbol, "1"), "why a trade is what it is")]
            if run.spec.portfolio and result.trades
            else []
        ),
        # Nothing here can make trades of another program again.
        *([] if run.record.origin == IMPORTED else [(("verify", run.short), "make it again")]),
    ]
    return [*([f"  {curve}"] if curve else []), *lines, "Next:", *next_lines(commands, session)]


def _trade_lines(rows: Iterable[dict[str, Any]], ink: Ink) -> list[str]:
    """Return a line a trade."""
    titles = f"{'#':>4} {'entry (UTC)':<16} {'price':>10} {'exit (UTC)':<16} {'price':>10} {'return %':>9}  exit by"
    lines = [ink.head(titles)]
    for place, row in enumerate(rows, 1):
        gain = numbers.percent(row["return"])
        mark = f"{row['reason']}{'  across gap' * bool(row['across_gap'])}"
        lines.append(
            f"{place:>4} {_minute(row['entry_time'])} {numbers.price(row['entry_price']):>10} "
            f"{_minute(row['exit_time'])} {numbers.price(row['exit_price']):>10} "
            f"{ink.money(f'{gain:>9}', row['return'])}  {mark}"
        )
    return lines if len(lines) > 1 else ["no closed trade"]


def _cost_lines(rows: Iterable[dict[str, Any]], rules: "Rules", ink: Ink) -> list[str]:
    """Return a line a fee; the run's own is marked."""
    lines = [ink.head(f"  {'fee a side':>12}  {'return %':>10}")]
    for row in rows:
        gain = numbers.percent(row["total_return"])
        own = "  this run's" if row["fee"] == rules.fee else ""
        lines.append(f"  {numbers.basis_points(row['fee']):>12}  {ink.money(f'{gain:>10}', row['total_return'])}{own}")
    return lines


def _no_costs(session: Session, run: "Run", result: "RunResult") -> str:
    """Say why there is no curve of costs; the next step asks for the same run at another fee."""
    if result.why.get("break_even_fee") == "no_trades":
        return "Nothing was traded, so no fee was paid."
    from tapehead.library.verify import where_of

    spec, record = run.spec, run.record
    other = replace(spec, rules=replace(spec.rules, fee=_OTHER_FEE if spec.rules.fee != _OTHER_FEE else 2 * _OTHER_FEE))
    words, lacking = backtest_words(other, where_of(spec, record), record.snapshot)
    without = f" (no flag can say {', '.join(lacking)}: set it in the strategy's file)" if lacking else ""
    return f"A fee would change more than sizes here; run it at another fee{without}: {session.command(*words)}"


def _equity_lines(rows: Iterable[dict[str, Any]], ink: Ink, title: str) -> list[str]:
    """Return a line a point of the curve."""
    lines = [ink.head(f"  {'bar':>9}  {'open (UTC)':<16}  {title:>19}")]
    return lines + [f"  {r['bar']:>9,}  {_minute(r['time'])}  {numbers.plain(r['equity'], 2):>19}" for r in rows]


def _minute(time: str) -> str:
    """Return an ISO time to the minute."""
    return time[:16].replace("T", " ")


def _receipt(session: Session, run: "Run") -> None:
    """Show the receipt."""
    receipt = run.receipt
    if receipt is None:
        raise click.UsageError(
            f"Run {run.short} is {state_word(run.record.state)}; only a completed run has a receipt."
        )
    if session.json:
        session.put_document("show", {"run": run.id, "receipt": receipt.to_json()})
        return
    body = receipt.to_json()
    session.put(f"receipt     {body['receipt']}", f"digest      {body['digest']}", f"snapshot    {body['snapshot']}")
    session.put(*(f"{name:<12}{value}" for name, value in body["key"].items()))
    n = sum(len(hashes) for hashes in body["segments"].values())
    session.put(f"segments    {n:,} of {len(body['segments']):,} instruments; all of them with --json")
    if receipt.adjustments:
        session.put(f"adjusted    {len(receipt.adjustments):,} instruments; what by, with --json")
    if receipt.where:
        session.put(
            f"where       {receipt.where}", f"members     {len(receipt.memberships):,} instruments at some time"
        )
    session.put(*_given_lines(run.spec.portfolio))
    session.put(*(f"stamp       {stamp}" for stamp in receipt.stamps))
    session.put(*(f"{name:<12}{value}" for part in ("platform", "versions") for name, value in body[part].items()))


def _given_lines(pooling: Pooling | None) -> list[str]:
    """Say which tables a portfolio was given; they stand in its spec."""
    lines = []
    if pooling is not None and isinstance(pooling.weights, GivenWeights):
        lines.append(f"weights     {pooling.weights.in_words()}; all with show --json")
    if pooling is not None and pooling.facts is not None:
        lines.append(f"facts       {pooling.facts.in_words()}; all with show --json")
    return lines
