"""W11 at a small size: its JSON line, its sample, and what misses stands on the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import handover, page, scale
from benchmarks.asked import Asked
from benchmarks.parity import compare
from benchmarks.scale_report import ScaleReport, Size, restored
from tests.acceptance.test_bench_small import LINE_KEYS, run


def test_w11_tells_one_line_and_agrees_with_the_twin() -> None:
    line, said = run("W11", "--seed", "11", "--bars", "1500", "--instruments", "3")
    assert set(line) == LINE_KEYS | {"sizes"}
    assert (line["id"], line["seed"], line["parity"], line["peers"]) == ("W11", 11, "equal", {}), said
    assert list(line["sizes"]) == ["3"]
    assert 0 < line["first_ms"] <= line["last_ms"]
    assert line["sizes"]["3"]["peak_rss_mb"] == line["peak_rss_mb"] > 0


def test_a_sample_is_what_its_instruments_give(tmp_path: Path) -> None:
    assert scale.sampled(48) == list(range(48))
    spread = scale.sampled(5_000)
    assert (len(spread), spread[0], spread[-1]) == (100, 0, 4_950)
    _, every = handover.make(5, 4, 700, ("next_open",))
    _, some = handover.make(5, [1, 3], 700, ("next_open",))
    found = scale.chosen(every["next_open"], [1, 3])
    assert compare("tapehead", found, some["next_open"]).agrees
    assert not compare("tapehead", scale.chosen(every["next_open"], [0, 3]), some["next_open"]).agrees


def test_a_miss_stands_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = Size(48, "equal", 900.0, 4.0, 48.0, 9, 100.0, 900.0, 90.0, {"read": 2.0})
    large = Size(500, "equal", 1900.0, 4.0, 1000.0, 3, 150.0, 1900.0, 99.0)
    report = ScaleReport(Asked("W11", instruments=500, bars=1000), "Some CPU, 2 cores", "abc", [small, large])
    kept = json.loads(json.dumps(report.kept()))
    assert restored(kept) == report
    (tmp_path / "one.json").write_text(json.dumps(kept), encoding="utf-8")
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    text = page.write([tmp_path / "one.json"]).read_text(encoding="utf-8")
    assert "| 500 | 0.5 | 1,900 | 4 | 1,000 | 2,000 | 2 | 150 | 1.5 | 1,900 | 99 | 1.1 | equal |" in text
    assert "time a bar × 2.00 (to reach: ≤ 1.1, missed); peak memory × 1.50 (to reach: ≤ 1.2, missed)" in text
    assert "without the memory tier × 1.10 (to reach: ≤ 1.2)." in text
