"""Run: a backtest that goes on while it is read, or one that is kept."""

import itertools
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tapehead.errors import NoBarsError, ParameterError, RunKeyError, SignalsError, StrategyError, TapeheadError
from tapehead.jobs.drive import Numbered
from tapehead.jobs.run_tally import Tally
from tapehead.jobs.verify import Verification
from tapehead.library.bar_times import bar_times
from tapehead.library.run_trades import RunTrades
from tapehead.library.seen import SeenResults
from tapehead.library.told_again import fail_run
from tapehead.model.bars import I64
from tapehead.model.events import Event, Failed, Result, Warned
from tapehead.model.frames import Frame, Framed
from tapehead.model.orders import Orders, no_orders
from tapehead.model.pooling import ACCOUNT
from tapehead.model.result import Receipt, RunResult
from tapehead.model.spec import RunSpec
from tapehead.model.table import Table as Columns
from tapehead.ports.runs import RunRecord
from tapehead.ports.work import Cancel
from tapehead.wiring.assemble import House

if TYPE_CHECKING:
    from tapehead.jobs.explain import Made
    from tapehead.library.curves import Again, AllMetrics
    from tapehead.library.portfolio_again import PortfolioAgain
    from tapehead.library.report import Report
    from tapehead.metrics import foreign
    from tapehead.metrics.account import Account

_FAILURES: dict[str, type[TapeheadError]] = {each.code: each for each in (NoBarsError, StrategyError, SignalsError)}


@dataclass(frozen=True, slots=True)
class Header:
    """What stands above the table of a run.

    `strategy` is its name with its parameters, `first` and `last` the open times of the outer bars (us UTC), `bars`
    how many the segments of the range hold. `adjust` is what signals see taken out of prices, `stamps` what to keep in
    mind of the run as a whole. `periods_a_year` and `days_a_year` are those that metrics are reckoned by; None where
    instruments of several calendars stand below.
    """

    strategy: str
    instruments: int
    interval: str
    first: int
    last: int
    bars: int
    snapshot: int
    adjust: str = "none"
    stamps: tuple[str, ...] = ()
    periods_a_year: float | None = None
    days_a_year: float | None = None


class Run(RunTrades, Framed):
    """One run. Iterating gives each result as it finishes; leaving early keeps what is done.

    Read by one thread at a time, which need not be the one that began it; `cancel` and `suspend` are safe from any.
    """

    def __init__(
        self,
        house: House,
        spec: RunSpec,
        header: Header | Callable[[], Header],
        *,
        run: str | None = None,
        source: Iterator[Numbered] | None = None,
        tally: Tally | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        self._house = house
        self._id = run
        self._source = source
        self._cancel = cancel or Cancel()
        self._tally = tally
        self._seen = SeenResults(house.runs)
        self.spec = spec
        self._head = header
        self.warnings: list[Warned] = []
        self._failed: Failed | None = None
        self._begun = False
        self._ahead: list[Numbered] = []
        self._again: Again | None = None
        self._newest: tuple[tuple[str, dict[str, float | int | str]], Made] | None = None

    @cached_property
    def header(self) -> Header:
        """What stands above the table; of a kept run it is gathered from all its results, when first looked at."""
        return self._head() if callable(self._head) else self._head

    @property
    def id(self) -> str:
        """ULID of the run; begins the run where it has not begun."""
        if self._id is None:
            self.start()
        return self._id or ""

    def start(self) -> "Run":
        """Begin the run where it has not begun: it is kept and its first event is logged, nothing is computed yet.

        Any thread may read the rest; the first event is still to come there.
        """
        if self._source is not None and not self._begun:
            self._ahead += itertools.islice(self._pump(), 1)
        return self

    @property
    def kept(self) -> bool:
        """Whether nothing is computed here: an equal run that is kept answers, or the run is only looked at."""
        return self._tally is None

    @property
    def total(self) -> int:
        """How many results are expected of a run that is computed here; of any other, how many are kept."""
        return self.record.count if self._tally is None else self._tally.total

    @property
    def tasks(self) -> int:
        """In how many tasks it is computed: one an instrument."""
        return self.header.instruments

    @property
    def short(self) -> str:
        """Shortest unique prefix of `id`, at least 8 characters."""
        return self._house.runs.shortest(self.id)

    @property
    def timings(self) -> dict[str, float]:
        """Where the time of this run went, ms by stage: so far where it is computed here, else as it was kept.

        `plan`, `queue` (waiting for a turn, in a service), `persist` and `look_ahead` passed on the clock; `read`,
        `signals`, `walk`, `metrics` and `warm_up` are summed over all workers. Of a run that went on after an end it is
        the time since then. Empty where nothing is kept: the run goes on elsewhere, or its events are pruned.
        """
        return self._tally.stages_ms() if self._tally else self._stages("stages_ms")

    @property
    def memory(self) -> dict[str, int]:
        """What each stage of the work on one instrument left in arrays, bytes, at most; known as `timings` are.

        `read` leaves bars, `signals` indicators, conditions and lines, `walk` trades and ledger, `metrics` the result.
        Arrays that a stage lets go before its end do not count; every worker holds as much at a time.
        """
        return dict(self._tally.stages_bytes) if self._tally else self._stages("stages_bytes")

    @property
    def executor(self) -> dict[str, Any]:
        """What ran the tasks of this run, and how well; known as `timings` are.

        `kind` (`threads`, `processes` or `serial`), `workers`, `why`, and, once a task is done, `tasks`, `failed`,
        `success_rate`, `task_ms` and `wait_ms` (median and 95th percentile), `busy_ms`, `cpu_ms`, `wall_ms` and
        `efficiency`, the share of what its workers could have computed that they did. The look-ahead test is no part.
        """
        return self._tally.tasks.to_json() if self._tally else self._stages("executor")

    def spend(self, stage: str, ms: float) -> None:
        """Add time to a stage of a run that is computed here."""
        if self._tally is not None:
            self._tally.spend(stage, ms * 1e3)

    def _stages(self, name: str) -> dict[str, Any]:
        """Return what the end of a kept run tells of its stages."""
        last = None if self._id is None else self._last()
        return {} if last is None else dict(last.get(name, {}))

    def _last(self) -> dict[str, Any] | None:
        """Return the newest event of the run; None where none is kept."""
        log = self._house.log
        rows = log.read(self.id, max(log.last(self.id) - 1, 0), 1)
        return json.loads(rows[0][1]) if rows else None

    def events(self) -> Iterator[Numbered]:
        """Yield the events that are still to come, each numbered and in the log already."""
        yield from self._pump()

    def __iter__(self) -> Iterator[RunResult]:
        """Yield results: those already there, then each as it finishes."""
        if self._source is None and not self._seen:
            yield from self._kept()
        yield from self._seen.all(self.id)
        for _, event in self._pump():
            if isinstance(event, Result):
                yield event.result
        self._check()

    def _kept(self) -> Iterator[RunResult]:
        """Yield the results of a run that is not computed here, with their trades, by name."""
        for row in self.results(sort="instrument"):
            result = self._house.runs.result(self.id, row.instrument)
            if result is not None:
                yield self._with_rates(result)

    def __getitem__(self, symbol: str) -> RunResult:
        """Return the result of `symbol` or `venue:symbol`, with its trades; waits for the run where it must."""
        self.wait()
        found = self._seen.named(symbol)
        if len(found) == 1:
            return self._with_rates(self._seen.take(self.id, found[0]))
        names = (
            [symbol] if ":" in symbol else [r.instrument for r in self.results() if r.instrument.endswith(f":{symbol}")]
        )
        if len(names) > 1:
            raise RunKeyError(run=self.id, symbol=symbol, hint=f" It has {', '.join(names)}; name one.")
        result = self._house.runs.result(self.id, names[0]) if names else None
        if result is None:
            raise RunKeyError(run=self.id, symbol=symbol, hint="")
        return self._with_rates(result)

    def wait(self) -> "Run":
        """Run to the end."""
        for _ in self._pump():
            pass
        self._check()
        return self

    def _check(self) -> None:
        """Raise what a run failed of; its last event says it to those who read events."""
        if self._failed is not None:
            raise _FAILURES.get(self._failed.code, TapeheadError)(self._failed.text, code=self._failed.code)

    def cancel(self) -> None:
        """Ask the run to stop; finished results are kept. May be called from another thread."""
        self._cancel.cancel()

    def suspend(self) -> None:
        """Ask the work to stop, not the run: it stays `running`, and `Store.resume` goes on with it. Safe anywhere."""
        self._cancel.suspend()

    def fail(self, code: str, text: str) -> None:
        """Keep that the run failed, and why, unless it has ended already."""
        run = self.id
        self._cancel.suspend()
        self.close()
        with self._house.runs.claim(run) as held:
            if held:
                fail_run(self._house, run, code, text)

    def close(self) -> None:
        """Stop a run that is not read to its end; finished results are kept."""
        source, self._source = self._source, None
        if source is not None and hasattr(source, "close"):
            source.close()

    def results(self, sort: str = "total_return", limit: int | None = None) -> list[RunResult]:
        """Return the kept results without trades, by a metric, best first."""
        found: list[RunResult] = []
        cursor = None
        while limit is None or len(found) < limit:
            page = self._house.runs.results(self.id, sort=sort, cursor=cursor, limit=500)
            found += page.rows
            cursor = page.cursor
            if cursor is None:
                break
        return found[:limit]

    @property
    def record(self) -> RunRecord:
        """State, key, spec and times of the run as kept."""
        return self._house.runs.record(self.id)

    @property
    def receipt(self) -> Receipt | None:
        """What the run can be made again from; None until it is complete."""
        self.wait()
        return self.record.receipt

    @property
    def look_ahead(self) -> dict[str, Any] | None:
        """What the look-ahead test said, `found` and more; None of a run that was not completed."""
        self.wait()
        last = self._last()
        told: dict[str, Any] | None = None if last is None else last.get("look_ahead")
        return told

    def verify(self) -> Verification:
        """Make the run again in a fresh process, from segments, without caches, and compare every bit."""
        self.wait()
        from tapehead.library.verify import verify_apart

        return verify_apart(self._house, self.id)

    def report(
        self,
        path: str | os.PathLike[str],
        symbol: str | None = None,
        *,
        force: bool = False,
        progress: Callable[..., None] | None = None,
    ) -> "Report":
        """Write a tear sheet of the run, or of one instrument: one HTML file that needs no network.

        Parameters
        ----------
        path : path
            Such as `tear.html`. A tear sheet that is there already is replaced, another file only with `force`.
        symbol : str, optional
            `symbol` or `venue:symbol`; None means the whole run, which for one instrument is the same.
        force : bool
            Write over a file that is no tear sheet too.
        progress : callable, optional
            Told how many curves are made again, of how many.

        Returns
        -------
        Report
            Path, size in bytes, number of instruments, and whether a file was replaced.

        Raises
        ------
        ParameterError, RunKeyError, DiskFullError, SurroundingsError

        Notes
        -----
        The curves are made again from the stored segments and compared with what the run kept; one that would differ
        is left out and said. The same run gives the same bytes, whenever it is reported.
        """
        self.wait()
        from tapehead.library.report import write_report

        return write_report(self._house, self, path, symbol, force=force, progress=progress)

    def equity(self, result: str | RunResult) -> Columns:
        """Return equity at every bar close of one result, made again from its segments; for pandas, polars, Arrow.

        Columns `ts` (open of the bar, us UTC) and `equity` (quote currency), a row a bar from the start on; of the
        account of a portfolio `cash`, `invested` and `positions` too, a row an instant. Takes and raises what
        `account` does.
        """
        if self.spec.portfolio is not None:
            return self._portfolio.course(self._found(result))
        account = self.account(result)
        return Columns({"ts": account.bars.ts, "equity": account.equity})

    def shares(self) -> Columns:
        """Return what each instrument of a portfolio brought and cost, made again; for pandas, polars, Arrow.

        A row an instrument, in the order of names: `profit`, `share` (of the profit of all), `trades`, `fees`,
        `slippage`, `borrow`, `dividends`, and how many orders ended as `no_cash` and `no_place`; money of the account.

        Raises
        ------
        ParameterError
            The run is no portfolio.
        ChangedRunError
        """
        if self.spec.portfolio is None:
            raise ParameterError(
                name="run", value=self.short, bound="a portfolio; begin one: tapehead portfolio --help"
            )
        self.wait()
        return self._portfolio.shares()

    @cached_property
    def _portfolio(self) -> "PortfolioAgain":
        """The portfolio, made again when something is first asked of it."""
        from tapehead.library.portfolio_again import PortfolioAgain

        return PortfolioAgain(self._house, self.id)

    def _found(self, result: str | RunResult) -> RunResult:
        """Return a result by its name; waits for the run where it must."""
        return self[result] if isinstance(result, str) else result

    def _frame(self) -> Frame:
        """Return a row a result: instrument, parameters, every metric, flags, and the outer bars."""
        from tapehead.library.result_table import result_frame

        return result_frame(self.wait().results(), self.id)

    def _repr_html_(self) -> str:
        """Return the best results for a notebook; a run that has not begun is not begun by looking at it."""
        from tapehead.library.result_table import result_html
        from tapehead.model.display import ROWS

        if self._id is None:
            return result_html([], 0, f"{self.header.strategy}: not begun; iterate it, or call wait()")
        shown = self.results(limit=ROWS)
        total = max(self.record.count, len(shown))
        words = f"{self.header.strategy}, {self.header.interval}: run {self.short}, {self.record.state}"
        return result_html(shown, total, words)

    def account(self, result: str | RunResult) -> "Account":
        """Return bars, rules, equity of every bar and trades of one result, made again from its segments.

        Parameters
        ----------
        result : str or RunResult
            One of this run, or its `symbol` or `venue:symbol`, which waits for the run.

        Raises
        ------
        RunKeyError
            The run has no such result.
        ChangedRunError
            Code or data changed since, so that the trades would be others.
        """
        from tapehead.library.curves import account_of

        if self.spec.portfolio is not None:
            return self._portfolio.account(self._found(result))
        made = self._made(result, orders=False)
        return account_of(made.bars, made.rules, made.done)

    def orders(self, result: str | RunResult) -> Orders:
        """Return every order of one result, made again, and what became of it.

        Parameters, errors as for `account`.
        """
        if self.spec.portfolio is not None:
            return self._portfolio.orders(self._found(result))
        done = self._made(result, orders=True).done
        return no_orders() if done.orders is None else done.orders

    def costs(self, result: str | RunResult) -> list[tuple[float, float]]:
        """Return (fee a side, total return) at fees from 0 to 100 bps, from the fills of one result.

        Empty where a fee would change more than sizes: with leverage, targets, sizes by bar, added or partly sold
        units, interest, borrow or a schedule of fees; and of a portfolio, where it would leave others other cash.
        Another fee then needs a run of its own.

        Parameters, errors as for `account`.
        """
        if self.spec.portfolio is not None:
            return []
        from tapehead.jobs.sensitivity import cost_curve_of

        made = self._made(result, orders=False)
        return cost_curve_of(made.bars, made.signals, made.rules, made.done)

    def cost_basis(self, result: str | RunResult) -> dict[str, Any] | None:
        """Return what `costs` are replayed from beside the trades, as plain values; None where it has no points.

        Parameters, errors as for `account`.
        """
        if self.spec.portfolio is not None:
            return None
        from tapehead.jobs.sensitivity import cost_basis_of

        made = self._made(result, orders=False)
        return cost_basis_of(made.bars, made.signals, made.rules, made.done)

    def explain(self, result: str | RunResult, trade: int) -> dict[str, Any]:
        """Return why one closed trade is what it is: decision, fills, levels, orders, and the money on either path.

        Parameters
        ----------
        result : str or RunResult
            As in `account`.
        trade : int
            Counted from 1, in the order of its trades; of the account of a portfolio too.

        Returns
        -------
        dict
            `instrument interval strategy number trades trade decision entry exit orders paths`, plain values; bars are
            counted from the start, times ISO in UTC. Of a portfolio `account` too, and no `paths`.

        Raises
        ------
        RunKeyError, ChangedRunError, ParameterError

        Examples
        --------
        >>> store.run("01JD8Q7K").explain("BTCUSDT", 12)["exit"]["rule"]
        """
        from tapehead.jobs.explain import explain, on_path
        from tapehead.library.portfolio_again import check_number

        run = {"interval": self.spec.interval, "strategy": self.header.strategy}
        if self.spec.portfolio is not None:
            whose, told = self._portfolio.explain(self._found(result), trade)
            return whose | run | told
        made = self._made(result, orders=True)
        count = len(made.done.trades)
        check_number(trade, count)
        head = {"instrument": made.bars.series.instrument, **run, "number": trade, "trades": count}
        return head | explain(made, on_path(made, "pessimistic"), on_path(made, "optimistic"), trade - 1)

    def _made(self, result: str | RunResult, *, orders: bool) -> "Made":
        """Return one result made again, with its orders if asked; the newest is held for the next question of it."""
        from tapehead.library.curves import Again

        found = self._found(result)
        cell = (found.instrument, dict(found.parameters))
        if self._newest is not None:
            held, made = self._newest
            if held == cell and (made.done.orders is not None or not orders):
                return made
            self._newest = None
        if self._again is None:
            self._again = Again.of(self._house, self.record)
        made = self._again.made(found, orders=orders)
        self._newest = (cell, made)
        return made

    def metrics(self, symbol: str, rf: str | float = 0.0) -> "AllMetrics":
        """Return every metric of one result, those of the whole equity curve included.

        Parameters
        ----------
        symbol : str
            `symbol` or `venue:symbol`.
        rf : str or float
            Riskless rate, a year, effective: `2%`. It belongs to the view; a run is kept without it.

        Returns
        -------
        AllMetrics
            By name and as attributes; `why` gives the reason of each None.

        Raises
        ------
        RunKeyError, ChangedRunError, ParameterError

        Examples
        --------
        >>> store.run("01JD8Q7K").metrics("BTCUSDT", rf="2%").ulcer
        """
        from tapehead.library.curves import all_metrics
        from tapehead.model.rules import fraction

        return all_metrics(self.account(symbol), self[symbol], fraction("rf", rf))

    def compat(self, result: str | RunResult, tool: str) -> "foreign.Table":
        """Return what another tool would print of one result, by that tool's names.

        Parameters
        ----------
        result : str or RunResult
            As in `account`.
        tool : str
            `backtesting.py`, `vectorbt`, `quantstats` or `empyrical`.

        Raises
        ------
        RunKeyError, ChangedRunError, ParameterError
        """
        from tapehead.metrics.compat import compat

        return compat(tool, self.account(result))

    def times(self, symbol: str) -> I64:
        """Return the open times (us UTC) of the bars that a result counts from 0, shape (n_bars,).

        Of an account they are the instants at which any of its instruments has a bar.
        """
        row = self[symbol]
        names = [row.instrument]
        if names == [ACCOUNT]:
            names = [one.instrument for one in self.results() if one.instrument != ACCOUNT]
        return bar_times(self._house, self.spec, self.record, row, names)

    def _pump(self) -> Iterator[Numbered]:
        """Drive the run."""
        while self._ahead:
            yield self._ahead.pop(0)
        while self._source is not None:
            try:
                number, event = next(self._source)
            except StopIteration:
                self._source = None
                return
            self._note(event)
            yield number, event
            if isinstance(event, Failed):
                self._source, self._failed = None, event

    def _note(self, event: Event) -> None:
        """Remember what an event tells."""
        self._id, self._begun = event.run, True
        if isinstance(event, Result):
            self._seen.add(event.result)
        elif isinstance(event, Warned):
            self.warnings.append(event)
