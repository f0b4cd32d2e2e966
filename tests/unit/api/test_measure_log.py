"""What the service logs: lines, levels, rooms, and that a slow reader holds nobody up."""

from __future__ import annotations

import contextvars
import io
import json
import logging
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tapehead.api.measure.context import KEY, REQUEST, working_for
from tapehead.api.measure.log_levels import LEVELS
from tapehead.api.measure.log_lines import Lines, dropped_lines, logged, to_fields, to_json, to_text
from tapehead.api.measure.log_rooms import ROOMS, room_of
from tapehead.errors import ParameterError
from tapehead.settings import LogSettings, read_log_settings

SOURCES = Path(__file__).resolve().parents[3] / "src" / "tapehead"


@pytest.fixture(autouse=True)
def levels() -> Iterator[None]:
    root = logging.getLogger().level
    held = LEVELS.default, dict(LEVELS.rooms)
    yield
    LEVELS.set(*held)
    logging.getLogger().setLevel(root)


def said(settings: LogSettings, say: Any) -> list[str]:
    """The lines that come of what is said."""
    out = io.StringIO()
    with logged(settings, out):
        say()
    return out.getvalue().splitlines()


def test_a_line_is_one_json_document() -> None:
    def say() -> None:
        runs = logging.getLogger("tapehead.runs")
        runs.info("run %s", "begun", extra={"run": "R1", "duration_ms": 1.5, "where": Path("a"), "none": None})
        try:
            raise ValueError("two\nlines")
        except ValueError:
            runs.exception("broke")
        logging.getLogger("uvicorn.error").info("started")

    first, second, third = [json.loads(line) for line in said(LogSettings(), say)]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.pop("time"))
    expected = {"level": "info", "room": "runs", "message": "run begun", "run": "R1", "duration_ms": 1.5, "where": "a"}
    assert first == expected
    assert second["level"] == "error"
    assert second["trace"].endswith("ValueError: two\nlines")
    assert third["room"] == "server"


def test_whoever_works_for_a_request_names_it_in_threads_too() -> None:
    def work() -> None:
        with working_for(run="R7"):
            logging.getLogger("tapehead.runs").info("within")
        logging.getLogger("tapehead.runs").info("after", extra={"request": "other"})

    def say() -> None:
        REQUEST.set("q1")
        KEY.set("th_abc")
        thread = threading.Thread(target=contextvars.copy_context().run, args=(work,))
        thread.start()
        thread.join()

    within, after = [json.loads(line) for line in said(LogSettings(), lambda: contextvars.copy_context().run(say))]
    assert (within["request"], within["run"], within["key"]) == ("q1", "R7", "th_abc")
    assert after["request"] == "other"
    assert "run" not in after


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ({"level": "x", "time": "y"}, {"level_": "x", "time_": "y"}),
        ({"path": "a\udcffb"}, {"path": "a\udcffb"}),
        ({"big": 2**70}, {"big": 2**70}),
        ({"odd": {1}}, {"odd": "{1}"}),
    ],
)
def test_no_field_breaks_a_line(extra: dict[str, Any], told: dict[str, Any]) -> None:
    record = logging.getLogger("tapehead.imports").makeRecord(
        "tapehead.imports", logging.INFO, "f", 1, "m", (), None, extra=extra
    )
    line = to_json(to_fields(record))
    assert line.count("\n") == 1
    found = json.loads(line)
    assert (found["level"], found["room"], found["message"]) == ("info", "imports", "m")
    assert told.items() <= found.items()


def test_a_line_for_people_steers_no_terminal() -> None:
    fields = {"time": "2026-01-02T03:04:05.678Z", "level": "error", "room": "requests", "message": "GET /\x1b[2J\nx"}
    assert to_text({**fields, "method": "GET", "path": "/\x1b[2J\nx", "status": 500, "trace": "a\n\x1bb"}) == (
        "03:04:05.678Z error   requests GET /\\x1b[2J\\nx status=500\na\n\\x1bb\n"
    )


def test_rooms_have_levels_of_their_own_and_they_change_at_once() -> None:
    runs, requests = logging.getLogger("tapehead.runs"), logging.getLogger("tapehead.requests")

    def say() -> None:
        runs.debug("1")
        requests.info("no")
        LEVELS.set("error", {"requests": "debug"})
        runs.warning("no")
        requests.debug("2")
        logging.getLogger("somebody.else").warning("no")
        LEVELS.set("info", {})
        runs.info("3")

    settings = LogSettings("warning", {"runs": "debug"})
    assert [json.loads(line)["message"] for line in said(settings, say)] == ["1", "2", "3"]


@pytest.mark.parametrize(("level", "rooms"), [("loud", {}), ("info", {"runs": "x"}), ("info", {"attic": "info"})])
def test_what_there_is_not_is_refused_and_changes_nothing(level: str, rooms: dict[str, str]) -> None:
    LEVELS.set("error", {"runs": "debug"})
    with pytest.raises(ParameterError, match="must be one of"):
        LEVELS.set(level, rooms)
    assert (LEVELS.default, LEVELS.rooms) == ("error", {"runs": "debug"})
    assert logging.getLogger("tapehead.runs").level == logging.DEBUG


class Shut(io.StringIO):
    """A reader that takes nothing until its gate opens."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.reached = threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        assert self.gate.wait(30)
        return super().write(text)


def test_a_reader_that_takes_nothing_holds_nobody_up() -> None:
    out = Shut()
    lines = Lines(out, human=False, bound=5)
    log = logging.getLogger("tapehead.imports")
    log.addHandler(lines)
    LEVELS.set("info", {})
    log.info("0")
    assert out.reached.wait(30)
    for number in range(1, 9):
        log.info(str(number))
    logging.getLogger().addHandler(lines)
    try:
        assert (lines.dropped, dropped_lines()) == (3, 3)
    finally:
        logging.getLogger().removeHandler(lines)
        log.removeHandler(lines)
        out.gate.set()
        lines.close()
    assert [json.loads(line)["message"] for line in out.getvalue().splitlines()] == [str(n) for n in range(6)]


def test_a_reader_that_went_away_ends_nothing() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with logged(LogSettings(), Gone()) as lines:
        logging.getLogger("tapehead.runs").info("1")
        logging.getLogger("tapehead.runs").info("2")
    assert not lines._writer.is_alive()
    assert lines.dropped == 2


def test_a_value_that_cannot_be_said_costs_one_line() -> None:
    class Mute:
        def __str__(self) -> str:
            raise ZeroDivisionError

    def say() -> None:
        logging.getLogger("tapehead.runs").info("1", extra={"what": Mute()})
        logging.getLogger("tapehead.runs").info("2")

    assert [json.loads(line)["message"] for line in said(LogSettings(), say)] == ["2"]


def test_the_environment_says_how_loud() -> None:
    assert read_log_settings({}) == LogSettings("info", {}, "auto")
    asked = {"TAPEHEAD_LOG": " warning, runs=debug ,requests=ERROR", "TAPEHEAD_LOG_FORM": "Text"}
    assert read_log_settings(asked) == LogSettings("warning", {"runs": "debug", "requests": "error"}, "text")


@pytest.mark.parametrize("text", ["loud", "runs=", "=debug", "info,runs=loud", "a=b=debug,x"])
def test_an_environment_that_says_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="TAPEHEAD_LOG="):
        read_log_settings({"TAPEHEAD_LOG": text})
    with pytest.raises(ParameterError, match="TAPEHEAD_LOG_FORM="):
        read_log_settings({"TAPEHEAD_LOG_FORM": text})


def test_a_room_that_there_is_not_is_refused_at_the_start() -> None:
    settings = read_log_settings({"TAPEHEAD_LOG": "attic=info"})
    with pytest.raises(ParameterError, match="attic"), logged(settings, io.StringIO()):
        pass
    assert not any(isinstance(each, Lines) for each in logging.getLogger().handlers)


def test_every_logger_of_ours_has_a_room() -> None:
    named = {
        name
        for path in SOURCES.rglob("*.py")
        for name in re.findall(r"getLogger\((?:\"([^\"]*)\")?", path.read_text(encoding="utf-8"))
        if name
    }
    assert {"tapehead.runs", "tapehead.requests", "tapehead.events"} <= named
    assert {room_of(name) for name in named} == ROOMS.keys() - {"server"}
    assert all(name.startswith("tapehead.") for name in named)
    assert room_of("tapehead.attic") not in ROOMS
