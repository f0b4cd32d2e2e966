"""Metrics: the catalogue, its page, what is counted of runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tapehead.api.measure.catalogue import CATALOGUE
from tapehead.api.measure.log_rooms import ROOMS
from tapehead.api.measure.metrics import Metrics, Reading
from tapehead.api.measure.run_meter import NEWEST, RunMeter
from tapehead.model.events import Cancelled, Completed, Failed, Progress, Result

PAGE = Path(__file__).resolve().parents[3] / "docs" / "operations.md"
UNITS = ("seconds", "bytes", "seconds_total", "bytes_total")
COUNTS = ("_total", "_open", "_busy", "_waiting", "_active", "_workers", "_tasks", "_threads", "_files")
COUNTS += ("_limit", "_in_use", "_leaking")
FLAGS = ("_info", "_draining", "_degraded", "_asked")


def rows(text: str) -> list[tuple[str, str, str]]:
    """Name, kind and labels of each metric in the table of the page."""
    found = re.findall(r"^\| `(tapehead_\w+)` \| (\w+) \| ([^|]*) \|", text, re.MULTILINE)
    return [(name, kind, labels.strip().replace("`", "")) for name, kind, labels in found]


def test_the_page_lists_every_metric_with_its_labels() -> None:
    declared = [(each.name, each.kind, ", ".join(each.labels)) for each in CATALOGUE]
    assert rows(PAGE.read_text(encoding="utf-8")) == declared


def test_a_metric_that_the_page_lacks_would_be_seen() -> None:
    text = PAGE.read_text(encoding="utf-8").replace("`tapehead_queue_waiting`", "`tapehead_queue_waits`")
    assert rows(text) != [(each.name, each.kind, ", ".join(each.labels)) for each in CATALOGUE]


def test_the_page_lists_every_room_that_logs() -> None:
    found = re.findall(r"^\| `(\w+)` \| (.*?) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name: text for name, text in found if name in ROOMS} == ROOMS


def test_names_say_their_unit_and_are_given_once() -> None:
    names = [each.name for each in CATALOGUE]
    assert len(set(names)) == len(names)
    for each in CATALOGUE:
        assert each.name.startswith("tapehead_")
        assert each.name.endswith((*UNITS, *COUNTS, *FLAGS)), each.name
        assert each.name.endswith("_total") == (each.kind == "counter"), each.name
        assert (list(each.bounds) == sorted(set(each.bounds)) != []) == (each.kind == "histogram"), each.name
        assert each.text.endswith("."), each.name


def test_a_reading_with_the_wrong_labels_is_refused() -> None:
    with pytest.raises(ValueError, match="tapehead_tier_bytes has the labels"):
        Metrics(lambda: [Reading("tapehead_tier_bytes", 1.0)]).text()


def sample(text: str, series: str) -> float | None:
    """The value of one series."""
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else None


class Clock:
    """A clock that is set by hand (s)."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def result(run: str, t_ms: float) -> Result:
    """An event of a result; only its time is looked at."""
    return Result(run, None, t_ms)  # type: ignore[arg-type]  # unread


def completed(run: str) -> Completed:
    """The event of a whole run."""
    return Completed(run, 2, 0, "", 0.0, 0.0, 0, "")


def test_a_run_is_told_from_its_wish_to_its_end() -> None:
    clock = Clock()
    metrics = Metrics(lambda: ())
    meter = RunMeter(metrics, clock)
    meter.queued("A", "small", 2, "Rsi")
    clock.now += 0.5
    assert meter.queued_s("A") == 0.5
    meter.begun("A")
    clock.now += 9.0
    assert meter.queued_s("A") == 0.5
    meter.saw("A", Progress("A", 0, 2, 0, 0.0))
    meter.saw("A", result("A", 700.0))
    assert [(each.run, each.state, each.first_ms) for each in meter.newest()] == [("A", "running", 700.0)]
    meter.saw("A", result("A", 8000.0))
    meter.saw("A", completed("A"))
    meter.ended("A", {"plan": 1.235}, {"read": 490})
    times = meter.of("A")
    assert times is not None
    assert (times.state, times.results, times.queued_ms, times.first_ms, times.last_ms, dict(times.stages)) == (
        "completed", 2, 500.0, 700.0, 8000.0, {"plan": 1.235},
    )  # fmt: skip
    assert times.stages_bytes == {"read": 490}
    text = metrics.text().decode()
    assert sample(text, 'tapehead_run_first_result_seconds_sum{level="small"}') == 0.7
    assert sample(text, 'tapehead_run_last_result_seconds_sum{level="small"}') == 8.0
    assert sample(text, 'tapehead_run_queue_seconds_sum{level="small"}') == 0.5
    assert sample(text, 'tapehead_results_total{level="small"}') == 2
    assert sample(text, 'tapehead_runs_total{level="small",state="completed"}') == 1


@pytest.mark.parametrize(
    ("event", "broke", "state"),
    [
        (Failed("A", "x", "y", 0), False, "failed"),
        (Cancelled("A", "x", "y", 0), False, "cancelled"),
        (None, True, "failed"),
        (None, False, "suspended"),
    ],
)
def test_each_end_has_its_state(event: Failed | Cancelled | None, broke: bool, state: str) -> None:
    metrics = Metrics(lambda: ())
    meter = RunMeter(metrics, Clock())
    meter.queued("A", "big", 500, "Rsi")
    if event is not None:
        meter.saw("A", event)
    assert meter.ended("A", {}, {}, broke=broke).state == state
    text = metrics.text().decode()
    assert sample(text, f'tapehead_runs_total{{level="big",state="{state}"}}') == 1
    assert sample(text, 'tapehead_run_last_result_seconds_count{level="big"}') is None


def test_only_the_newest_runs_are_remembered() -> None:
    clock = Clock()
    meter = RunMeter(Metrics(lambda: ()), clock)
    for number in range(NEWEST + 3):
        clock.now += 1.0
        meter.queued(str(number), "small", 1, "Rsi")
        meter.ended(str(number), {}, {})
    clock.now += 1.0
    meter.queued("going", "big", 1, "Rsi")
    newest = [each.run for each in meter.newest()]
    assert newest[:2] == ["going", str(NEWEST + 2)]
    assert len(newest) == NEWEST
    assert meter.of("0") is None
    assert meter.queued_s("0") == 0.0
