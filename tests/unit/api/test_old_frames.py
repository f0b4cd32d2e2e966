"""Today's events in the words of the old stream."""

import pytest

from tapehead.api.frames import make_frame
from tapehead.api.old_frames import iter_old, old_event
from tapehead.model.events import Cancelled, Completed, Progress, Started, Warned, to_bytes

RUN = "01JD8Q7KAAAAAAAAAAAAAAAAAA"


@pytest.mark.parametrize(
    ("event", "found"),
    [
        (Started(RUN, {}, 48, 1), {"type": "start", "total": 48}),
        (
            Progress(RUN, 12, 48, 1.0, 1.0),
            {"type": "progress", "completed": 12, "total": 48, "percent": 25.0},
        ),
        (Progress(RUN, 0, 0, 0.0, 0.0), {"type": "progress", "completed": 0, "total": 0, "percent": 100.0}),
        (
            Completed(RUN, 48, 1, "", 1.0, 9.5, 7, ""),
            {"type": "complete", "total": 48, "failed": 1, "duration_ms": 9.5},
        ),
        (Cancelled(RUN, "runs.cancelled", "Ended.", 3), {"type": "error", "message": "Ended."}),
        (Warned(RUN, None, "x", "y"), None),
    ],
)
def test_each_event(event: object, found: dict[str, object] | None) -> None:
    frame = make_frame(RUN, 1, to_bytes(event, 1)).bytes
    assert list(iter_old(b"retry: 1000\n\n: ping\n\n" + frame)) == ([] if found is None else [found])


def test_a_result_keeps_its_figures() -> None:
    body = {"event": "result", "instrument": "a:B:C", "interval": "1h", "parameters": {}, "metrics": {"x": None}}
    made = old_event({**body, "equity": [1.0], "flags": [], "why": {}, "t_ms": 1.0})
    assert made == {
        "type": "result",
        "data": {"id": "a:B:C", "symbol": "B:C", "interval": "1h", "parameters": {}, "metrics": {"x": None}}
        | {"equity": [1.0], "flags": []},
    }
