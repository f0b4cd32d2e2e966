"""What the spelling of a symbol tells: its pair, its quote currency, its kind."""

import re
from typing import NamedTuple

from tapehead.model.instrument import Kind

_FIAT = (
    *("USD", "EUR", "GBP", "JPY", "CHF", "AUD", "NZD", "CAD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF"),
    *("TRY", "ZAR", "MXN", "SGD", "HKD", "CNH", "INR", "XAU", "XAG"),
)
_STABLE = ("USDT", "USDC", "BUSD", "FDUSD", "TUSD", "USDP")
_BARE_QUOTES = (*sorted(_STABLE, key=len, reverse=True), "USD", "EUR", "BTC", "ETH", "BNB")
_PAIR_QUOTES = frozenset((*_BARE_QUOTES, *_FIAT, "DAI", "KRW", "BRL", "XBT"))
# A share may be called METH or ABTC; nothing but a pair ends in USDT.
_LEAST_BASE = 2


class Pair(NamedTuple):
    """A symbol that names two currencies; `symbol` is its spelling without separators."""

    symbol: str
    base: str
    quote: str
    kind: Kind


def pair_of(symbol: str) -> Pair | None:
    """Split a symbol into base and quote currency.

    Parameters
    ----------
    symbol : str
        Such as `BTCUSDT`, `BTC_USDT`, `BTC/USDT:USDT` or `EURUSD`.

    Returns
    -------
    Pair or None
        None when no known quote currency ends the symbol: it is a share, an index, a future. Two state currencies (or
        gold and silver) make an `fx` pair, all others a `crypto` pair.

    Examples
    --------
    >>> pair_of("BTC_USDT")
    Pair(symbol='BTCUSDT', base='BTC', quote='USDT', kind='crypto')
    >>> pair_of("AAPL") is None
    True
    """
    text = symbol.strip().upper()
    parts = [part for part in re.split(r"[/_\-:]", text) if part]
    settled = len(parts) == 3 and parts[2] in _PAIR_QUOTES
    if (len(parts) == 2 or settled) and parts[1] in _PAIR_QUOTES:
        return _pair(parts[0], parts[1])
    if len(parts) != 1 or not text.isalnum():
        return None
    for quote in _BARE_QUOTES:
        base = text.removesuffix(quote)
        if base != text and len(base) >= (1 if quote in _STABLE else _LEAST_BASE):
            return _pair(base, quote)
    for quote in _FIAT:
        if text.endswith(quote) and text.removesuffix(quote) in _FIAT:
            return _pair(text.removesuffix(quote), quote)
    return None


def _pair(base: str, quote: str) -> Pair:
    """Make a pair of two currencies."""
    kind: Kind = "fx" if base in _FIAT and quote in _FIAT else "crypto"
    return Pair(base + quote, base, quote, kind)
