"""Which column is what, by its name."""

import pytest

from tapehead.errors import AmbiguousFileError, MissingColumnError, ParameterError
from tapehead.sources.columns import recognise_columns

PRICES = ("open", "high", "low", "close")


@pytest.mark.parametrize(
    ("header", "stamp", "volume", "symbol"),
    [
        ("date,open,high,low,close,volume,ticker", ("date",), "volume", "ticker"),
        ("Date,Open,High,Low,Close,Adj Close,Volume", ("Date",), "Volume", None),
        ("Datetime,Open,High,Low,Close,Adj Close,Volume,Dividends,Stock Splits", ("Datetime",), "Volume", None),
        ("open_time,open,high,low,close,volume,close_time,returns", ("open_time",), "volume", None),
        (
            "timestamp,open,high,low,close,volume,quote_volume,trades,close_time,symbol",
            ("timestamp",),
            "volume",
            "symbol",
        ),
        ("Instrument,Date,Time,Open,High,Low,Close", ("Date", "Time"), None, "Instrument"),
        ("t,o,h,l,c,v", ("t",), "v", None),
        ("Date,High,Low,Open,Close,Volume,Adj Close,Name", ("Date",), "Volume", "Name"),
        (",open,high,low,close,volume", ("",), "volume", None),
        ("timestamp_utc,open,high,low,close,vol", ("timestamp_utc",), "vol", None),
        ("unix,date,symbol,open,high,low,close,Volume BTC,Volume USD", ("date",), None, "symbol"),
    ],
)
def test_usual_headers(header: str, stamp: tuple[str, ...], volume: str | None, symbol: str | None) -> None:
    found = recognise_columns("x.csv", header.split(","), {})
    assert found.ts == stamp
    assert (found.volume, found.symbol) == (volume, symbol)
    letters = tuple(name.strip().lower()[0] for name in found.prices)
    assert letters == ("o", "h", "l", "c")


def test_the_header_of_binance_says_what_is_read() -> None:
    found = recognise_columns("x.csv", ["open_time", "open", "high", "low", "close", "volume", "close_time"], {})
    assert found.columns == ["open_time", "open", "high", "low", "close", "volume"]


def test_what_is_named_wins_over_what_is_recognised() -> None:
    names = ["date", "open", "high", "low", "close", "last", "volume"]
    found = recognise_columns("x.csv", names, {"close": "LAST", "ts": "date:%d/%m/%Y %H:%M"})
    assert found.prices == ("open", "high", "low", "last")
    assert (found.ts, found.ts_format) == (("date",), "%d/%m/%Y %H:%M")


def test_two_columns_can_be_named_for_the_time() -> None:
    found = recognise_columns("x.csv", ["d", "at", *PRICES], {"ts": "d+at:%Y%m%d %H:%M"})
    assert (found.ts, found.ts_format) == (("d", "at"), "%Y%m%d %H:%M")


def test_a_missing_column_is_named_with_what_there_is() -> None:
    with pytest.raises(MissingColumnError) as error:
        recognise_columns("bars.csv", ["open", "high", "low", "close", "volume"], {})
    assert str(error.value) == (
        "bars.csv has no column for the time of a bar (ts); it has: open, high, low, close, volume. "
        "None is left that could be it. Add one, then: tapehead import bars.csv"
    )
    with pytest.raises(MissingColumnError, match=r"Name it: tapehead import bars.csv --columns ts=COLUMN"):
        recognise_columns("bars.csv", [*PRICES, "when"], {})
    with pytest.raises(MissingColumnError, match=r"the low price \(low\)"):
        recognise_columns("bars.csv", ["date", "open", "high", "close"], {})
    with pytest.raises(MissingColumnError, match="no column for 'foo'"):
        recognise_columns("bars.csv", ["date", *PRICES], {"open": "foo"})


def test_two_columns_of_one_meaning_are_refused() -> None:
    with pytest.raises(AmbiguousFileError, match=r"columns 'Open' and 'open' both read as open.*--columns open=Open"):
        recognise_columns("bars.csv", ["date", "Open", *PRICES], {})
    assert recognise_columns("bars.csv", ["date", "Open", *PRICES], {"open": "open"}).prices == PRICES


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(ParameterError, match="columns=price"):
        recognise_columns("bars.csv", ["date", *PRICES], {"price": "close"})


def test_a_byte_order_mark_is_no_part_of_a_name() -> None:
    assert recognise_columns("x.csv", ["\ufeffdate", *PRICES], {}).ts == ("\ufeffdate",)
