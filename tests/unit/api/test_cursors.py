"""Cursors: what was written comes back, and nothing else is read."""

import base64

import pytest

from tapehead.api.cursors import read_cursor, write_cursor
from tapehead.errors import ParameterError


def test_what_was_written_comes_back() -> None:
    values = ["a:β/é", 2**53, 1.5, None]
    shape = [str, int, (float, int), (str, type(None))]
    assert read_cursor("x", write_cursor("x", *values), shape) == values
    assert read_cursor("x", None, shape) is None


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "text",
    ["", "=", "%00", "ä", "abc", encoded('{"x":1}'), encoded('["x"]'), encoded('["x",1,2]'), encoded('["y",1]'),
     encoded('["x","1"]'), encoded('["x",true]'), encoded('["x",1.0]'), encoded(f'["x",{2**63}]'),
     encoded(f'["x",{2**64 - 1}]'), encoded("[" * 900), "A" * 2_001],
)  # fmt: skip
def test_nothing_else_is_read(text: str) -> None:
    with pytest.raises(ParameterError, match="cursor"):
        read_cursor("x", text, [int])
