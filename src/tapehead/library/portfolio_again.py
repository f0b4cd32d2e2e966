"""account_again: the account of a kept portfolio, made again from its segments."""

import itertools

import numpy as np

from tapehead.errors import ChangedRunError, SharedAccountError
from tapehead.jobs.account_of import account_bars, all_trades
from tapehead.jobs.pool import pool_of
from tapehead.jobs.portfolio import legs_of, seat_of
from tapehead.library.course_of import course_of
from tapehead.library.curves import Again
from tapehead.metrics.account import Account
from tapehead.model.interval import Interval
from tapehead.model.pooling import ACCOUNT
from tapehead.model.result import RunResult
from tapehead.portfolio.walk import walk_together
from tapehead.ports.runs import RunRecord
from tapehead.ports.work import Failure, Task
from tapehead.wiring.assemble import House
from tapehead.wiring.worker import WorkerContext, prepare

_turns = itertools.count(1)


def account_again(house: House, record: RunRecord, result: RunResult) -> Account:
    """Make a portfolio again and return what happened to its money, instant by instant.

    `units` is how many positions are held, trades those of all instruments in the order of exits.

    Raises
    ------
    SharedAccountError
        It is the row of an instrument.
    ChangedRunError
        Made again from the code and the data that are here now, its trades are others.
    """
    if result.instrument != ACCOUNT:
        raise SharedAccountError(run=house.runs.shortest(record.run), symbol=result.instrument)
    again = Again.of(house, record)
    plan, pool = pool_of(house.bars, again.plan)
    context = WorkerContext(f"again-{record.run}-{next(_turns)}", house.settings, plan, again.team.wheres)
    course = course_of(prepare(context, again.team), pool)
    seats = [seat_of(course, Task(record.run, item.series, 0, 1)) for item in plan.items]
    legs = legs_of(course, [seat for seat in seats if not isinstance(seat, Failure)])
    walked = walk_together(legs, max_positions=course.pooling.max_positions)
    trades = all_trades(legs, walked)
    if trades.digest() != result.decisions:
        raise ChangedRunError(run=record.run, symbol=result.instrument)
    bars = account_bars(walked, Interval.parse(plan.spec.interval))
    fees = sum(done.fees_paid for done in walked.legs)
    return Account(bars, legs[0].rules, walked.equity, walked.held.astype(np.float64), trades, None, fees)
