"""The truth tables of portfolios, checked against the twin and the engine."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.oracles.trading import Order
from tests.parity.legs import differences, walk, walked_weights
from tests.truth.portfolio_cases import PortfolioCase, read_portfolios
from tests.truth.test_truth import CLOSE, told

HERE = Path(__file__).parent
CASES = [pytest.param(case, id=case.name) for case in read_portfolios(HERE / "portfolio.txt")]


def in_words(orders: list[Order]) -> list[str]:
    """Orders as the tables tell them."""
    return [told(order, 0) for order in orders]


@pytest.mark.parametrize("case", CASES)
def test_the_twin_agrees(case: PortfolioCase) -> None:
    out = case.oracle()
    assert {name: in_words(orders) for name, orders in out.orders.items() if orders} == case.orders
    assert len(out.trades) == len(case.trades)
    for row, want in zip(out.trades, case.trades, strict=True):
        for name, value in want.items():
            near = pytest.approx(value, rel=CLOSE, abs=1e-9, nan_ok=True) if isinstance(value, float) else value
            assert row[name] == near, name
    for name, line in case.lines.items():
        assert getattr(out, name) == pytest.approx(line, rel=CLOSE, abs=1e-9), name
    assert {name: flags for name, flags in out.flags.items() if flags} == case.flags
    for name, share in case.shares.items():
        assert out.shares[name] == pytest.approx(share, rel=CLOSE), name
    sums = {"dividends": sum(out.dividends.values()), "rate_age": max(out.rate_age.values())}
    for name, value in case.sums.items():
        assert sums.get(name, getattr(out, name)) == pytest.approx(value, rel=CLOSE), name


@pytest.mark.parametrize("case", CASES)
def test_the_engine_is_the_twin(case: PortfolioCase) -> None:
    """What the table says of the twin is so of the engine, to the last bit; equal weights are its own as well."""
    if case.asked:
        asked = sorted(case.asked, key=lambda one: one.symbol)
        made = walked_weights(asked, case.rebalance or "", case.max_positions, case.given)
        of = {one.symbol: one for one in case.instruments}
        for one, weights in zip(asked, made, strict=True):
            np.testing.assert_array_equal(weights.target, of[one.symbol].wishes.target)
            np.testing.assert_array_equal(weights.decides, of[one.symbol].decides)
    got = walk(case.instruments, case.max_positions, case.settle, case.calendar)
    assert differences(case.instruments, case.oracle(), got) == []


def test_each_rule_has_its_tables_and_each_table_a_rule() -> None:
    """docs/portfolio.md names its rules in bold and ends in the list of what holds them."""
    text = (HERE.parents[1] / "docs" / "portfolio.md").read_text(encoding="utf-8")
    told_, _, held = text.partition("## Rules and what holds them")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in held.splitlines() if line.startswith("| P")]
    named = [name for _, names in rows for name in names.split("; ")]
    assert [rule for rule, _ in rows] == [name for name in re.findall(r"\*\*(P[0-9]+) ", told_) if name != "P13"]
    assert sorted(named) == sorted(case.values[0].name for case in CASES)
