"""Every setting that is not its default stands above the table, in words."""

from __future__ import annotations

from typing import Any

import pytest

from tapehead.cli.terms import rule_words
from tapehead.library.rules import read_rules
from tapehead.model.spec import RULE_KEYS

GIVEN: dict[str, tuple[dict[str, Any], str]] = {
    "fee": ({"fee": "10bps"}, "fee 10 bps a side"),
    "slippage": ({"slippage": "spread:0.05"}, "half-spread 0.05"),
    "slippage_kind": ({"slippage": "volume:10%"}, "10 % a volume"),
    "fill": ({"fill": "close"}, "fill close"),
    "size": ({"size": "1000%", "leverage": 10}, "size 1,000 %"),
    "sizing": ({"size": "risk:1%"}, "size 1 % of equity at risk"),
    "cash": ({"cash": 500}, "cash 500"),
    "lot": ({"lot": 0.01}, "lot 0.01"),
    "tick": ({"tick": 0.5}, "tick 0.5"),
    "min_notional": ({"min_notional": 1_500}, "entries of 1,500 or more"),
    "side": ({"side": "short"}, "short only"),
    "flip": ({"flip": True, "side": "both"}, "long and short, flips"),
    "stop_loss": ({"stop_loss": "0.001%"}, "stop 0.001 %"),
    "take_profit": ({"take_profit": "2000%"}, "target 2,000 %"),
    "trail": ({"trail": "7%"}, "trail 7 %"),
    "time_stop": ({"time_stop": 5}, "out after 5 bars"),
    "path": ({"path": "ohlc"}, "path ohlc"),
    "limit_through": ({"limit_through": 0}, "limits passed by 0 ticks"),
    "valid_bars": ({"valid_bars": 3}, "entries rest 3 bars"),
    "day": ({"day": True}, "entries rest for the day"),
    "band": ({"band": 0.0}, "band 0 %"),
    "leverage": ({"leverage": 3}, "leverage 3"),
    "maintenance": ({"maintenance": "0.5%", "leverage": 3}, "maintenance 0.5 %"),
    "borrow": ({"borrow": "3%"}, "borrow a year 3 %"),
    "cash_rate": ({"cash_rate": "2%"}, "cash earns a year 2 %"),
    "pyramid": ({"pyramid": 2}, "pyramid 2"),
    "entry_window": ({"entry_window": "09:30-15:00"}, "entries 09:30-15:00"),
    "square_off": ({"square_off": "15:45"}, "squared off at 15:45"),
    "overnight": ({"overnight": False}, "nothing overnight"),
    "close_at_end": ({"close_at_end": True}, "closed at the end"),
    "max_wait": ({"max_wait": 4}, "waits 4 bars at most"),
    "on_conflict": ({"on_conflict": "enter"}, "on conflict enter"),
    "delist_haircut": ({"delist_haircut": "30%"}, "delisting costs 30 %"),
}


@pytest.mark.parametrize("name", RULE_KEYS)
def test_a_setting_is_told(name: str) -> None:
    given, words = GIVEN[name]
    assert words in ", ".join(rule_words(read_rules(given))).replace("slippage ", "")
    assert words not in ", ".join(rule_words(read_rules({})))
