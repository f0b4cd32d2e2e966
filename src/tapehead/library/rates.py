"""foreign_names, with_rates: trades in another currency that were kept without rates, so that none is taken for 1."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from tapehead.layout.columns import RATE_COLUMNS
from tapehead.model.spec import RunSpec
from tapehead.model.trades import AccountTrades, Trades
from tapehead.wiring.assemble import House


def foreign_names(house: House, spec: RunSpec, snapshot: int) -> frozenset[str]:
    """Return the instruments of a snapshot that are in another currency than the account of a portfolio."""
    own = "" if spec.portfolio is None else spec.portfolio.currency
    if not own:
        return frozenset()
    return frozenset(one.name for one in house.bars.instruments(snapshot) if one.currency not in ("", own))


def with_rates(trades: Trades, instrument: str, foreign: Collection[str]) -> Trades:
    """Return trades with NaN for a rate of a foreign instrument that an older Tapehead did not keep."""
    if not foreign or trades.entry_rate is not None or not len(trades):
        return trades
    names = trades.instrument.tolist() if isinstance(trades, AccountTrades) else [instrument] * len(trades)
    rate = np.array([np.nan if name in foreign else 1.0 for name in names])
    return replace(trades, **dict.fromkeys(RATE_COLUMNS, rate)) if np.isnan(rate).any() else trades
