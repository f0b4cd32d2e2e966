"""The figures of the page are those of the page, its weight is within its budget, its pictures are all there."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser
from tools.palette_png import palette_png

from benchmarks.load.service import Service
from benchmarks.web import first_rows, replay, sizes
from benchmarks.web.chromium import watched_page
from tests.house.tree import ROOT
from tests.serving import Served

PAGES = ("run", "sweep", "result", "runs", "compare", "market", "screen", "data", "operations")
INSTRUMENTS = 12


@pytest.fixture
def service(served: Served, tmp_path: Path) -> Service:
    """The service of the tests, as the benchmarks name one."""
    place = urlsplit(served.url)
    return Service(str(place.hostname), int(place.port or 0), 0, tmp_path)


def test_the_page_weighs_no_more_than_its_budget(service: Service) -> None:
    weight = sizes.weigh(service)
    assert weight.first <= 150_000
    assert weight.whole <= 250_000
    assert weight.styles <= 20_000
    assert 0 < weight.first < weight.whole


def test_a_press_of_the_keys_is_timed_from_row_to_row_and_compared(browser: Browser, service: Service) -> None:
    with watched_page(browser) as page:
        first_rows.open_run_page(page, service)
        told = first_rows.press(page, 17, INSTRUMENTS)
        assert list(told.quarters_ms) == sorted(told.quarters_ms)
        assert first_rows.unequal(page, service) == ""
        page.evaluate("document.querySelector('[data-row] [data-metric=total_return]').dataset.value = '0.125'")
        assert first_rows.unequal(page, service).endswith("0.125 is shown")


def test_a_recorded_stream_fills_the_table_as_the_run_did(browser: Browser, service: Service) -> None:
    run = httpx.get(f"{service.url}/api/v1/runs?limit=1").json()["runs"][0]["run"]
    # So slowly that a few rows take several frames, on a busy machine too.
    told = replay.watch_replay(browser, service, run, pace_per_s=25)
    assert told.rows == INSTRUMENTS
    assert len(replay.record(service, run)) > INSTRUMENTS


def test_few_colours_are_kept_bit_for_bit_and_many_become_256() -> None:
    random = np.random.default_rng(7)
    pixels = random.integers(0, 256, (200, 3), np.uint8)[random.integers(0, 200, (30, 40))]
    png = palette_png(pixels)
    chunks, at = {}, 8
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        chunks[png[at + 4 : at + 8]] = png[at + 8 : at + 8 + size]
        at += size + 12
    palette = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(30, 41)
    assert (palette[rows[:, 1:]] == pixels).all()
    many = random.integers(0, 256, (40, 40, 3), np.uint8)
    assert palette_png(many) == palette_png(many)
    assert palette_png(many).count(b"PLTE") == 1


def test_every_page_has_its_pictures() -> None:
    wanted = {
        f"{page}-{theme}-{size}.png" for page in PAGES for theme in ("dark", "light") for size in ("phone", "wide")
    }
    found = {file.name: file.stat().st_size for file in (ROOT / "docs" / "screens").glob("*.png")}
    assert set(found) == wanted
    assert sum(found.values()) < 3_000_000
