"""`tapehead report` opened by a real Chromium without a network: no complaint, the run's own figures, any width."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.acceptance.browser import Browser, Page, chromium
from tests.acceptance.program import tapehead, write_bars

HOSTILE = "<script>throw 1</script>"
METRICS = """Object.fromEntries([...document.querySelectorAll('.strip [data-metric]')].map(
    each => [each.dataset.metric, each.dataset.value === undefined ? null : Number(each.dataset.value)]))"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Sheets(NamedTuple):
    """A store with a run, and its pages."""

    home: Path
    run: str
    whole: Path
    one: Path
    hostile: Path


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> Sheets:
    """Run on three instruments, one of them with a name that would be a script, and report it."""
    folder = tmp_path_factory.mktemp("sheets")
    home, bars = folder / "home", write_bars(folder / "binance", ("BTCUSDT", "ETHUSDT"))
    assert tapehead("import", bars, home=home).code == 0
    assert tapehead("import", bars / "BTCUSDT.csv", "--symbol", HOSTILE, "--kind", "crypto", home=home).code == 0
    ended = tapehead("--json", "backtest", "RsiReversion", "--universe", "all", "--fee", "10bps", home=home)
    assert ended.code == 0, ended.err
    run = ended.events[-1]["run"]
    pages = {name: folder / f"{name}.html" for name in ("whole", "one", "hostile")}
    for name, symbol in (("whole", []), ("one", ["ETHUSDT"]), ("hostile", [HOSTILE])):
        made = tapehead("report", run, *symbol, "-o", pages[name], home=home)
        assert made.code == 0, made.err
        assert str(pages[name]) in made.out
    return Sheets(home, run, **pages)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Page:
    return browser.page()


def kept(sheets: Sheets, *symbol: str) -> Any:
    """What the run kept, as JSON."""
    return tapehead("--json", "show", sheets.run, *symbol, home=sheets.home).document


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (375, True)])
@pytest.mark.parametrize("name", ["whole", "one", "hostile"])
def test_a_sheet_opens_without_a_complaint_and_fits(
    sheets: Sheets, page: Page, name: str, width: int, dark: bool
) -> None:
    path = getattr(sheets, name)
    page.open(path, width, dark=dark)
    assert page.complaints == []
    assert page.asked_for == [path.as_uri()]
    assert page.ask("innerWidth") == width
    assert page.ask(WIDER) <= 0
    assert page.ask("document.querySelectorAll('script').length") == 0
    drawn = page.ask("[...document.querySelectorAll('.linear path, path.deep')].map(each => each.getBBox().width)")
    assert len(drawn) == 4
    assert min(drawn) > 500
    ground = page.ask("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(15, 17, 19)" if dark else "rgb(250, 250, 248)")


def test_the_figures_of_one_instrument_are_those_that_were_kept(sheets: Sheets, page: Page) -> None:
    page.open(sheets.one)
    told = kept(sheets, "ETHUSDT")["result"]["metrics"]
    shown = page.ask(METRICS)
    assert len(shown) == 8
    assert shown == {name: told[name] for name in shown}
    assert page.ask("document.querySelectorAll('[data-trade]').length") == told["trades"] > 0
    assert page.ask("document.querySelector('h1').textContent") == "ETHUSDT"


def test_the_rows_of_a_run_are_those_that_were_kept(sheets: Sheets, page: Page) -> None:
    page.open(sheets.whole)
    told = kept(sheets)["results"]
    assert page.ask("[...document.querySelectorAll('[data-row]')].map(each => each.dataset.row)") == [
        result["instrument"] for result in told
    ]
    assert f"binance:{HOSTILE}" in [result["instrument"] for result in told]
    returns = page.ask(
        "[...document.querySelectorAll('tr [data-metric=total_return]')].map(each => +each.dataset.value)"
    )
    assert returns == [result["metrics"]["total_return"] for result in told]


def test_axis_and_theme_are_chosen_without_a_script(sheets: Sheets, page: Page) -> None:
    page.open(sheets.one)
    seen = "[...document.querySelectorAll('.scales > div')].map(each => getComputedStyle(each).display)"
    assert page.ask(seen) == ["block", "none"]
    page.ask("document.getElementById('scale-log').click()")
    assert page.ask(seen) == ["none", "block"]
    page.ask("document.getElementById('theme-dark').click()")
    assert page.ask("getComputedStyle(document.body).backgroundColor") == "rgb(15, 17, 19)"
    assert page.complaints == []


def test_it_can_be_printed(sheets: Sheets, page: Page) -> None:
    page.open(sheets.one, dark=True)
    assert page.printed().startswith(b"%PDF-")
    assert page.complaints == []


def test_a_page_that_asks_for_something_or_fails_would_be_noticed(tmp_path: Path, sheets: Sheets, page: Page) -> None:
    text = sheets.one.read_text(encoding="utf-8")
    bad = tmp_path / "bad.html"
    bad.write_text(
        text.replace("<main>", '<main><img src="http://127.0.0.1:9/x.png"><script>throw 1</script>'), "utf-8"
    )
    page.open(bad)
    assert len(page.complaints) >= 2
    open_ = text.replace("Content-Security-Policy", "x").replace("<main>", "<main><script>throw 1</script>")
    bad.write_text(open_, "utf-8")
    page.complaints.clear()
    page.open(bad)
    assert any("Uncaught" in each for each in page.complaints)
