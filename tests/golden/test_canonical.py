"""Canonical JSON, RunSpec and RunKey against bytes written out by hand from the contract, section 3."""

from __future__ import annotations

import hashlib

import pytest

from tapehead.model.rules import Rules
from tapehead.model.spec import RunKey, RunSpec, canonical, iso

SPEC = RunSpec(
    strategy="RsiReversion",
    parameters={"period": 14, "oversold": 30.0, "overbought": 70.0},
    interval="1h",
    universe="crypto",
    start=1_546_300_800_000_000,
    end=1_704_067_200_000_001,
    rules=Rules(fee=0.001, cash=2500.0),
)
SPEC_BYTES = (
    b'{"cash":2500.0,"end":"2024-01-01T00:00:00.000001Z","fee":0.001,"interval":"1h",'
    b'"parameters":{"overbought":70.0,"oversold":30.0,"period":14},"start":"2019-01-01T00:00:00Z",'
    b'"strategy":"RsiReversion","universe":"crypto"}'
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": [1.5, None, True]}, b'{"a":[1.5,null,true],"b":1}'),
        ({"z": {"y": 2, "x": 1}, "Z": 0}, b'{"Z":0,"z":{"x":1,"y":2}}'),
        (0.1 + 0.2, b"0.30000000000000004"),
        ([1e16, 1e-7, -0.0, 100.0, 5e-324], b"[1e+16,1e-07,-0.0,100.0,5e-324]"),
        ('é₿ "\\\n', b'"\xc3\xa9\xe2\x82\xbf \\"\\\\\\n"'),
        ({"é": 1, "z": 2, "￿": 3, "\U0001f600": 4}, '{"z":2,"é":1,"￿":3,"\U0001f600":4}'.encode()),
    ],
)
def test_canonical_json(value: object, expected: bytes) -> None:
    """Keys in the order of their UTF-8 bytes, no blanks, floats as Python's repr."""
    assert canonical(value) == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("-inf")]}])
def test_no_json_holds_a_number_that_is_none(value: object) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical(value)


def test_a_spec_says_what_differs_from_the_defaults() -> None:
    assert canonical(SPEC.to_json()) == SPEC_BYTES


def test_a_default_said_aloud_is_the_same_spec() -> None:
    silent = RunSpec("BuyAndHold", {}, "1d", symbols=("binance:BTCUSDT",))
    aloud = RunSpec("BuyAndHold", {}, "1d", symbols=("binance:BTCUSDT",), rules=Rules(fee=0, fill="next_open", size=1))
    expected = b'{"interval":"1d","parameters":{},"strategy":"BuyAndHold","symbols":["binance:BTCUSDT"]}'
    assert canonical(silent.to_json()) == canonical(aloud.to_json()) == expected


def test_time_is_iso_with_z() -> None:
    assert [iso(0), iso(-1), iso(1_600_000_000_500_000)] == [
        "1970-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999999Z",
        "2020-09-13T12:26:40.500000Z",
    ]


def test_run_key_and_receipt() -> None:
    """SHA-256 over the four digests in the order spec, strategy, engine, data; the receipt is its first 8 digits."""
    parts = [hashlib.sha256(word).digest() for word in (SPEC_BYTES, b"strategy", b"engine", b"data")]
    key = RunKey(*parts)
    assert key.digest() == hashlib.sha256(parts[0] + parts[1] + parts[2] + parts[3]).digest()
    assert key.receipt() == key.digest().hex()[:8]
