"""given_weights, given_facts: what a user hands in, on the bars of instruments."""

from collections.abc import Sequence

import numpy as np

from tapehead.model.bars import Bars
from tapehead.model.given import FactKind, GivenWeights
from tapehead.model.pooling import Pooling
from tapehead.portfolio.leg import Fact
from tapehead.portfolio.weights import Weighing, Weights, carry, rebalancing, wanted


def given_weights(many: Sequence[Weighing], given: GivenWeights, pooling: Pooling) -> list[Weights]:
    """Return the weights of each instrument; docs/portfolio.md, P7.

    What stands at a time counts at the first bar that begins at or after it, and holds while the strategy wants the
    instrument; elsewhere its weight is 0.
    """
    times = np.array([time for time, _ in given.rows], np.int64)
    shares = [dict(weights) for _, weights in given.rows]
    made = []
    for one in many:
        ts, name = one.bars.ts, one.bars.series.instrument
        line = np.full(len(one.bars), np.nan)
        decides = rebalancing(ts, pooling)
        at = np.searchsorted(ts, times)
        fits = at < len(one.bars)
        # Of several times before one bar the last counts.
        line[at[fits]] = np.array([weights.get(name, 0.0) for weights in shares])[fits]
        decides[at[fits]] = True
        carry(line)
        line[~wanted(one.signals, len(one.bars))] = 0.0
        made.append(Weights(np.nan_to_num(line), decides))
    return made


def given_facts(own: Sequence[tuple[int, FactKind, float]], bars: Bars) -> tuple[Fact, ...]:
    """Return the given facts of an instrument; those up to its first bar meet nothing."""
    begin = int(bars.ts[max(bars.warm - 1, 0)])
    return tuple(Fact(*one) for one in own if one[0] > begin)
