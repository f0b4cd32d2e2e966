"""Write docs/screens: every page of the demo store, in both themes, wide and as on a phone.

Needs a Chromium. Called by `make screens`.
The pictures of one version differ only in ids, times of day and what was measured.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from chromium import HOW_TO_GET_IT, find_chromium
from palette_png import palette_png

ROOT = Path(__file__).resolve().parent.parent
SCREENS = ROOT / "docs" / "screens"
SIZES = {"wide": {"width": 1440, "height": 900}, "phone": {"width": 380, "height": 800}}
THEMES = ("light", "dark")
SYMBOL = "demo:BTCUSDT"
PIXELS = """async (png) => {
    const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const pen = canvas.getContext("2d");
    pen.drawImage(picture, 0, 0);
    const bytes = pen.getImageData(0, 0, picture.width, picture.height).data;
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return [picture.width, picture.height, btoa(text)];
}"""
SPECS = (
    {"strategy": "RsiReversion", "universe": "demo", "fee": "10bps"},
    {"strategy": "RsiReversion", "universe": "demo", "fee": "10bps", "parameters": {"period": 21}},
    {
        "strategy": "SmaCross",
        "grid": {"fast": "5:60:5", "slow": "20:200:10"},
        "where": "fast < slow",
        "universe": "demo",
        "fee": "10bps",
    },
)
SCREEN = {"expression": "close > sma(50) and rsi(14) < 60", "universe": "demo", "by": "change(24)"}
DEFECTS = """time,open,high,low,close,volume
2024-01-01T00:00:00Z,100,101,99,100.5,1200
2024-01-01T01:00:00Z,100.5,102,100,101.5,1100
2024-01-01T01:00:00Z,100.5,102,100,101.5,1100
2024-01-01T02:00:00Z,101.5,101,100.5,102,900
2024-01-01T06:00:00Z,102,103,101,102.5,1300
2024-01-01T07:00:00Z,102.5,,102,103,1000
2024-01-01T08:00:00Z,103,104,102,103.5,0
"""


@contextmanager
def demo_service(folder: Path) -> Iterator[str]:
    """A service over a store of `tapehead demo`; gives its address."""
    home = folder / "home"
    program = [sys.executable, "-m", "tapehead", "--home", str(home)]
    subprocess.run([*program, "-q", "demo", "--no-serve"], check=True, stdout=subprocess.DEVNULL)
    log = (folder / "log").open("w")
    process = subprocess.Popen(
        [*program, "--json", "serve", "--port", "free"], stdout=subprocess.PIPE, stderr=log, text=True
    )
    try:
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
        log.close()


def run_to_its_end(url: str, spec: dict[str, Any]) -> str:
    """Ask for a run, follow it to its end, return its id."""
    head = {"Content-Type": "application/json"}
    asked = urllib.request.Request(f"{url}/api/v1/runs", json.dumps(spec).encode(), head)  # noqa: S310 - http
    with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310 - http
        run: str = json.load(answer)["id"]
    with urllib.request.urlopen(f"{url}/api/v1/runs/{run}/events?tiles=true", timeout=300) as events:  # noqa: S310 - http
        events.read()
    return run


def choose_trade(page: Page) -> None:
    """Choose a trade, so that its fill is explained."""
    page.locator("[data-trade]").nth(2).click()
    page.locator("[data-explain]").first.wait_for()


def drop_file(page: Page) -> None:
    """Have a file with defects looked at."""
    file = {"name": "ODDUSDT.csv", "mimeType": "text/csv", "buffer": DEFECTS.encode()}
    page.get_by_label("Files of bars").set_input_files(file)
    page.locator("[data-step=looked]").wait_for()


def stand_still(page: Page) -> None:
    """Wait until the page is drawn: its fonts are there and nothing more is asked for."""
    page.locator("main[data-page]").wait_for()
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready.then(() => true)")
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn(true))))")


def pixels_of(darkroom: Page, png: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The pixels of a PNG, read by the browser that made it."""
    width, height, text = darkroom.evaluate(PIXELS, base64.b64encode(png).decode())
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)[..., :3]


def shoot(browser: Browser, url: str, runs: list[str]) -> None:
    """Write every picture."""
    places = {
        "run": f"/runs/{runs[0]}",
        "sweep": f"/sweep/{runs[2]}",
        "result": f"/runs/{runs[0]}/{SYMBOL}",
        "runs": "/runs",
        "compare": f"/compare/{runs[0]}/{runs[1]}",
        "market": f"/market/{SYMBOL}",
        "screen": f"/screen?{urlencode(SCREEN)}",
        "data": "/data",
        "operations": "/operations",
    }
    before = {"result": choose_trade, "data": drop_file}
    darkroom = browser.new_page()
    for size, viewport in SIZES.items():
        for theme in THEMES:
            context = browser.new_context(
                viewport=viewport,
                color_scheme=theme,
                has_touch=size == "phone",
                reduced_motion="reduce",
            )
            for name, path in places.items():
                page = context.new_page()
                page.goto(url + path)
                stand_still(page)
                if name in before and (name != "result" or size == "wide"):
                    before[name](page)
                    stand_still(page)
                png = palette_png(pixels_of(darkroom, page.screenshot()))
                (SCREENS / f"{name}-{theme}-{size}.png").write_bytes(png)
                page.close()
            context.close()


def main() -> int:
    """Write the pictures, and say how much they weigh."""
    program = find_chromium()
    if program is None:
        print(f"There is no Chromium here, which draws the pages: {HOW_TO_GET_IT}", file=sys.stderr)
        return 3
    SCREENS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, demo_service(Path(folder)) as url, sync_playwright() as driver:
        runs = [run_to_its_end(url, spec) for spec in SPECS]
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        shoot(browser, url, runs)
        browser.close()
    files = sorted(SCREENS.glob("*.png"))
    print(
        f"{len(files)} pictures, {sum(file.stat().st_size for file in files) / 1e6:.2f} MB: {SCREENS.relative_to(ROOT)}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
