"""The digest of a run, byte by byte from the contract, section 3: struct and hashlib here, nothing of ours."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from tapehead.layout.columns import REASONS, TRADE_DTYPES
from tapehead.model.spec import DigestLine, run_digest
from tapehead.model.trades import Trades, no_trades

GOLDEN = Path(__file__).parent / "digests.txt"
ORDER_OF_REASONS = [
    "signal",
    "stop",
    "target",
    "trail",
    "time",
    "flip",
    "square_off",
    "expiry",
    "delist",
    "liquidation",
    "end",
]
ROWS = [
    (1, 0, 3, 20.0, 30.0, 50.0, 2.5, 497.5, "signal"),
    (1, 7, 7, 0.1 + 0.2, 1e-8, 1e12, 0.0, -1 / 3, "delist"),
    (-1, 9, 2**31 - 1, 5e-324, 1.7976931348623157e308, 1.0, 0.0, -0.0, "end"),
]


def trades() -> Trades:
    """The rows as columns; those that the digest does not count hold noise."""
    columns = list(zip(*ROWS, strict=True))
    reasons = [ORDER_OF_REASONS.index(word) for word in columns[8]]
    dtypes = ("i1", "i4", "i4", "f8", "f8", "f8", "f8", "f8")
    arrays = [np.array(column, dtype) for column, dtype in zip(columns, dtypes, strict=False)]
    noise = np.array([0.5, -0.5, 9.0])
    flags = np.array([True, False, True])
    names = ("side", "entry_bar", "exit_bar", "entry_price", "exit_price", "quantity", "fees", "profit")
    rest = {name: noise for name in TRADE_DTYPES if name not in (*names, "reason", "ambiguous", "across_gap")}
    rest |= {"decision_bar": np.array([7, -1, 3], "i4"), "fills": np.array([2, 5, 3], "i4")}
    return Trades(
        **dict(zip(names, arrays, strict=True)),
        **rest,
        reason=np.array(reasons, "u1"),
        ambiguous=flags,
        across_gap=flags,
    )


def trades_bytes() -> bytes:
    """Side i1, entry_bar i4, exit_bar i4, entry_price f8, ... reason u1, column after column, little-endian."""
    columns = list(zip(*ROWS, strict=True))
    formats = ["b", "i", "i", "d", "d", "d", "d", "d"]
    out = b"".join(struct.pack(f"<{len(ROWS)}{f}", *column) for f, column in zip(formats, columns, strict=False))
    return out + bytes(ORDER_OF_REASONS.index(word) for word in columns[8])


def line_bytes(line: DigestLine) -> bytes:
    """Five fields joined by one space, ended by LF."""
    named = {"instrument": line.instrument, "interval": line.interval, "parameters": dict(line.parameters)}
    first = json.dumps(named, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    numbers = (line.final_equity, line.max_drawdown, line.fees_paid)
    words = [first, line.decisions.hex(), *(struct.pack(">d", number).hex() for number in numbers)]
    return (" ".join(words) + "\n").encode()


LINES = [
    DigestLine("binance:ÅBC", "1h", {"period": 14, "level": 30.0}, hashlib.sha256(b"1").digest(), 1e4, -0.5, 0.1),
    DigestLine("binance:ZUSDT", "1h", {"period": 9}, hashlib.sha256(b"2").digest(), 1 / 3, 0.0, 0.0),
    DigestLine("binance:ZUSDT", "1h", {"period": 14}, hashlib.sha256(b"3").digest(), 0.0, -1.0, 2.5),
    DigestLine("binance:ZUSDT", "1d", {"period": 14}, hashlib.sha256(b"4").digest(), 7.0, -0.25, 0.0),
]


def golden(name: str) -> str:
    """One line of digests.txt."""
    lines = GOLDEN.read_text(encoding="utf-8").splitlines()
    return dict(line.split() for line in lines if line and not line.startswith("#"))[name]


def test_reasons_are_numbered_as_the_engine_page_lists_them() -> None:
    assert list(REASONS) == ORDER_OF_REASONS


def test_decisions() -> None:
    assert trades().digest() == hashlib.sha256(trades_bytes()).digest()
    assert trades().digest().hex() == golden("decisions")
    assert no_trades().digest() == hashlib.sha256(b"").digest()


def test_trades_survive_their_bytes() -> None:
    again = Trades.from_bytes(trades().to_bytes())
    assert again.digest() == trades().digest()
    assert again.to_bytes() == trades().to_bytes()


@pytest.mark.parametrize("line", LINES)
def test_line(line: DigestLine) -> None:
    assert line.to_bytes() == line_bytes(line)


def test_a_line_written_out() -> None:
    line = DigestLine("demo:A", "1h", {"b": 2, "a": 1.5}, bytes(range(32)), 1.0, -0.5, 0.0)
    assert line.to_bytes() == (
        b'{"instrument":"demo:A","interval":"1h","parameters":{"a":1.5,"b":2}} '
        b"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f "
        b"3ff0000000000000 bfe0000000000000 0000000000000000\n"
    )


def test_lines_are_sorted_by_bytes_and_not_by_arrival() -> None:
    """1d before 1h; {"period":14} before {"period":9} as text; Z (5a) before Å (c3 85)."""
    expected = hashlib.sha256(b"".join(line_bytes(LINES[i]) for i in (3, 2, 1, 0))).hexdigest()
    assert run_digest(LINES) == run_digest(reversed(LINES)) == expected == golden("run")
    assert run_digest([]) == hashlib.sha256(b"").hexdigest()
