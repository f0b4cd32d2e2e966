"""What the spelling of a symbol tells."""

import pytest

from tapehead.model.symbols import pair_of


@pytest.mark.parametrize(
    ("text", "symbol", "quote", "kind"),
    [
        ("BTCUSDT", "BTCUSDT", "USDT", "crypto"),
        ("btc_usdt", "BTCUSDT", "USDT", "crypto"),
        ("BTC/USDT:USDT", "BTCUSDT", "USDT", "crypto"),
        ("BTC-USD", "BTCUSD", "USD", "crypto"),
        ("ETHBTC", "ETHBTC", "BTC", "crypto"),
        ("XRP/ETH", "XRPETH", "ETH", "crypto"),
        ("1000SHIBUSDC", "1000SHIBUSDC", "USDC", "crypto"),
        ("4USDT", "4USDT", "USDT", "crypto"),
        ("EURUSD", "EURUSD", "USD", "fx"),
        ("USDJPY", "USDJPY", "JPY", "fx"),
        ("XAU/USD", "XAUUSD", "USD", "fx"),
        ("EURUSDT", "EURUSDT", "USDT", "crypto"),
    ],
)
def test_pairs(text: str, symbol: str, quote: str, kind: str) -> None:
    pair = pair_of(text)
    assert pair is not None
    assert (pair.symbol, pair.quote, pair.kind) == (symbol, quote, kind)
    assert pair.base + pair.quote == symbol


@pytest.mark.parametrize(
    "text", ["AAPL", "BTC", "METH", "USDT", "BRK-B", "DEX-AX", "NIFTY", "AV-L", "", "_", "8TRA-DE"]
)
def test_others(text: str) -> None:
    assert pair_of(text) is None
