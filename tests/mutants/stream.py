"""Mutants of the event stream: what a client would lose, see twice or wait for."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

ALONE = "tests/unit/api/test_event_stream.py"
HUB = "tests/unit/api/test_hub.py"
STREAM_TESTS = "tests/acceptance/test_http_stream.py"
RESUME = "tests/acceptance/test_resume.py"

STREAM = (
    Mutant(
        "a stream repeats the event that it has",
        "api/hub.py",
        "bisect.bisect_right(self.frames, number, key=_number)",
        "bisect.bisect_left(self.frames, number, key=_number)",
        HUB,
    ),
    Mutant(
        "news wake nobody",
        "api/hub.py",
        "self._loop.call_soon_threadsafe(self._wake)",
        "self._loop.call_soon_threadsafe(self._fresh.clear)",
        HUB,
    ),
    Mutant(
        "an ending ends a stream although the run went on after it",
        "api/event_stream.py",
        "if last.name in ENDINGS and await self._hub.ended(run, last.number, tiles=self._tiles):",
        "if last.name in ENDINGS:",
        ALONE,
    ),
    Mutant(
        "a slow client loses results",
        "api/event_stream.py",
        'if self._slow and frame.name == "progress" and i < newest:',
        "if self._slow and i < newest:",
        ALONE,
    ),
    Mutant(
        "Last-Event-ID is not read",
        "api/routes/runs.py",
        "after = _read_place(last_event_id, {whole}).after",
        "after = _read_place(last_event_id, {whole}).after * 0",
        STREAM_TESTS,
    ),
    Mutant(
        "a stream that has everything waits for ever",
        "api/routes/runs.py",
        "found.append(place._replace(ended=end and not service.active(place.run)))",
        "found.append(place)",
        STREAM_TESTS,
    ),
    Mutant(
        "streams end without a word when the service drains",
        "api/event_stream.py",
        "elif self._hub.draining:\n                await _put(send, RETRY)",
        "elif self._hub.draining:\n                await _put(send, PING)",
        ALONE,
    ),
    Mutant(
        "a run that is taken up again makes everything anew",
        "jobs/backtest.py",
        "if item.instrument.name not in settled]",
        "if item.instrument.name]",
        RESUME,
    ),
)
