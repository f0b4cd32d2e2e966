"""log_lines: what is logged, as lines on standard error, written by a thread of their own."""

import contextlib
import json
import logging
import queue
import sys
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO, Any

import orjson

from tapehead.api.measure.context import KEY, REQUEST, RUN
from tapehead.api.measure.log_levels import LEVELS
from tapehead.api.measure.log_rooms import room_of
from tapehead.settings import LogSettings

BOUND = 20_000
FLUSH_S = 2.0
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_NAMED = ("request", "run", "key")


class Lines(logging.Handler):
    """Hands lines to a thread that writes them, so that a slow reader of standard error never holds up the event loop.

    Parameters
    ----------
    out : text file
    human : bool
        Lines for people; else a JSON document each.
    bound : int
        Lines that may wait to be written; beyond it they are dropped and counted.
    """

    def __init__(self, out: IO[str], *, human: bool, bound: int = BOUND) -> None:
        super().__init__()
        self._out = out
        self._human = human
        self._bound = bound
        self._waiting: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self.dropped = 0
        self._writer = threading.Thread(target=self._write, name="tapehead-log", daemon=True)
        self._writer.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line with the request and run it speaks of; never waits."""
        if self._waiting.qsize() >= self._bound:
            self.dropped += 1
            return
        try:
            self._waiting.put(to_fields(record))
        except Exception:  # noqa: BLE001 - a line that cannot be made may not end what it tells of
            self.handleError(record)

    def close(self) -> None:
        """Write what waits, for two seconds at most; nothing is taken afterwards."""
        self._bound = 0
        self._waiting.put(None)
        if threading.current_thread() is not self._writer:
            self._writer.join(FLUSH_S)
        super().close()

    def _write(self) -> None:
        """Write lines as they come, all that wait in one go."""
        form = to_text if self._human else to_json
        while (fields := self._waiting.get()) is not None:
            try:
                _make_trace(fields)
                self._out.write(form(fields))
                if self._waiting.empty():
                    self._out.flush()
            except Exception:  # noqa: BLE001 - the reader went away, or a value cannot be said: the service goes on
                self.dropped += 1


def to_fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a line tells: time, level, room, message, whom it speaks of, and what else it was given."""
    own = {name: value for name, value in vars(record).items() if name not in _OWN}
    told = dict(zip(_NAMED, (REQUEST.get(), RUN.get(), KEY.get()), strict=True))
    told |= {name: own.pop(name) for name in _NAMED if name in own}
    fields: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "room": room_of(record.name),
        "message": record.getMessage(),
    }
    fields |= {name: value for name, value in told.items() if value}
    # Whoever gives a field one of our own names gets an underscore with it, not our place.
    fields |= {f"{name}_" if name in fields else name: value for name, value in own.items() if value is not None}
    if record.exc_info and record.exc_info[1] is not None:
        fields["trace"] = record.exc_info[1]
    return fields


def _make_trace(fields: dict[str, Any]) -> None:
    """Put the trace of an error in its place: it reads source files, so whoever logs does not wait for it."""
    if isinstance(fields.get("trace"), BaseException):
        fields["trace"] = "".join(traceback.format_exception(fields["trace"])).rstrip()


def to_json(fields: dict[str, Any]) -> str:
    """Return one JSON document and a line end; what JSON does not know is said as text."""
    try:
        return orjson.dumps(fields, default=str, option=orjson.OPT_APPEND_NEWLINE).decode()
    except TypeError:
        # Half of a surrogate pair, out of a file's name, or a number beyond 64 bits.
        return json.dumps(fields, default=str, separators=(",", ":")) + "\n"


def to_text(fields: dict[str, Any]) -> str:
    """Return a line for people: time of day (UTC), level, room, message, the rest as name=value; a trace below it."""
    left = dict(fields)
    time, level, room, message = (str(left.pop(name)) for name in ("time", "level", "room", "message"))
    if message == f"{left.get('method')} {left.get('path')}":
        del left["method"], left["path"]
    trace = "".join(f"{_plain(row)}\n" for row in str(left.pop("trace", "")).splitlines())
    rest = "".join(f" {name}={_plain(value)}" for name, value in left.items())
    return f"{time[11:]} {level:<7} {room:<8} {_plain(message)}{rest}\n" + trace


def _plain(value: object) -> str:
    """Return text without what would steer a terminal."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in str(value))


@contextlib.contextmanager
def logged(settings: LogSettings, out: IO[str] | None = None) -> Iterator[Lines]:
    """Have everything this process logs inside written to `out`, by default standard error.

    Raises
    ------
    ParameterError
        A room that there is not.
    """
    LEVELS.set(settings.level, settings.rooms)
    stream = sys.stderr if out is None else out
    lines = Lines(stream, human=settings.form == "text" or (settings.form == "auto" and stream.isatty()))
    root = logging.getLogger()
    root.addHandler(lines)
    try:
        yield lines
    finally:
        root.removeHandler(lines)
        lines.close()


def dropped_lines() -> int:
    """Return how many lines were dropped because their reader was too slow."""
    return sum(each.dropped for each in logging.getLogger().handlers if isinstance(each, Lines))
