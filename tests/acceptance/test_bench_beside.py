"""W9, W5 from PostgreSQL and the sources at small sizes: real servers, and no figure beside another answer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import page
from benchmarks.asked import Asked
from benchmarks.beside import BesideReport, Entry, restored
from benchmarks.processes import DRIVERS, KEEPERS_PYTHON
from benchmarks.rows.measure import difference
from benchmarks.sources import cache, phases, questions, trace
from tests.acceptance.test_bench_small import LINE_KEYS, run

MORE = {"figures", "missed", "behind"}


def test_w9_reads_looks_up_and_writes_on_a_server_of_its_own(postgres18_program: object) -> None:
    line, said = run("W9", "--seed", "5", "--instruments", "1", "--bars", "300", "--peers", "none")
    assert set(line) == LINE_KEYS | MORE
    assert (line["id"], line["seed"], line["parity"], line["peers"], line["behind"]) == ("W9", 5, "equal", {}, []), said
    assert {name.partition(",")[0] for name in line["figures"]} == {
        "1 series to arrays",
        "newest bar of 2 series",
        "bars written",
        "1 series after SQL changed one bar",
        "1 series after SQL changed a bar of each",
    }
    assert all(value > 0 for value in line["figures"].values())


def test_w5_comes_cold_out_of_postgresql_and_agrees_with_the_twin(postgres18_program: object) -> None:
    line, said = run("W5", "--postgres", "--seed", "5", "--instruments", "2", "--bars", "900")
    assert (line["id"], line["parity"]) == ("W5", "equal"), said
    assert 0 < line["figures"]["first result, server's own memory warm"] <= line["last_ms"] * 10
    assert "PostgreSQL 18" in said
    assert "page cache dropped" in said.lower()


def test_a_group_of_the_sources_has_both_sides_with_equal_answers(postgres18_program: object) -> None:
    line, said = run("sources", "--group", "P6-results", "--seed", "5", "--instruments", "2", "--bars", "900")
    assert (line["id"], line["parity"]) == ("sources", "equal"), said
    both = KEEPERS_PYTHON.exists()
    assert len(line["peers"]) == (2 if both else 0)
    assert ("The others were not run here" in said) == (not both)


def test_who_is_behind_or_wrong_stands_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        Entry("read", "tapehead", "packed", 40.0, rows=400_000, reach=20.0),
        Entry("read", "tapehead", "memory", 10.0, rows=400_000),
        Entry("read", "pandas", "one query", 2_000.0, rows=400_000, claim="30 s"),
        Entry("write", "tapehead", "segments", 90.0),
        Entry("write", "adbc", "rows", 30.0),
        Entry("write", "psycopg", "rows", None, "close, bar 3: 1.0, not 2.0"),
    ]
    report = BesideReport(Asked("W9", peers=DRIVERS), "Some CPU", "abc", "rows", ["Told."], entries)
    assert report.behind() == ["write"]
    line = report.line()
    assert line["parity"] == "write, psycopg: close, bar 3: 1.0, not 2.0"
    assert line["missed"] == ["read"]
    assert line["peers"]["read, pandas one query"] == {"ms": 2000.0, "ratio": 200.0}
    assert restored(json.loads(json.dumps(report.kept()))).line() == line
    (tmp_path / "one.json").write_text(json.dumps(report.kept()), encoding="utf-8")
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    text = page.write([tmp_path / "one.json"]).read_text(encoding="utf-8")
    assert "| read | **tapehead** | packed |  | 40 | ms |  | 10 | ≤ 20, missed | equal |" in text
    assert "| read | pandas | one query | 30 s | 2,000 | ms | 200 | 0.2 |  | equal |" in text
    assert "| write | psycopg | rows |  | - | ms |  |  |  | close, bar 3: 1.0, not 2.0 |" in text
    assert "Ours behind in: write." in text


def test_one_wrong_answer_is_seen(tmp_path: Path) -> None:
    wanted = {"ts": np.arange(3), "close": np.array([1.0, 2.0, 3.0])}
    assert difference(wanted, {name: values.copy() for name, values in wanted.items()}) == "equal"
    assert difference(wanted, {**wanted, "close": np.array([1.0, np.nextafter(2.0, 3.0), 3.0])}).startswith(
        "close, bar 1"
    )
    assert difference(wanted, {**wanted, "ts": np.arange(2)}).startswith("ts: int64 (2,)")
    ours, theirs = tmp_path / "ours.npz", tmp_path / "theirs.npz"
    np.savez(ours, trades=np.array([4, 5]), returned=np.array([0.1, 0.2]))
    np.savez(theirs, trades=np.array([4, 6]), returned=np.array([0.1, 0.2]))
    assert phases.difference(theirs, ours) == "coin 1: 6 trades, not 5"
    np.savez(theirs, trades=np.array([4, 5]), returned=np.array([0.1, 0.2001]))
    assert phases.difference(theirs, ours).startswith("returns differ by")
    np.savez(ours, close=wanted["close"])
    np.savez(theirs, close=np.array([1.0, np.nextafter(2.0, 3.0), 3.0]))
    assert cache.difference(theirs, ours) == "equal"
    assert cache.last_digits(theirs, ours).startswith("1 of 3 values")
    np.savez(theirs, close=np.array([1.0, 2.00001, 3.0]))
    assert cache.difference(theirs, ours).startswith("close, bar 1")
    questions.saved(ours, {"counts": {"count": np.array([1.0])}})
    questions.saved(theirs, {"counts": {"count": np.array([2.0])}})
    assert questions.differences(theirs, ours)["counts"] == "counts.count, 0: np.float64(2.0), not np.float64(1.0)"


def test_a_day_of_requests_is_the_same_for_the_same_seed() -> None:
    one, again, other = (list(trace.requests(seed, 48, 500)) for seed in (7, 7, 8))
    assert one == again != other
    assert len(one) == trace.RUNS
    assert [each.minute for each in one] == sorted(each.minute for each in one)
    assert all(0 <= each.first < each.last < 500 and max(each.series) < 48 for each in one)
