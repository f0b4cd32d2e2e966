"""equity_of: the equity of every bar of a kept result, made again from its segments."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from tapehead.errors import AdjustError, ChangedRunError, MadeElsewhereError, SharedAccountError, TapeheadError
from tapehead.indicators.memo import Memo
from tapehead.jobs.adjust import seen_by_signals
from tapehead.jobs.ask import ask
from tapehead.jobs.beside import Beside
from tapehead.jobs.explain import Made
from tapehead.jobs.plan import Code, Item, Plan, make_plan
from tapehead.jobs.read import Shelf, read_bars
from tapehead.jobs.task import DELISTED_AFTER_US
from tapehead.library.lead import needs_of, warm_up_of
from tapehead.metrics.account import Account, Opened
from tapehead.metrics.tail import tail
from tapehead.model.bars import Bars
from tapehead.model.given_trades import IMPORTED
from tapehead.model.pooling import ACCOUNT
from tapehead.model.result import Metrics, RunResult
from tapehead.model.rules import Rules
from tapehead.model.spec import RunSpec
from tapehead.ports.runs import RunRecord
from tapehead.simulation.curve import curve
from tapehead.simulation.simulate import Position, Simulated, simulate
from tapehead.wiring.assemble import House
from tapehead.wiring.plugins import engine_digest
from tapehead.wiring.team import Team, team_of


def equity_of(house: House, record: RunRecord, result: RunResult) -> Account:
    """Make one result of a run again and return what happened to its money, bar by bar.

    Raises
    ------
    ChangedRunError
        Made again from the code and the data that are here now, its trades are others.
    StrategyFileError, StrategyError, NoBarsError
        The strategy's source or its bars are gone, or it fails.
    """
    return Again.of(house, record).account(result)


def accounts_of(
    house: House, record: RunRecord, results: Iterable[RunResult]
) -> Iterator[tuple[RunResult, Account | TapeheadError]]:
    """Yield each result with its account, or with the reason why it has none; the run is laid out once."""
    try:
        again = Again.of(house, record)
    except TapeheadError as error:
        yield from ((result, error) for result in results)
        return
    for result in results:
        try:
            yield result, again.account(result)
        except TapeheadError as error:
            yield result, error


_MARKET = ("alpha", "beta")


class Again(NamedTuple):
    """A run laid out as it was, ready to make results again."""

    shelf: Shelf
    run: str
    team: Team
    plan: Plan
    items: Mapping[str, Item]

    @staticmethod
    def of(house: House, record: RunRecord) -> "Again":
        """Lay out all instruments of the run: the last bar among them says which of them had ended."""
        spec, receipt = RunSpec.from_json(record.spec), record.receipt
        if record.origin == IMPORTED:
            raise MadeElsewhereError(run=record.run, name=spec.strategy, symbol=(spec.symbols or ("",))[0])
        team = team_of(spec, record.origin)
        named = spec if receipt is None else replace(spec, universe=None, symbols=tuple(receipt.segments))
        code = Code(team.source, engine_digest())
        where = None if receipt is None else receipt.where
        warm = warm_up_of(spec, team)
        asked: dict[str, Any] = {"needs": needs_of(spec, team), "snapshot": record.snapshot, "where": where}
        plan = make_plan(house.bars, house.shelf, named, code, warm=warm, **asked)
        return Again(house.shelf, record.run, team, plan, {item.instrument.name: item for item in plan.items})

    def account(self, result: RunResult) -> Account:
        """Make one result again and return its account."""
        made = self.made(result)
        return account_of(made.bars, made.rules, made.done)

    def made(self, result: RunResult, *, orders: bool = False) -> Made:
        """Make one result again, with its orders if asked; raise ChangedRunError where its trades would be others."""
        spec = self.plan.spec
        if spec.portfolio is not None:
            raise SharedAccountError(run=self.run, symbol=result.instrument)
        item = self.items[result.instrument]
        if item.fault:
            raise AdjustError(item.fault)
        bars = read_bars(self.shelf, item.series, item.refs, spec.start, spec.end, self.plan.warm)
        quiet = self.plan.last - int(bars.ts[-1]) - item.series.interval.us
        rules = replace(item.rules, delisted=True) if quiet > DELISTED_AFTER_US else item.rules
        memo, strategy = Memo(), self.team.strategy(result.parameters)
        origin = self.team.member(result.parameters).origin
        seen = Beside(self.plan, self.shelf).bars(strategy, item, seen_by_signals(bars, item.adjustment), origin)
        signals = ask(strategy, seen, memo, origin)
        if item.member is not None:
            signals = signals.entering_while(item.member.holds(bars.ts))
        done = simulate(bars, signals, rules, memo, orders=orders)
        if done.trades.digest() != result.decisions:
            raise ChangedRunError(run=self.run, symbol=result.instrument)
        return Made(bars, signals, rules, memo, done)


def account_of(bars: Bars, rules: Rules, done: Simulated) -> Account:
    """Return the account of one simulation."""
    equity = curve(bars, done.ledger, rules).equity
    lived = bars.slice(bars.warm, len(bars))
    units = done.ledger.units_at(len(lived))
    return Account(lived, rules, equity, units, done.trades, _opened(rules, done.position), done.fees_paid)


def _opened(rules: Rules, position: Position | None) -> Opened | None:
    """Return the open position."""
    if position is None:
        return None
    at_open = rules.fill == "next_open" and not position.inside
    return Opened(position.entry_bar, at_open, position.profit)


class AllMetrics(Metrics):
    """Every metric of one result by name, also as attributes; `why` gives the reason of each None."""

    why: Mapping[str, str]


def all_metrics(account: Account, result: RunResult, rf: float = 0.0) -> AllMetrics:
    """Return what a run keeps of a result and what needs its whole curve; `rf` is a yearly rate."""
    values, why = tail(account, rf=rf)
    if result.instrument == ACCOUNT:
        # A shared account is measured as if it were a price: there is no market to hold it against.
        values, why = {**values, **dict.fromkeys(_MARKET)}, {**why, **dict.fromkeys(_MARKET, "shared_cash")}
    found = AllMetrics({**result.metrics, **values})
    told = {**{name: reason for name, reason in result.why.items() if name not in values}, **why}
    found.why = {name: told[name] for name in found if name in told}
    return found
