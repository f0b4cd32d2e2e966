"""simulate: signals on arrays in memory, without a store."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np

from tapehead.errors import ParameterError
from tapehead.indicators.memo import Memo
from tapehead.jobs.sensitivity import sensitivity_of
from tapehead.jobs.unread import unread_settings
from tapehead.layout.columns import BAR_COLUMNS, PARTIAL
from tapehead.library.rules import read_rules
from tapehead.metrics.summary import summarise
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.orders import Orders
from tapehead.model.result import Metrics
from tapehead.model.rules import check_interval
from tapehead.model.signals import Signals
from tapehead.model.table import Table
from tapehead.model.trades import Trades
from tapehead.simulation.curve import Curve, curve
from tapehead.simulation.simulate import Position
from tapehead.simulation.simulate import simulate as run_simulation


@dataclass(frozen=True, eq=False)
class Simulation:
    """What `simulate` found: closed trades, metrics with the reason of each None, equity at each bar close.

    `warnings` are sentences, for instance of a setting that nothing reads.
    """

    trades: Trades
    metrics: Metrics
    why: Mapping[str, str]
    position: Position | None
    final_equity: float
    flags: tuple[str, ...]
    orders: Orders | None = None
    warnings: tuple[str, ...] = ()
    _draw: Callable[[], Curve] = field(kw_only=True, repr=False)

    @cached_property
    def curve(self) -> Curve:
        """Equity (quote currency) at each bar close, by `ts` (open of the bar, us UTC); drawn when first asked for."""
        return self._draw()

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: the curve drawn; the bars and the ledger that it is drawn from stay here."""
        return {"curve": self.curve, **{name: value for name, value in vars(self).items() if name != "_draw"}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take what was pickled."""
        drawn: Curve = state["curve"]
        vars(self).update(state, _draw=lambda: drawn)

    @property
    def equity(self) -> Table:
        """Equity at each bar close as a table: `ts` (open of the bar, us UTC), `equity` (quote currency)."""
        return Table({"ts": self.curve.ts, "equity": self.curve.equity})

    def _repr_html_(self) -> str:
        """Return curve, metrics, flags and trades for a notebook."""
        from tapehead.model import display
        from tapehead.model.markup import Html

        words = f"final equity {display.number(self.final_equity)}; {', '.join(self.flags) or 'no flag'}"
        line = display.sparkline(display.few(self.curve.equity), 240, 48)
        trades = Html(self.trades._repr_html_())
        return display.beside(line, display.figures(self.metrics, self.why, words), trades)


def simulate(bars: Bars, signals: Signals, *, orders: bool = False, **settings: Any) -> Simulation:
    """Trade signals on bars.

    Parameters
    ----------
    bars : Bars
        For instance from `Bars.from_arrays`.
    signals : Signals
        Conditions of shape (n_bars,).
    orders : bool
        Also say what became of every order.
    **settings
        Fields of `Rules`: `fee="10bps"`, `slippage="2bps"`, `fill="next_open"`, `size="100%"`, `cash=10_000`,
        `stop_loss="5%"`, `take_profit="10%"`, `trail="3%"`, `side="both"`, `leverage=3`; see `Rules` for all of them.

    Returns
    -------
    Simulation

    Raises
    ------
    ParameterError, SignalsError
        A setting or a condition that does not fit; the sentence names value and bound.

    Examples
    --------
    >>> simulate(bars, Signals(enter=crossed_above(rsi(bars.close), 30)), fee="10bps").metrics.total_return
    """
    rules = read_rules(settings)
    check_interval(rules, bars.series.interval.us)
    signals.check(len(bars), "simulate", bars.series.instrument)
    bars, signals = _whole(bars, signals)
    if len(bars) <= bars.warm:
        raise ParameterError(name="bars", value=f"{len(bars)} bars", bound=f"more than {bars.warm} whole ones")
    memo = Memo()
    done = run_simulation(bars, signals, rules, memo, orders=orders)
    draw = cache(lambda: curve(bars, done.ledger, rules))
    metrics, why = summarise(
        bars,
        rules,
        done.moments,
        trades=done.trades,
        final_equity=done.final_equity,
        fees_paid=done.fees_paid,
        open_profit=done.position.profit if done.position else None,
        equity=lambda: draw().equity,
    )
    also, why_not = sensitivity_of(bars, signals, rules, memo, done)
    metrics |= also
    why |= why_not
    told = (done.trades, metrics, why, done.position, done.final_equity, done.flags, done.orders)
    return Simulation(*told, tuple(unread_settings(rules, signals)), _draw=draw)


def _whole(bars: Bars, signals: Signals) -> tuple[Bars, Signals]:
    """Drop bars flagged partial, and their signals: an unfinished bar decides and fills nothing."""
    whole = (bars.flags & PARTIAL) == 0
    if whole.all():
        return bars, signals
    columns = {name: np.ascontiguousarray(getattr(bars, name)[whole]) for name in BAR_COLUMNS}
    kept = frozen_bars(bars.series, columns, int(whole[: bars.warm].sum()), bars.segments)
    return kept, signals.at(whole)
