"""What a notebook shows: markup that parses, text escaped, rows bounded, nothing loaded before it is asked for."""

import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from tapehead.layout.columns import TRADE_DTYPES
from tapehead.model import display
from tapehead.model.bars import Bars
from tapehead.model.markup import Html, escaped, joined, tag
from tapehead.model.result import Metrics, RunResult
from tapehead.model.table import Table
from tapehead.model.trades import Trades, no_trades

HOSTILE = "<script>alert(1)</script>\x00"


class Read(HTMLParser):
    """Elements, rows and text; asserts that what is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.seen.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + " "


def bars(n: int) -> Bars:
    """Hourly bars with a hostile name."""
    price = 100 + np.arange(float(n))
    ts = 1_600_000_000_000_000 + 3_600_000_000 * np.arange(n)
    return Bars.from_arrays(ts, price, price, price, price, interval="1h", symbol=HOSTILE)


def result() -> RunResult:
    """One result with a hostile name."""
    metrics, why = Metrics({"total_return": 0.25, "sharpe": None}), {"sharpe": "zero_volatility"}
    given = (HOSTILE, "1h", {}, metrics, why, ("holes",), np.array([1.0, 2.0, 1.5]), 1.5, b"", (), None, 1)
    return RunResult("01JD8Q7K", *given)


@pytest.mark.parametrize("n", [0, 1, 10, 11, 1_000])
def test_few_rows_are_shown_whole_and_many_by_both_ends(n: int) -> None:
    page = Read(bars(n)._repr_html_())
    assert page.seen.count("tr") - 1 == min(n, display.ROWS)
    assert f"{n:,} bars" in page.text
    assert ("the first and last 5 are shown" in page.text) == (n > 10)
    assert "script" not in page.seen


def test_trades_tables_and_results_are_escaped() -> None:
    columns = {name: np.ones(30).astype(dtype) for name, dtype in TRADE_DTYPES.items()}
    assert Read(Trades(**columns)._repr_html_()).seen.count("tr") == 11
    assert "0 trades" in Read(no_trades()._repr_html_()).text
    page = Read(Table({"instrument": np.array([HOSTILE]), "ts": np.array([5_000_000])})._repr_html_())
    assert "script" not in page.seen
    assert "1970-01-01 00:00:05" in page.text
    page = Read(result()._repr_html_())
    assert "script" not in page.seen
    assert "total_return 0.25 sharpe – (zero_volatility)" in page.text
    assert "holes" in page.text


def test_markup_is_made_by_one_function() -> None:
    assert tag("b", "<", Html("<i>x</i>"), None, class_='"', data_x=1, hidden=True, id_=None) == (
        '<b class="&quot;" data-x="1" hidden>&lt;<i>x</i></b>'
    )
    assert tag("path", d="M0 0") == '<path d="M0 0"/>'
    assert tag("br") == "<br>"
    assert escaped("a\x00\x1b\ud800b\n") == "a\ufffd\ufffd\ufffdb\n"
    assert joined(["<", Html("<i>"), None]) == "&lt;<i>"
    assert escaped(tag("b", "x")) == "<b>x</b>"


@pytest.mark.parametrize("values", [[], [1.0], [np.nan, np.nan], [1.0, 1.0], [1.0, np.nan, 3.0]])
def test_a_line_of_anything_is_markup(values: list[float]) -> None:
    drawn = display.sparkline(np.array(values))
    Read(drawn)
    assert ("path" in drawn) == (int(np.isfinite(values).sum()) > 1)
    assert "nan" not in drawn


def test_display_and_arrow_are_loaded_when_they_are_asked_for() -> None:
    ask = (
        "import sys; from tapehead.model import bars, trades, table, result; "
        "print([name for name in sys.modules if name in ('pyarrow', 'html', 'tapehead.model.display')])"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
