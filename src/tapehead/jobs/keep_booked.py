"""keep_booked: trades of another program reckoned and kept as a run, so that whatever reads runs reads them."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from tapehead.errors import ParameterError
from tapehead.layout.formats import EQUITY_POINTS
from tapehead.metrics.summary import summarise
from tapehead.model.bars import Bars
from tapehead.model.events import Completed, Event, Result, Started, Warned
from tapehead.model.given_trades import ELSEWHERE, IMPORTED, GivenTrades
from tapehead.model.instrument import Instrument
from tapehead.model.result import Receipt, RunId, RunResult
from tapehead.model.rules import Rules
from tapehead.model.spec import RunKey, RunSpec, canonical, iso, run_digest
from tapehead.ports.runs import EventLog, RunStore
from tapehead.simulation.booked import Booked, book
from tapehead.simulation.curve import curve

_ENGINE: Final = hashlib.sha256(b"trades of another program").digest()


class BookedOn(NamedTuple):
    """The trades of one instrument, and the bars they were made on."""

    instrument: Instrument
    bars: Bars
    trades: GivenTrades


class Reckoned(NamedTuple):
    """Trades with their equity and metrics, not kept yet.

    Attributes
    ----------
    key : RunKey
    results : list of RunResult
        By name of the instrument; they name no run.
    warnings : list of (instrument, sentence)
    """

    spec: RunSpec
    key: RunKey
    every: Sequence[BookedOn]
    results: list[RunResult]
    warnings: list[tuple[str, str]]


def reckon(spec: RunSpec, every: Sequence[BookedOn]) -> Reckoned:
    """Return equity and metrics of trades on the bars they were made on.

    Parameters
    ----------
    spec : RunSpec
        Names the other program as its strategy; its rules hold the cash.
    every : sequence of BookedOn
        By name of the instrument.

    Raises
    ------
    ParameterError
        The cash is less than what the trades lose.
    """
    results = [_result(spec, one, book(one.bars, one.trades, _rules(spec, one))) for one in every]
    warnings = [(one.instrument.name, text) for one in every for text in _outside(one)]
    return Reckoned(spec, _key(spec, every), every, results, warnings)


def keep_booked(
    runs: RunStore,
    log: EventLog,
    snapshot: int,
    made: Reckoned,
    facts: tuple[Mapping[str, str], Mapping[str, str]],
) -> RunId:
    """Keep trades as a completed run, all of them or none; trades that are kept already keep their run.

    Parameters
    ----------
    facts : (platform, versions)
    """
    began = time.perf_counter()
    spec, key, results = made.spec, made.key, made.results
    kept = runs.find(key)
    if kept is not None:
        return kept
    digest = run_digest(result.line() for result in results)
    segments = {one.instrument.name: tuple(data.hex() for data in one.bars.segments) for one in made.every}
    receipt = Receipt(key, digest, snapshot, segments, *facts, stamps=(ELSEWHERE,))
    bars = sum(result.bars for result in results)

    def keep() -> RunId:
        with runs.together(f"{len(results)} results of {spec.strategy}"):
            run = runs.create(key, spec, snapshot, IMPORTED)
            own = [replace(result, run=run) for result in results]
            runs.save(own)
            at_ms = round((time.perf_counter() - began) * 1e3, 3)
            events: list[Event] = [Started(run, spec.to_json(), len(own), snapshot, (ELSEWHERE,))]
            for result in own:
                told = [text for name, text in made.warnings if name == result.instrument]
                events += [Result(run, result, at_ms)]
                events += [Warned(run, result.instrument, "trades.outside_bar", text) for text in told]
            ended = Completed(run, len(own), 0, digest, at_ms, at_ms, bars, key.receipt(), outcome=_outcome(own))
            runs.finish(run, "completed", receipt)
            log.append(run, [*events, ended])
            return run

    return runs.outlast(keep)


def _rules(spec: RunSpec, one: BookedOn) -> Rules:
    """Return the rules with the facts of an instrument."""
    return replace(spec.rules, calendar=one.instrument.calendar, multiplier=one.instrument.multiplier)


def _key(spec: RunSpec, every: Sequence[BookedOn]) -> RunKey:
    """Name the run by what was given, on which bars."""
    trades, data = hashlib.sha256(), hashlib.sha256()
    for one in every:
        trades.update(one.instrument.name.encode() + b"\n")
        for column in one.trades:
            trades.update(np.ascontiguousarray(column).tobytes())
        data.update(repr(one.instrument).encode() + b"\n" + one.bars.content())
    return RunKey(hashlib.sha256(canonical(spec.to_json())).digest(), trades.digest(), _ENGINE, data.digest())


def _result(spec: RunSpec, one: BookedOn, made: Booked) -> RunResult:
    """Sum up one instrument."""
    rules, bars = _rules(spec, one), one.bars
    equity = curve(bars, made.ledger, rules).equity
    ruined = np.flatnonzero(equity <= 0)
    if ruined.size:
        at = iso(int(bars.ts[ruined[0]]))
        bound = f"more than {one.instrument.name} loses: its equity falls to {equity[ruined[0]]:,.2f} at {at}"
        raise ParameterError(name="cash", value=rules.cash, bound=bound)
    metrics, why = summarise(
        bars,
        rules,
        made.moments,
        trades=made.trades,
        final_equity=made.final_equity,
        fees_paid=made.fees_paid,
        open_profit=made.open_profit,
        equity=lambda: equity,
    )
    return RunResult(
        run="",
        instrument=one.instrument.name,
        interval=spec.interval,
        parameters=spec.parameters,
        metrics=metrics,
        why=why,
        flags=("imported",) + (("open_at_end",) if made.open_profit is not None else ()),
        equity=curve(bars, made.ledger, rules, EQUITY_POINTS).equity,
        final_equity=made.final_equity,
        decisions=made.trades.digest(),
        segments=bars.segments,
        trades=made.trades,
        elapsed_us=0,
        bars=len(bars),
        first=int(bars.ts[0]),
        last=int(bars.ts[-1]),
    )


def _outside(one: BookedOn) -> list[str]:
    """Say how many fills lie outside of their bars: another market, or a slip of the pen."""
    bars, trades = one.bars, one.trades
    closed = trades.exit_bar >= 0
    at = np.concatenate((trades.entry_bar, trades.exit_bar[closed]))
    price = np.concatenate((trades.entry_price, trades.exit_price[closed]))
    count = int(np.count_nonzero((price < bars.low[at]) | (price > bars.high[at])))
    return [f"{count:,} of {price.size:,} fills lie outside of the prices of their bars"] if count else []


def _outcome(results: Sequence[RunResult]) -> dict[str, float | int]:
    """Return how the results came out, as a backtest says it."""
    gains = [gain for result in results if (gain := result.metrics["total_return"]) is not None]
    return {"median_return": float(np.median(gains)), "profitable": sum(gain > 0 for gain in gains)} if gains else {}
