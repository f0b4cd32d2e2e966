"""Facts of a portfolio as the factors of its store say them."""

from __future__ import annotations

import numpy as np

from tapehead.jobs.pool import Pool, facts_of
from tapehead.model.bars import Bars
from tapehead.model.factors import Factors
from tapehead.portfolio.leg import Fact

DAY_US = 86_400_000_000


def test_factors_are_splits_and_dividends_of_the_close_before() -> None:
    """Ten for one, a tenth of 50 paid, one for two; a day of both tells the dividend first, and nothing is no fact."""
    ts = np.arange(8, dtype=np.int64) * DAY_US
    close = np.array([400.0, 500.0, 50.0, 50.0, 45.0, 60.0, 80.0, 144.0])
    bars = Bars.from_arrays(ts, close, close, close, close, interval="1d", symbol="AAA", venue="test")
    begins = np.array([0, 2, 4, 6, 7], np.int64) * DAY_US
    split, dividend = np.array([1.0, 10.0, 10.0, 10.0, 5.0]), np.array([0.81, 0.81, 0.9, 0.9, 1.0])
    pool = Pool({"test:AAA": Factors("test:AAA", begins, split, dividend, "test")})
    found = facts_of(pool, bars)
    assert [(fact.ts // DAY_US, fact.kind) for fact in found] == [
        (2, "split"),
        (4, "dividend"),
        (7, "dividend"),
        (7, "split"),
    ]
    np.testing.assert_allclose([fact.value for fact in found], [10.0, 5.0, 8.0, 0.5], rtol=1e-12)
    assert isinstance(found[0], Fact)
    assert facts_of(Pool({}), bars) == ()
