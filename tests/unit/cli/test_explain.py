"""`tapehead explain` at 80 columns."""

from __future__ import annotations

import json

from tests.unit.cli.conftest import Call

DRAWING = """\
binance:SOLUSDT   1h   trade 12 of 88   long   RsiReversion 14/30/70

decided      at the close of 2021-01-01 03:00   o 20.00 h 25.00 l 18.00 c 22.00
             enter        yes   crosses above: 31.5 against 30, bar before 28.25
             against 30
             leave        no
             rsi(14) 31.5, bar before 28.25

entry        2021-01-01 04:00   o 20.00 h 25.00 l 18.00 c 22.00
             market
             filled at 20.00

exit         2021-01-01 04:00   o 20.00 h 25.00 l 18.00 c 22.00
             touched
             filled at 18.90   slipped from 19.00
             levels at entry: stop 19.00, target 22.00
             the other level, 22.00, lay in this bar too: its order inside is
             unknown

money        50 units   fees 2.50   slippage 0.00   net -52.50
             while held -10.0 % to +25.0 %

orders         decided     ended               price  what became of it
                     3         4  buy          20.00  filled
                     3         4  sell*        19.00  filled by stop
             bars are counted from the start; * closes

pessimistic  stop at 19.00, net -52.50   whole run ends at 9,000
optimistic   target at 22.00, net 97.50   whole run ends at 9,000
"""


def test_a_trade_at_eighty_columns(call: Call) -> None:
    called = call("explain", "01JD8Q7K", "SOLUSDT", "12")
    assert called.out == DRAWING
    assert max(map(len, called.out.splitlines())) <= 80


def test_the_document_is_the_library_s(call: Call) -> None:
    document = json.loads(call("--json", "explain", "01JD8Q7K", "SOLUSDT", "12").out)
    assert document["schema"] == "tapehead.explain/1"
    assert document["number"] == 12
    assert document["paths"]["optimistic"]["trade"]["reason"] == "target"


def test_a_number_that_is_none_is_refused(call: Call) -> None:
    called = call("explain", "01JD8Q7K", "SOLUSDT", "0")
    assert called.code == 2
