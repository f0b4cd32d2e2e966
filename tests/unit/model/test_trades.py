"""Trades as bytes: those of today, and those written before trades had levels."""

from __future__ import annotations

import struct

import numpy as np

from tapehead.model.trades import Trades, no_trades, plain_trades

OLD_COLUMNS = (
    "side entry_bar exit_bar entry_price exit_price quantity fees profit worst best reason ambiguous across_gap"
)
OLD_FORMATS = "biidddddddB??"
ROWS = [
    (1, 0, 3, 20.0, 30.0, 50.0, 2.5, 497.5, -0.1, 0.6, 0, False, True),
    (1, 7, 9, 10.0, 9.0, 5.0, 0.0, -5.0, -0.2, 0.0, 8, False, False),
]


def old_bytes() -> bytes:
    """What format 1 of runs.db held: the columns, one after another, and no mark."""
    columns = zip(*ROWS, strict=True)
    return b"".join(struct.pack(f"<2{f}", *column) for f, column in zip(OLD_FORMATS, columns, strict=True))


def test_trades_of_an_older_tapehead_are_read() -> None:
    trades = Trades.from_bytes(old_bytes())
    rows = [{name: row[name] for name in OLD_COLUMNS.split()} for row in trades.rows()]
    want = [dict(zip(OLD_COLUMNS.split(), row, strict=True)) for row in ROWS]
    for one, reason in zip(want, ("signal", "delist"), strict=True):
        one["reason"] = reason
    assert rows == want
    assert trades.entry_wanted.tolist() == [20.0, 10.0]
    assert trades.fills.tolist() == [2, 2]
    assert np.isnan(trades.stop).all()


def test_trades_survive_their_bytes() -> None:
    trades = Trades.from_bytes(old_bytes())
    again = Trades.from_bytes(trades.to_bytes())
    assert trades.to_bytes()[:1] == b"\x02"
    assert str(list(again.rows())) == str(list(trades.rows()))
    assert no_trades().to_bytes() == b""
    assert len(Trades.from_bytes(b"")) == 0


def test_market_orders_are_decided_a_bar_before_and_free() -> None:
    columns = {name: getattr(Trades.from_bytes(old_bytes()), name) for name in OLD_COLUMNS.split()}
    trades = plain_trades(**columns)
    assert trades.decision_bar.tolist() == [-1, 6]
    assert trades.slippage.tolist() == trades.borrow.tolist() == [0.0, 0.0]
