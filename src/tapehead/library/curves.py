"""equity_of: the equity of every bar of one kept result, made again from its segments."""

from dataclasses import replace

import numpy as np

from tapehead.errors import RunKeyError
from tapehead.indicators.memo import Memo
from tapehead.jobs.adjust import seen_by_signals
from tapehead.jobs.plan import Code, Item, Plan, make_plan
from tapehead.jobs.read import read_bars
from tapehead.jobs.task import DELISTED_AFTER_US, ask, ask_warm_up
from tapehead.library.verify import where_of
from tapehead.metrics.account import Account, Opened
from tapehead.model.bars import F64, Bars
from tapehead.model.result import RunResult
from tapehead.model.rules import Rules
from tapehead.model.spec import RunSpec
from tapehead.model.trades import Trades
from tapehead.ports.runs import RunRecord
from tapehead.simulation.curve import curve
from tapehead.simulation.simulate import Position, Simulated, simulate
from tapehead.strategies.strategy import instance
from tapehead.wiring.assemble import House
from tapehead.wiring.plugins import Loaded, engine_digest, load_strategy


def equity_of(house: House, record: RunRecord, result: RunResult) -> Account:
    """Make one result of a run again and return what happened to its money, bar by bar.

    Raises
    ------
    StrategyFileError, StrategyError
        The strategy's source is gone, or fails.
    RunKeyError
        The result cannot be made from the code that is here now: its trades would be others.
    """
    spec = RunSpec.from_json(record.spec)
    loaded = load_strategy(where_of(spec, record))
    plan = _plan(house, record, spec, loaded)
    item = next(each for each in plan.items if each.instrument.name == result.instrument)
    bars = read_bars(house.shelf, item.series, item.refs, spec.start, spec.end, plan.warm)
    rules = _rules(item, bars, plan.last)
    memo = Memo()
    signals = ask(instance(loaded.made, spec.parameters), seen_by_signals(bars, item.adjustment), memo, loaded.origin)
    if item.member is not None:
        signals = signals.entering_while(item.member.holds(bars.ts))
    done = simulate(bars, signals, rules, memo)
    if done.trades.digest() != result.decisions:
        hint = f" Code or data changed since it was made; what did: tapehead verify {record.run}"
        raise RunKeyError(run=record.run, symbol=result.instrument, hint=hint)
    return account_of(bars, rules, done)


def account_of(bars: Bars, rules: Rules, done: Simulated) -> Account:
    """Return the account of one simulation."""
    equity = curve(bars, done.trades, rules, position=done.position).equity
    lived = bars.slice(bars.warm, len(bars))
    units = _units(done.trades, done.position, len(lived))
    return Account(lived, rules, equity, units, done.trades, _opened(rules, done.position), done.fees_paid)


def _plan(house: House, record: RunRecord, spec: RunSpec, loaded: Loaded) -> Plan:
    """Lay the run out as it was: all its instruments, since the last bar among them says which had ended."""
    receipt = record.receipt
    named = spec if receipt is None else replace(spec, universe=None, symbols=tuple(receipt.segments))
    warm = ask_warm_up(instance(loaded.made, spec.parameters), loaded.origin)
    code = Code(loaded.source, engine_digest())
    where = None if receipt is None else receipt.where
    return make_plan(house.bars, house.shelf, named, code, warm=warm, snapshot=record.snapshot, where=where)


def _rules(item: Item, bars: Bars, last: int) -> Rules:
    """Return the rules of one instrument; it has ended where its last bar lies long before the run's."""
    quiet = last - int(bars.ts[-1]) - item.series.interval.us
    return replace(item.rules, delisted=True) if quiet > DELISTED_AFTER_US else item.rules


def _units(trades: Trades, position: Position | None, n: int) -> F64:
    """Return the units held after each close, shape (n,), negative where short."""
    units, held = np.zeros(n), trades.side * trades.quantity
    for entry, leave, quantity in zip(trades.entry_bar.tolist(), trades.exit_bar.tolist(), held.tolist(), strict=True):
        units[entry:leave] = quantity
    if position is not None:
        units[position.entry_bar :] = position.quantity
    return units


def _opened(rules: Rules, position: Position | None) -> Opened | None:
    """Return the open position."""
    if position is None:
        return None
    return Opened(position.entry_bar, rules.fill == "next_open", position.profit)
