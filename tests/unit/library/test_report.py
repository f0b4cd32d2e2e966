"""Tear sheets as files: what they hold, what they escape, what they replace, and that they are the same twice."""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tapehead.errors import ParameterError, RunKeyError, SurroundingsError
from tapehead.library.report import NoResultsError
from tapehead.library.store import Store
from tapehead.library.tear import many, single, trade_table
from tapehead.library.tear.facts import read_facts
from tapehead.model.instrument import Instrument
from tests.unit.library.market import RSI_BODY, columns_of, house_of, open_market, put, write_strategy

HOSTILE = "<script>alert('x')</script>&\"\u202e"


class Read(HTMLParser):
    """What a parser sees: elements, data-metric values, data-row names, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.metrics: dict[str, str | None] = {}
        self.rows: list[str | None] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.seen.append(tag)
        if tag not in ("meta", "input", "br", "link"):
            self.open.append(tag)
        if "data-metric" in given and given["data-metric"] not in self.metrics:
            self.metrics[str(given["data-metric"])] = given.get("data-value")
        if "data-row" in given:
            self.rows.append(given["data-row"])
        self.addresses += [
            f"{tag} {key}" for key in given if key in ("src", "href", "style", "srcset", "action", "data")
        ]
        self.addresses += [f"{tag} {key}" for key in given if key.startswith("on")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} closes what is not open"

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_market(tmp_path / "home", symbols=4, rows=800) as store:
        yield store


def read(path: Path) -> Read:
    """Parse a page, and see that it holds all of itself."""
    found = Read(path.read_text(encoding="utf-8"))
    assert found.open == []
    assert found.addresses == []
    assert not {"script", "link", "img", "iframe", "object", "base"} & set(found.seen)
    return found


def test_the_sheet_of_one_instrument_tells_what_the_run_kept(store: Store, tmp_path: Path) -> None:
    run = store.backtest("SmaCross", universe="crypto", fast=5, fee="10bps").wait()
    made = run.report(tmp_path / "tear.html", "S01")
    assert (made.instruments, made.replaced, made.size_bytes) == (1, False, (tmp_path / "tear.html").stat().st_size)
    page, result = read(tmp_path / "tear.html"), run["S01"]
    for name, value in result.metrics.items():
        assert page.metrics[name] == (None if value is None else repr(value))
    for told in ("Equity", "Drawdown", "Return by month", "Moving Sharpe ratio", "Returns of bars", "Returns of trades",
                 "Trades", "Costs", "Look twice", "Receipt", "Settings", "fee 10 bps", "SmaCross 5/30"):  # fmt: skip
        assert told in page.text
    assert run.id in page.text
    assert run.record.key.receipt() in page.text
    assert run.receipt is not None
    assert run.receipt.digest in page.text


def test_the_sheet_of_a_run_tells_of_every_instrument(store: Store, tmp_path: Path) -> None:
    run = store.backtest("SmaCross", universe="crypto").wait()
    assert run.report(tmp_path / "tear.html").instruments == 4
    page = read(tmp_path / "tear.html")
    assert page.rows == [result.instrument for result in run.results()]
    assert "each with its own cash; not a portfolio" in page.text
    median = np.median([float(result.metrics["total_return"] or 0) for result in run.results()])
    assert page.metrics["median_total_return"] == repr(float(median))


def test_a_run_of_one_instrument_gives_its_sheet(store: Store, tmp_path: Path) -> None:
    run = store.backtest("SmaCross", symbols="S02").wait()
    run.report(tmp_path / "a.html")
    run.report(tmp_path / "b.html", "test:S02")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_the_same_run_gives_the_same_bytes(store: Store, tmp_path: Path) -> None:
    run = store.backtest("SmaCross", universe="crypto").wait()
    for symbol in (None, "S01"):
        run.report(tmp_path / "live.html", symbol)
        store.run(run.id).report(tmp_path / "kept.html", symbol)
        assert (tmp_path / "live.html").read_bytes() == (tmp_path / "kept.html").read_bytes()


def test_what_is_hostile_is_text(store: Store, tmp_path: Path) -> None:
    put(house_of(store), [(Instrument("test", HOSTILE, quote="<i>USD"), columns_of(800, seed=3))])
    mine = write_strategy(tmp_path / "entry & <i>.py", RSI_BODY)
    run = store.backtest(mine, symbols=[f"test:{HOSTILE}", "test:S01"]).wait()
    for symbol in (None, f"test:{HOSTILE}"):
        run.report(tmp_path / "tear.html", symbol)
        page = read(tmp_path / "tear.html")
        assert "i" not in page.seen
        assert HOSTILE.removesuffix("\u202e") in page.text
        assert "<script" not in (tmp_path / "tear.html").read_text(encoding="utf-8")
    assert "test:" + HOSTILE in read_rows(run, tmp_path)


def read_rows(run: object, tmp_path: Path) -> list[str | None]:
    """Names of the rows of a run's sheet."""
    run.report(tmp_path / "rows.html")  # type: ignore[attr-defined]  # a Run, or its twin
    return read(tmp_path / "rows.html").rows


def test_a_sheet_is_replaced_and_another_file_is_not(store: Store, tmp_path: Path) -> None:
    run = store.backtest("SmaCross", symbols="S01").wait()
    place = tmp_path / "deep" / "tear.html"
    run.report(place)
    assert run.report(place).replaced
    (tmp_path / "notes.html").write_text("mine", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"output=.*notes\.html: output must be a file that is not there yet or a"):
        run.report(tmp_path / "notes.html")
    assert (tmp_path / "notes.html").read_text(encoding="utf-8") == "mine"
    assert run.report(tmp_path / "notes.html", force=True).replaced
    with pytest.raises(ParameterError, match="there is a folder"):
        run.report(tmp_path)
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["tear.html"]


def test_a_link_stays_and_what_it_leads_to_is_written(store: Store, tmp_path: Path) -> None:
    run = store.backtest("SmaCross", symbols="S01").wait()
    (tmp_path / "link.html").symlink_to(tmp_path / "real.html")
    run.report(tmp_path / "link.html")
    assert (tmp_path / "link.html").is_symlink()
    read(tmp_path / "real.html")


@pytest.mark.parametrize("place", ["/proc/tear.html", "/dev/null/tear.html"])
def test_a_place_that_cannot_be_written_is_a_sentence(store: Store, place: str) -> None:
    run = store.backtest("SmaCross", symbols="S01").wait()
    with pytest.raises(SurroundingsError, match=r"cannot be written: .*\. Name a file in a folder of yours"):
        run.report(place)


def test_an_unknown_symbol_and_a_run_without_results_are_refused(store: Store, tmp_path: Path) -> None:
    whole = store.backtest("SmaCross", universe="crypto", fast=3).wait()
    with pytest.raises(RunKeyError, match="no result for 'S09'"):
        whole.report(tmp_path / "tear.html", "S09")
    empty = house_of(store).runs.create(whole.record.key, whole.spec, 1)
    with pytest.raises(NoResultsError, match=f"Run {empty} has no result; how it ended: `tapehead show {empty}`"):
        store.run(empty).report(tmp_path / "tear.html")
    assert not (tmp_path / "tear.html").exists()


def test_a_cancelled_run_reports_what_is_kept_and_says_so(store: Store, tmp_path: Path) -> None:
    run = store.backtest("SmaCross", universe="crypto", executor="serial")
    results = 0
    for _, event in run.events():
        results += event.name == "result"
        if results == 2:
            run.cancel()
    assert run.record.state == "cancelled"
    run.report(tmp_path / "tear.html")
    page = read(tmp_path / "tear.html")
    assert len(page.rows) == len(run.results()) < 4
    assert "run cancelled" in page.text
    assert "only a completed run has one" in page.text


def test_a_curve_that_cannot_be_made_again_is_left_out_and_said(store: Store, tmp_path: Path) -> None:
    mine = write_strategy(tmp_path / "entry.py", RSI_BODY)
    run = store.backtest(mine, symbols=["S01", "S02"], fee="10bps").wait()
    (tmp_path / "entry.py").unlink()
    for symbol in (None, "S01"):
        run.report(tmp_path / "tear.html", symbol)
        page = read(tmp_path / "tear.html")
        assert "entry.py" in page.text
        assert "Drawdown" not in page.seen
        assert ("cannot be made again" if symbol else "2 of 2 curves are missing") in page.text
        assert repr(run["S01"].metrics["total_return"]) in (tmp_path / "tear.html").read_text(encoding="utf-8")


def test_long_tables_are_cut_and_say_so(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "ROWS", 3)
    monkeypatch.setattr(many, "SPARKS", 2)
    monkeypatch.setattr(trade_table, "TRADES", 5)
    run = store.backtest("SmaCross", universe="crypto", fast=3).wait()
    run.report(tmp_path / "many.html")
    page = read(tmp_path / "many.html")
    assert len(page.rows) == 3
    assert "The best 3 of 4 are shown; all of them: tapehead show" in page.text
    run.report(tmp_path / "one.html", "S01")
    text = (tmp_path / "one.html").read_text(encoding="utf-8")
    assert len(re.findall("data-trade=", text)) == 5
    trades = run["S01"].trades
    assert trades is not None
    assert f"The first 5 of {len(trades):,} are shown; all of them: tapehead show" in read(tmp_path / "one.html").text


EXTREMES = {
    "ONE": (1, lambda k: 100 + 0 * k),
    "TWO": (2, lambda k: 100 + k),
    "FLAT": (400, lambda k: 100 + 0 * k),
    "HUGE": (400, lambda k: np.round(1e12 * (1.2 + np.sin(k / 7)))),
    "TINY": (400, lambda k: np.round(1e-6 * (1.2 + np.sin(k / 7)), 10)),
    "CRASH": (400, lambda k: np.round(100 * np.exp(-k / 20) + 0.01, 4)),
}


def extreme(rows: int, price: Callable[[np.ndarray], np.ndarray]) -> dict[str, np.ndarray]:
    """Bars along a line of prices."""
    columns, close = columns_of(rows), price(np.arange(float(rows)))
    open_ = np.concatenate((close[:1], close[:-1]))
    prices = {"open": open_, "close": close, "high": np.maximum(open_, close), "low": np.minimum(open_, close)}
    return {**columns, **prices}


@pytest.mark.parametrize("strategy", ["BuyAndHold", "RsiReversion"])
def test_markets_at_the_edge_have_sheets_without_a_bare_number(tmp_path: Path, strategy: str) -> None:
    with open_market(tmp_path / "home", symbols=1, rows=50) as store:
        given = [(Instrument("edge", name), extreme(*spec)) for name, spec in EXTREMES.items()]
        put(house_of(store), given)
        run = store.backtest(strategy, symbols=[f"edge:{name}" for name in EXTREMES], fee="10bps", cash=5.0).wait()
        for symbol in (None, *EXTREMES):
            run.report(tmp_path / "tear.html", symbol)
            page = read(tmp_path / "tear.html")
            body = (tmp_path / "tear.html").read_text(encoding="utf-8").partition("<body>")[2]
            assert not re.findall(r"\b(?:nan|inf|NaN|Infinity)\b", body)
            assert not re.findall(r"[0-9]e[+-][0-9]|[-−]0(?:\.0+)?(?![.0-9])", page.text)
            assert page.text.count("Receipt") == 1


def test_an_account_below_zero_has_no_logarithmic_axis(store: Store, tmp_path: Path) -> None:
    run = store.backtest("SmaCross", symbols="S01").wait()
    facts = read_facts(house_of(store), run, {"test:S01"})
    account = run.account("S01")
    lost = account._replace(equity=account.equity - 1.5 * account.equity[0] * (np.arange(800) > 600))
    pages = {}
    for name, each in (("whole", account), ("lost", lost)):
        pages[name] = "".join(single.body(single.Single(run["S01"], run.spec, facts, account.bars.ts, 1.0, each, "")))
        Read(pages[name])
    assert 'id="scale-log"' in pages["whole"]
    assert 'id="scale-log"' not in pages["lost"]
    assert "nan" not in pages["lost"]
