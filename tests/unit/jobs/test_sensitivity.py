"""Costs told from one set of fills are those of real runs at other fees, for any rules; where not, nothing is told."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from tapehead.indicators.memo import Memo
from tapehead.jobs.sensitivity import cost_curve_of, sensitivity_of
from tapehead.library.rules import read_rules
from tapehead.model.bars import Bars
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.simulation.simulate import Simulated, simulate

CHOICES: dict[str, tuple[Any, ...]] = {
    "flip": (True,),
    "stop_loss": ("2%", "30%"),
    "take_profit": ("2%", "20%"),
    "trail": ("5%",),
    "time_stop": (5,),
    "lot": (0.1, 5.0, 40.0),
    "min_notional": (100.0, 3_000.0, 9_500.0),
    "slippage": ("5bps", "spread:0.05", "volume:10%"),
    "size": ("50%", "500usd", "20000usd", "3units", "50units", "risk:1%"),
    "delist_haircut": (0.3,),
    "delisted": (True,),
    "close_at_end": (True,),
    "path": ("optimistic", "ohlc"),
    "max_wait": (0,),
    "multiplier": (10.0,),
}


def market(seed: int, n: int = 100) -> tuple[Bars, Signals]:
    """A random market with silent bars, some of them wild, with wishes of both sides and levels near the price."""
    rng = np.random.default_rng(seed)
    wild = (0.01, 0.03, 0.1)[seed % 3]
    close = np.round(100 * np.cumprod(1 + rng.normal(0.0005, wild, n).clip(-0.6)), 2)
    opens = np.round(np.append(100.0, close[:-1]) * (1 + rng.normal(0, wild / 3, n).clip(-0.6)), 2)
    high = np.round(np.maximum(opens, close) * (1 + abs(rng.normal(0, wild / 2, n))), 2)
    low = np.round(np.minimum(opens, close) * (1 - abs(rng.normal(0, wild / 2, n)).clip(0, 0.9)), 2)
    volume = rng.integers(0, 4, n) * 100.0
    bars = Bars.from_arrays(np.arange(n) * 3_600_000_000, opens, high, low, close, volume, interval="1h")
    limit = np.where(rng.random(n) < 0.2, close * (1 + rng.normal(0, 0.01, n)), np.nan)
    names = ("enter", "leave", "enter_short", "leave_short")
    return bars, Signals(**{name: rng.random(n) < 0.12 for name in names}, limit=limit)


def settings(seed: int) -> Rules:
    """Up to three features beside a fee, drawn at random."""
    draw = random.Random(seed)
    given: dict[str, Any] = {"fee": 0.001, "side": draw.choice(["long", "short", "both"])}
    given |= {name: draw.choice(CHOICES[name]) for name in draw.sample(list(CHOICES), draw.choice([1, 1, 2, 3]))}
    return read_rules(given | ({"side": "both"} if "flip" in given else {}))


def run(bars: Bars, signals: Signals, rules: Rules) -> Simulated:
    """One simulation."""
    return simulate(bars, signals, rules, Memo())


def test_costs_are_those_of_runs_at_other_fees() -> None:
    told = Counter[str]()
    for seed in range(250):
        (bars, signals), rules = market(seed), settings(seed)
        done = run(bars, signals, rules)
        values, why = sensitivity_of(bars, signals, rules, Memo(), done)
        curve = cost_curve_of(bars, signals, rules, done)
        told[why.get("break_even_fee", "told")] += 1
        for fee, gain in curve:
            again = run(bars, signals, replace(rules, fee=fee)).final_equity
            assert abs(again / rules.cash - 1.0 - gain) < 1e-9 * (1.0 + again / rules.cash), (seed, fee)
        met = values["break_even_fee"]
        if met is not None and rules.lot == 0.0:
            again = run(bars, signals, replace(rules, fee=met)).final_equity
            assert abs(again / rules.cash - 1.0) < 1e-7, (seed, met)
    assert told["told"] > 40
    assert told["loses_without_fees"] > 40
    assert told["needs_run"] > 20


def test_a_short_that_doubles_needs_a_run() -> None:
    close = np.array([100.0, 100.0, 150.0, 199.0, 120.0])
    prices = (close, close, close, close)
    bars = Bars.from_arrays(np.arange(5) * 3_600_000_000, *prices, np.ones(5), interval="1h")
    signals = Signals(enter_short=np.array([True, False, False, False, False]))
    for high, reason in ((199.0, None), (200.0, "needs_run")):
        top = close.copy()
        top[3] = high
        seen = Bars.from_arrays(bars.ts, close, top, close, close, np.ones(5), interval="1h")
        rules = read_rules({"side": "short", "size": "20%"})
        why = sensitivity_of(seen, signals, rules, Memo(), run(seen, signals, rules))[1]
        assert why.get("return_without_fees") == reason
