"""compare: what two specs, keys and lists of trades differ in, and the reason."""

import numpy as np
import pytest

from tapehead.jobs.compare import Pair, reasons_apart, reasons_of, settings_apart, trades_apart
from tapehead.model.spec import RunKey
from tapehead.model.trades import Trades, no_trades, plain_trades

HOUR_US = 3_600_000_000
TIMES = np.arange(100, dtype=np.int64) * HOUR_US


def trades(*rows: tuple[int, int, int, float]) -> Trades:
    """Trades of (side, entry bar, exit bar, profit)."""
    side, entry, leave, profit = (np.array(column) for column in zip(*rows, strict=True))
    n = len(rows)
    one = np.ones(n)
    return plain_trades(
        side=side.astype(np.int8), entry_bar=entry.astype(np.int32), exit_bar=leave.astype(np.int32), entry_price=one,
        exit_price=one, quantity=one, fees=np.zeros(n), profit=profit.astype(np.float64), worst=-one, best=one,
        reason=np.zeros(n, np.uint8), ambiguous=np.zeros(n, np.bool_), across_gap=np.zeros(n, np.bool_),
    )  # fmt: skip


def test_settings_that_differ_are_named_with_both_values() -> None:
    a = {"strategy": "X", "parameters": {"n": 1, "m": 2}, "interval": "1h", "fee": 0.001}
    b = {"strategy": "X", "parameters": {"n": 3, "m": 2}, "interval": "1h", "stop_loss": 0.1}
    assert [(one.name, one.a, one.b) for one in settings_apart(a, b)] == [
        ("parameters.n", 1, 3),
        ("fee", 0.001, None),
        ("stop_loss", None, 0.1),
    ]
    assert settings_apart(a, a) == []


@pytest.mark.parametrize(
    ("other", "spec", "found"),
    [
        ({}, {}, []),
        ({"data": b"x"}, {}, ["data"]),
        ({"strategy": b"x", "engine": b"x"}, {}, ["code", "engine"]),
        ({}, {"fee": 0.1}, ["costs"]),
        ({}, {"fee": 0.1, "path": "ohlc"}, ["costs", "spec"]),
    ],
)
def test_the_reasons_follow_from_keys_and_settings(
    other: dict[str, bytes], spec: dict[str, object], found: list[str]
) -> None:
    key = RunKey(b"s", b"c", b"e", b"d")
    assert reasons_apart(key, key._replace(**other), settings_apart({}, spec)) == found


def test_without_a_reason_of_its_own_an_instrument_says_so() -> None:
    pair = Pair("v:X", None, None)
    assert reasons_of(pair, ["data"]) == ["unknown"]
    assert reasons_of(pair, ["data", "engine"]) == ["engine"]


def test_trades_are_the_same_one_by_side_and_entry_time() -> None:
    a = trades((1, 2, 5, 1.0), (1, 8, 9, 2.0), (-1, 8, 9, 3.0))
    b = trades((1, 3, 6, 1.0), (1, 9, 11, 2.5), (1, 20, 21, 4.0))
    # B counts its bars from an hour earlier.
    found = trades_apart(a, TIMES, b, TIMES - HOUR_US)
    said = [(one.side, one.entry_time[11:13], one.a is None, one.b is None, one.differing) for one in found]
    assert said == [
        (-1, "08", False, True, ()),
        (1, "08", False, False, ("exit_time", "profit")),
        (1, "19", True, False, ()),
    ]
    assert trades_apart(a, TIMES, a, TIMES) == []
    assert len(trades_apart(a, TIMES, no_trades(), TIMES)) == 3
