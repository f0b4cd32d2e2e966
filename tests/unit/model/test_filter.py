"""read_filter: what a filter may ask for, and a place and a next step for what it may not."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tapehead.errors import ExpressionError
from tapehead.model.expression import Comparison, Joined, Not, Sum, Term
from tapehead.model.filter import EXAMPLE, read_filter
from tests.house.commands import cut, fault_in

AGE = Term("age_days")
READ = {
    "age_days>=90": Comparison(AGE, ">=", 90.0),
    " 1e6 <\n dollar_volume(30) ": Comparison(1e6, "<", Term("dollar_volume", 30)),
    "change(7) > -0.5": Comparison(Term("change", 7), ">", -0.5),
    "10 <= age_days < 1_000": Joined("and", (Comparison(10.0, "<=", AGE), Comparison(AGE, "<", 1000.0))),
    'symbol not in ("A", "B")': Not(Comparison(Term("symbol"), "in", ("A", "B"))),
    "close > -2 * (volume - 1)": Comparison(Term("close"), ">", Sum(-2.0, "*", Sum(Term("volume"), "-", 1.0))),
    'basis == ""': Comparison(Term("basis"), "==", ""),
    "not (bars > 1 or close < 2)": Not(
        Joined("or", (Comparison(Term("bars"), ">", 1.0), Comparison(Term("close"), "<", 2.0)))
    ),
}


@pytest.mark.parametrize("text", READ)
def test_what_reads(text: str) -> None:
    assert read_filter(text) == READ[text]


REFUSED = {
    "": "it is empty",
    "close >": "at its end",
    "close": "at character 1: 'close' is a value and no condition; compare it, such as close > 0",
    'kind = "crypto"': "at character 6: equal is written ==",
    'bars > 1 and kind == "cripto"': "at character 22: no kind is 'cripto'; did you mean 'crypto'?",
    'calendar == "NYSE"': "no calendar is 'NYSE'",
    "dolar_volume(30) > 1": "at character 1: nothing is called 'dolar_volume'; did you mean 'dollar_volume'?",
    "close > 1 && bars > 2": "join conditions by and, or, not",
    "(close > 1) & (bars > 2)": "join conditions by and, or, not",
    "close > 1 AND bars > 2": "and, or, not, in are written small",
    "dollar_volume > 1": "dollar_volume is over a number of days, such as dollar_volume(30)",
    "dollar_volume(0) > 1": "takes a whole number of days from 1 to 1,000",
    "volatility(1) > 1": "takes a whole number of days from 2 to 1,000",
    "change(n=3) > 1": "takes a whole number of days",
    "close(3) > 1": "close stands without parentheses",
    'close > "x"': "a word is compared with a number",
    'kind < "crypto"': "words have no order",
    "1 < 2": "it compares two constants",
    'symbol in "BTC"': "right of in stands a list",
    "symbol in [1]": "the list of symbol holds words",
    "close is 1": "compare by < <= > >= == != in, not in",
    "close > 2 ** volume": "at character 9: '2 ** volume' is no part of a filter",
    "close > 2 * kind": "at character 13: 'kind' is a word; numbers are summed",
    "2 * 3 > 5": "it compares two constants",
    "close > 1e999": "'1e999' is no part of a filter",
    "close > True": "'True' is no part of a filter",
    '__import__("os").system("ls") == 1': "nothing is called",
    "close.real > 1": "'close.real' is no part of a filter",
    "[x for x in close]": "is no part of a filter",
    "1or 2": "at character 1",
    "not " * 30 + "close > 1": "it is nested more than 20 levels deep",
    "(" * 300 + "close > 1" + ")" * 300: "at character",
    "close > 1 or " * 100 + "close > 1": "it has 1,309 characters; 1,000 are allowed",
    "é == close": "nothing is called 'é'",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_does_not(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        read_filter(text)
    assert REFUSED[text] in str(caught.value)
    assert len(str(caught.value)) < 700
    steps = list(cut(str(caught.value)))
    assert steps
    assert all(fault_in(step) is None for step in steps)


def test_the_example_reads() -> None:
    assert isinstance(read_filter(EXAMPLE), Joined)


WORDS = [
    "close",
    "bars",
    "kind",
    "(",
    ")",
    "[",
    "]",
    ",",
    "and",
    "or",
    "not",
    "in",
    ">",
    "==",
    "=",
    "1",
    "1e6",
    '"crypto"',
]


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from([*WORDS, "lambda", ":", "change(3)", "-", "*", "\0", "#"])).map(" ".join)
)
@example("-" * 990 + "1 > close")
@example("\ud800 > 1")
@example('symbol == "\\d"')
def test_any_text_reads_or_is_refused_in_a_sentence(text: str) -> None:
    told = ""
    try:
        terms = list(read_filter(text).terms())
    except ExpressionError as error:
        terms, told = [], str(error)
    assert terms or "For instance: tapehead universe create" in told
