"""The benchmarks of a service at a small size: figures stand only where every event came once and unchanged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import page
from benchmarks.asked import Asked
from benchmarks.load.report import Figure, ServiceReport, restored
from benchmarks.load.streams import Frame, Stream, compare, prove
from benchmarks.processes import EngineFailed
from tests.acceptance.test_bench_small import LINE_KEYS, run

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
NAMES = ("started", "progress", "result", "progress", "result", "failed")
WHOLE = [Frame(f"{RUN}/{number}", name, b"{}") for number, name in enumerate(NAMES, 1)]
SIZE = ("--seed", "12", "--bars", "1500", "--instruments", "3")


def test_w5_over_http_agrees_with_the_twin() -> None:
    line, said = run("W5", "--http", *SIZE)
    assert set(line) == LINE_KEYS | {"figures"}
    assert (line["id"], line["seed"], line["parity"]) == ("W5", 12, "equal")
    assert 0 < line["first_ms"] <= line["last_ms"]
    assert line["figures"]["last result, over HTTP"] == line["last_ms"]
    assert "in process: measured, parity equal" in said


def test_w10_loses_and_doubles_nothing() -> None:
    line, _ = run("W10", *SIZE, "--streams", "48")
    assert (line["parity"], line["figures"]["streams open at once"]) == ("equal", 48)
    # 48 streams twice, of a run each that tells of three results and at least its start and its end.
    assert line["figures"]["events received, each once"] >= 2 * 48 * 5


@pytest.mark.parametrize(
    ("frames", "fault"),
    [
        (WHOLE, []),
        ([frame for frame in WHOLE if frame.event != "progress"], []),
        (WHOLE[:2] + WHOLE[3:], ["1 events lost"]),
        (WHOLE[:-2], ["2 events lost"]),
        ([WHOLE[0], *WHOLE], ["events doubled or out of order"]),
        ([WHOLE[1], WHOLE[0], *WHOLE[2:]], ["events doubled or out of order"]),
        ([*WHOLE[:2], WHOLE[2]._replace(data=b"[]"), *WHOLE[3:]], ["an event changed on its way"]),
        ([*WHOLE, Frame(f"{RUN}/7", "result", b"{}")], []),
    ],
)
def test_what_a_stream_lost_doubled_or_changed_is_found(frames: list[Frame], fault: list[str]) -> None:
    found = compare(frames, WHOLE)
    if frames[-1].id.endswith("/7"):
        assert found, "an event that the run never told"
    else:
        assert found == fault


def test_a_log_with_a_gap_or_without_an_end_is_no_proof() -> None:
    told = [frame for frame in WHOLE if frame.event != "result"]
    renumbered = [frame._replace(id=f"{RUN}/{number}") for number, frame in enumerate(told, 1)]
    assert prove(renumbered, "http://x") == []
    assert prove(told, "http://x") == [f"run {RUN}: events lost, doubled or out of order"]
    assert prove(renumbered[:-1], "http://x") == [f"run {RUN}: no end came"]
    assert prove([], "http://x") == ["nothing came"]


def test_times_are_those_of_the_bytes() -> None:
    body = b"".join(b"id: %b\nevent: %b\ndata: {}\n\n" % (f.id.encode(), f.event.encode()) for f in WHOLE)
    cut = body.index(b"event: result") + 4
    pieces = [b"HTTP/1.1 200 OK\r\n\r\n", *(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:cut], body[cut:]))]
    stream = Stream(b"", pieces=[(float(second), piece) for second, piece in enumerate([*pieces, b"0\r\n\r\n"], 1)])
    assert (stream.when("started"), stream.when("failed")) == (2.0, 3.0)
    assert stream.when("completed") != stream.when("completed")
    assert stream.frames() == WHOLE
    with pytest.raises(EngineFailed, match="422"):
        Stream(b"", pieces=[(1.0, b"HTTP/1.1 422 No\r\n\r\n")]).frames()


def test_a_kept_figure_stands_on_the_page_with_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = ServiceReport(Asked("W10", streams=20), "Some CPU, 2 cores", "abc", "Twenty streams.", "equal")
    report.figures = [Figure("first event", 300.0, reach=250.0), Figure("streams", 20.0, "streams")]
    kept = json.loads(json.dumps(report.kept()))
    assert restored(kept) == report
    (tmp_path / "one.json").write_text(json.dumps(kept), encoding="utf-8")
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    text = page.write([tmp_path / "one.json"]).read_text(encoding="utf-8")
    assert "## W10: many open event streams on one server process" in text
    assert "| first event | 300 | ms | ≤ 250, missed |" in text
    assert "| streams | 20 | streams |  |" in text
