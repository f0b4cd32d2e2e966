"""W8 at a small size: its JSON line, its parity, and no time without parity."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import page, page_cache, panel
from benchmarks.asked import Asked
from benchmarks.keepers.measure import Summed, difference
from benchmarks.storage_report import Kept, Read, StorageReport, restored

ROOT = Path(__file__).resolve().parent.parent.parent
LINE_KEYS = {
    "id", "seed", "first_ms", "last_ms", "bars_per_s", "peak_rss_mb", "parity", "peers", "stages_ms", "machine",
    "commit",
}  # fmt: skip


def made(bars: int = 900) -> panel.Panel:
    """A small synthetic panel of two symbols."""
    one = panel.synthetic(3, bars)
    half = bars // 2
    return one._replace(symbols=("A", "B"), offsets=(0, half, bars))


def test_w8_tells_one_line_and_gives_every_bit_back() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "W8", "--seed", "5", "--bars", "3000", "--peers", "none", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    line: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert set(line) >= LINE_KEYS
    assert (line["id"], line["seed"], line["bars"], line["parity"]) == ("W8", 5, 3000, "equal")
    assert line["bars_per_s"] > 0
    assert line["cold_bars_per_s"] > 0
    assert line["bytes_per_bar"] > 0
    assert set(line["stages_ms"]) >= {"commit", "import", "cold_decode", "decode", "hot_files", "memory", "append"}
    assert line["data"].startswith(("real hourly bars", "synthetic"))
    assert line["peers"] == {}


def test_one_wrong_bit_is_seen() -> None:
    wanted = made()
    assert difference(wanted, dict(wanted.parts())) == "equal"
    assert difference(wanted, {None: wanted.columns}) == "equal"
    for name, values in wanted.columns.items():
        wrong = values.copy()
        wrong.view(np.uint8)[values.itemsize * 700] ^= 1
        said = difference(wanted, {None: {**wanted.columns, name: wrong}})
        assert said.startswith(f"{name}, bar 700: ")
    narrow = {**wanted.columns, "close": wanted.columns["close"].astype(np.float32)}
    assert difference(wanted, {None: narrow}).startswith("close: float32")
    assert difference(wanted, {"A": wanted.columns}).startswith("symbols differ")


def test_a_read_that_leaves_bars_out_is_refused() -> None:
    wanted = made()
    summed = Summed()
    summed("A", next(wanted.parts())[1])
    with pytest.raises(RuntimeError, match="450 bars were read, not 900"):
        summed.check(900)
    summed("B", list(wanted.parts())[1][1])
    summed.check(900)
    assert summed.sums["close"] == pytest.approx(float(wanted.columns["close"].sum()))


def test_the_page_cache_is_really_dropped(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(1 << 20))
    assert page_cache.size_bytes(tmp_path) == 1 << 20
    assert page_cache._left(tmp_path) == 1.0
    said = page_cache.drop(tmp_path)
    held = page_cache._left(tmp_path)
    assert said.startswith("page cache dropped") == (held <= 0.01)


def test_no_figure_stands_beside_a_wrong_bit_and_the_page_tells_all_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = Kept("tapehead", "segments + hot files", "all", "equal", 9.5, 800.0, 40.0, Read(0.5, 4.0, 9), 2.0, 1.5)
    lost = Kept("parquet", "split", "all", "close, bar 3: 1.0, not 2.0")
    fast = Kept("feather", "raw", "all", "equal", 49.0, 30.0, 20.0, Read(0.2, 2.0, 9), None, 0.8)
    slow = Kept("feather", "lz4", "all", "equal", 28.0, 60.0, 30.0, Read(0.4, 8.0, 9), None, 0.8)
    asked = Asked("W8", instruments=2, bars=1_000_000, peers=("parquet", "feather"))
    report = StorageReport(
        asked, "Some CPU, 2 cores", "abc", "real bars", "page cache dropped", [ours, lost, slow, fast]
    )
    line = report.line()
    assert line["bars_per_s"] == 250_000_000
    assert line["peers"]["feather"]["ratio"] == 0.5
    assert line["peers"]["feather"]["layout"] == "raw"
    assert line["peers"]["parquet"]["ms"] is None
    assert line["parity"] == "equal; parquet split: close, bar 3: 1.0, not 2.0"
    assert restored(json.loads(json.dumps(report.kept()))).line() == line
    (tmp_path / "one.json").write_text(json.dumps(report.kept()), encoding="utf-8")
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    text = page.write([tmp_path / "one.json"]).read_text(encoding="utf-8")
    assert "| all | **tapehead** | segments + hot files | 9.5 | 800 | 40 | 25 | 4 | 250 |  | 1.5 |" in text
    assert "| all | feather | raw | 49 | 30 | 20 | 50 | 2 | 500 | 0.5 | 0.8 |" in text
    assert "| all | parquet | split | - | - | - | - | - | - |  | - |" in text
