"""remade, account_again: a kept portfolio, made again from its segments."""

import itertools

import numpy as np

from tapehead.errors import ChangedRunError, ParameterError, SharedAccountError
from tapehead.jobs.account_of import account_bars, all_trades
from tapehead.jobs.explain_shared import explain_shared
from tapehead.jobs.pool import pool_of
from tapehead.jobs.portfolio import legs_of, seat_of
from tapehead.jobs.remade import Remade, course_table, remade_of, shares_table
from tapehead.library.course_of import course_of
from tapehead.library.curves import Again
from tapehead.metrics.account import Account
from tapehead.model.interval import Interval
from tapehead.model.orders import Orders
from tapehead.model.pooling import ACCOUNT
from tapehead.model.result import RunId, RunResult
from tapehead.model.table import Table
from tapehead.portfolio.walk import walk_together
from tapehead.ports.runs import RunRecord
from tapehead.ports.work import Failure, Task
from tapehead.wiring.assemble import House
from tapehead.wiring.worker import WorkerContext, prepare

_turns = itertools.count(1)


class PortfolioAgain:
    """A kept portfolio that is made again, once, when something is first asked of it.

    Raises ChangedRunError where, made from the code and the data that are here now, its trades are others.
    """

    def __init__(self, house: House, run: RunId) -> None:
        self._house, self._run = house, run
        self._held: Remade | None = None

    @property
    def remade(self) -> Remade:
        """The portfolio, walked with its orders."""
        if self._held is None:
            # Its record as it stands now: when this was made, the run may still have gone on.
            self._held = _remade(self._house, self._house.runs.record(self._run))
        return self._held

    def account(self, result: RunResult) -> Account:
        """Return what happened to the money of the account, instant by instant.

        `units` is how many positions are held, trades those of all instruments in the order of exits. Raises
        SharedAccountError for the row of an instrument.
        """
        self._check_account(result)
        made = self.remade
        walked = made.walked
        bars = account_bars(walked, Interval.parse(made.course.bench.plan.spec.interval))
        fees = sum(done.fees_paid for done in walked.legs)
        held, points = walked.held.astype(np.float64), {leg.name: leg.rules.multiplier for leg in made.legs}
        return Account(bars, made.legs[0].rules, walked.equity, held, made.trades, None, fees, points)

    def course(self, result: RunResult) -> Table:
        """Return `jobs.remade.course_table`; raises SharedAccountError for the row of an instrument."""
        self._check_account(result)
        return course_table(self.remade.walked)

    def shares(self) -> Table:
        """Return `jobs.remade.shares_table`."""
        return shares_table(self.remade)

    def orders(self, result: RunResult) -> Orders:
        """Return the orders of an instrument, those of all for the account."""
        return self.remade.orders if result.instrument == ACCOUNT else self.remade.orders_of(result.instrument)

    def explain(self, result: RunResult, trade: int) -> tuple[dict[str, object], dict[str, object]]:
        """Return whose the trade is, and its explanation; `trade` counts from 1, of the account in order of exit."""
        made, name, number = self.remade, result.instrument, trade
        count = len(made.trades) if name == ACCOUNT else len(made.leg(name)[1].trades)
        check_number(trade, count)
        if name == ACCOUNT:
            place, row = made.walked.order[trade - 1]
            name, number = made.names[place], row + 1
            count = len(made.walked.legs[place].trades)
        return {"instrument": name, "number": number, "trades": count}, explain_shared(made, name, number - 1)

    def _check_account(self, result: RunResult) -> None:
        """Raise SharedAccountError for the row of an instrument."""
        if result.instrument != ACCOUNT:
            run = self._house.runs.shortest(self._run)
            raise SharedAccountError(run=run, symbol=result.instrument)


def check_number(trade: int, count: int) -> None:
    """Raise ParameterError where a trade, counted from 1, is not among so many."""
    if not 1 <= trade <= count:
        bound = f"a number from 1 to {count:,}" if count else "left out: this result has no closed trade"
        raise ParameterError(name="trade", value=trade, bound=bound)


def _remade(house: House, record: RunRecord) -> Remade:
    """Make a portfolio again and compare its trades with those that are kept."""
    again = Again.of(house, record)
    plan, pool = pool_of(house.bars, again.plan)
    context = WorkerContext(f"again-{record.run}-{next(_turns)}", house.settings, plan, again.team.wheres)
    course = course_of(prepare(context, again.team), pool)
    every = [seat_of(course, Task(record.run, item.series, 0, 1)) for item in plan.items]
    seats = [seat for seat in every if not isinstance(seat, Failure)]
    signals = {seat.item.instrument.name: seat.signals for seat in seats if seat.signals is not None}
    legs = legs_of(course, seats)
    kept = house.runs.result(record.run, ACCOUNT)
    if not legs or kept is None:
        raise ChangedRunError(run=record.run, symbol=ACCOUNT)
    walked = walk_together(legs, max_positions=course.pooling.max_positions, orders=True)
    trades = all_trades(legs, walked)
    if trades.digest() != kept.decisions:
        raise ChangedRunError(run=record.run, symbol=ACCOUNT)
    return remade_of(course, legs, signals, walked, trades)
