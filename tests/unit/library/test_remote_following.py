"""One client's place in a run: every event once over broken connections, and the proof at the end."""

import random
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from tapehead.errors import IncompleteStreamError, ServerAwayError, SurroundingsError
from tapehead.library.remote.following import LONGEST_WAIT_S, Following, Told
from tapehead.library.remote.following_sweep import FollowingTiles
from tapehead.library.remote.problems import error_of
from tapehead.library.remote.results import event_from
from tapehead.model.events import Cancelled, Completed, Event, Progress, Result, Started, Warned, to_bytes
from tapehead.model.result import Metrics, RunResult
from tapehead.model.spec import run_digest

RUN = "01JD8Q7K000000000000000000"
URL = "http://127.0.0.1:8750"
PREAMBLE = b"retry: 250\n\n"


def result(name: str, seeded: random.Random) -> RunResult:
    metrics = {"total_return": seeded.random(), "max_drawdown": -seeded.random(), "fees_paid": 0.1 + seeded.random()}
    return RunResult(
        run=RUN,
        instrument=f"demo:{name}",
        interval="1h",
        parameters={"period": 14, "level": 30.0},
        metrics=Metrics({**metrics, "calmar": None}),
        why={"calmar": "too_short"},
        flags=("short_history",),
        equity=np.array([seeded.random() for _ in range(4)]),
        final_equity=10_000 * seeded.random(),
        decisions=seeded.randbytes(32),
        segments=(),
        trades=None,
        elapsed_us=0,
        bars=100,
        first=1_609_459_200_000_000,
        last=1_612_137_600_000_001,
    )


def completed(results: Sequence[RunResult]) -> Completed:
    digest = run_digest(each.line() for each in results)
    return Completed(RUN, len(results), 1, digest, 4.1, 58.7, 2_000, "9f31c2e0", {"found": False, "cuts": 8}, ("slow",))


@pytest.fixture
def events() -> list[Event]:
    seeded = random.Random(7)
    results = [result(name, seeded) for name in ("ÉCU", "BTC", "ETH", "SOL")]
    told: list[Event] = [Started(RUN, {"strategy": "Hold", "interval": "1h"}, 5, 3, ("a stamp",))]
    for place, each in enumerate(results):
        told += [Result(RUN, each, 4.1 + place), Progress(RUN, place + 1, 5, 3e6, 10.5, (1, 2), 3, 40)]
    told.append(Warned(RUN, None, "store.no_bars", "No bars."))
    return [*told, completed(results)]


def stream(events: Sequence[Event], after: int = 0) -> bytes:
    """The bytes that a service sends to who has everything up to `after`."""
    frames = (
        b"id: %b/%d\nevent: %b\ndata: %b\n\n" % (RUN.encode(), n, event.name.encode(), to_bytes(event, n))
        for n, event in enumerate(events, 1)
        if n > after
    )
    return PREAMBLE + b": ping\n\n".join(frames)


def place_of(headers: dict[str, str]) -> int:
    """Where a client says it is."""
    run, _, number = headers.get("Last-Event-ID", f"{RUN}/0").partition("/")
    assert run == RUN
    return int(number)


def follow(following: Following, *streams: bytes) -> Iterator[Told]:
    for data in streams:
        following.connect()
        yield from following.take(data)


def test_events_become_what_they_were(events: list[Event]) -> None:
    told = list(follow(Following(RUN, URL), stream(events)))
    assert [number for number, _ in told] == list(range(1, len(events) + 1))
    again = [event_from(RUN, body, reused=False) for _, body in told]
    assert [to_bytes(event, n) for n, event in enumerate(again, 1)] == [
        to_bytes(event, n) for n, event in enumerate(events, 1)
    ]
    assert [type(event) for event in again] == [type(event) for event in events]


def test_a_run_that_answers_for_an_equal_one_says_so_at_its_end(events: list[Event]) -> None:
    *_, (_, body) = follow(Following(RUN, URL), stream(events))
    last = event_from(RUN, body, reused=True)
    assert isinstance(last, Completed)
    assert last.reused


def test_broken_anywhere_every_event_comes_once(events: list[Event]) -> None:
    whole = stream(events)
    for cut in range(0, len(whole), 7):
        following = Following(RUN, URL)
        headers = following.connect()
        assert headers == {"Accept": "text/event-stream"}
        numbers = [number for number, _ in following.take(whole[:cut])]
        while not following.over:
            numbers += [n for n, _ in following.take(stream(events, place_of(following.connect())))]
        assert numbers == list(range(1, len(events) + 1))


def test_broken_a_hundred_times_at_random_every_event_comes_once(events: list[Event]) -> None:
    seeded, following, numbers = random.Random(11), Following(RUN, URL, seed=1), []
    while not following.over:
        data = stream(events, place_of(following.connect()))
        data = data[: seeded.randrange(len(data))] if following.connections < 100 else data
        while data:
            piece = seeded.randrange(1, 40)
            numbers += [n for n, _ in following.take(data[:piece])]
            data = data[piece:]
    assert numbers == list(range(1, len(events) + 1))
    assert following.connections > 3


def test_what_a_service_sends_again_is_not_given_again(events: list[Event]) -> None:
    told = list(follow(Following(RUN, URL), stream(events)[:-1], stream(events), stream(events)))
    assert [number for number, _ in told] == list(range(1, len(events) + 1))


def test_progress_that_is_left_out_is_missed_by_nobody(events: list[Event]) -> None:
    whole = stream(events)
    thinned = b"\n\n".join(part for part in whole.split(b"\n\n") if b"event: progress" not in part)
    assert sum(body["event"] == "result" for _, body in follow(Following(RUN, URL), thinned)) == 4


def test_a_result_that_is_left_out_is_seen(events: list[Event]) -> None:
    parts = stream(events).split(b"\n\n")
    places = [place for place, part in enumerate(parts) if b"event: result" in part]
    assert len(places) == 4
    for place in places:
        less = b"\n\n".join(parts[:place] + parts[place + 1 :])
        with pytest.raises(IncompleteStreamError, match=r"found 4 results, 3 came\. .*tapehead show") as caught:
            list(follow(Following(RUN, URL), less))
        assert caught.value.code == "stream.incomplete"
        assert caught.value.exit_code == 3


@pytest.mark.parametrize("field", ["final_equity", "decisions", "max_drawdown", "fees_paid", "instrument"])
def test_a_result_that_changed_on_its_way_is_seen(events: list[Event], field: str) -> None:
    whole = stream(events)
    place = whole.index(b'"%b":' % field.encode(), whole.index(b"event: result")) + len(field) + 3
    digit = next(at for at in range(place, place + 40) if whole[at : at + 1].isalnum() and whole[at : at + 1] != b"0")
    other = b"3" if whole[digit : digit + 1] != b"3" else b"4"
    with pytest.raises(IncompleteStreamError, match=r"All 4 results .* digest is not that of the run"):
        list(follow(Following(RUN, URL), whole[:digit] + other + whole[digit + 1 :]))


@pytest.mark.parametrize("name", ["01JD8Q7K000000000000000001/1", "17", f"{RUN}/0", f"{RUN}/x", ""])
def test_an_event_of_something_else_is_refused(events: list[Event], name: str) -> None:
    with pytest.raises(IncompleteStreamError, match="none of it"):
        list(follow(Following(RUN, URL), stream(events).replace(f"{RUN}/1\n".encode(), f"{name}\n".encode(), 1)))


def test_a_run_that_is_resumed_goes_on_after_its_end(events: list[Event]) -> None:
    first = [*events[:4], Cancelled(RUN, "run.cancelled", "Cancelled.", 2)]
    following = Following(RUN, URL)
    assert len(list(follow(following, stream(first)))) == 5
    assert following.over
    rest = [*first, *events[4:]]
    assert len(list(follow(following, stream(rest, place_of(following.connect()))))) == len(rest) - 5
    assert following.over


def test_waits_are_what_the_service_wishes_and_double_while_nothing_comes(events: list[Event]) -> None:
    following = Following(RUN, URL, seed=1)
    assert 0.9 <= following.wait_s("away") <= 1.1
    list(following.take(PREAMBLE))
    waits = [following.wait_s("away") for _ in range(8)]
    for tries, wait in enumerate(waits, 1):
        wished = min(0.25 * 2.0**tries, LONGEST_WAIT_S)
        assert 0.9 * wished <= wait <= 1.1 * wished
    list(following.take(stream(events)[:600]))
    assert following.after
    assert 0.225 <= following.wait_s("away") <= 0.275


def test_patience_ends_with_a_sentence_and_events_renew_it(events: list[Event]) -> None:
    following = Following(RUN, URL, patience_s=3.0, seed=1)
    following.wait_s("x")
    following.wait_s("x")
    list(following.take(stream(events)[:600]))
    waits: list[float] = []
    with pytest.raises(
        ServerAwayError, match=r"was away for \d+ s \(nothing answers\).*goes on there by itself"
    ) as caught:
        waits.extend(following.wait_s("nothing answers") for _ in range(20))
    assert 3.0 <= sum(waits) < 8.0
    assert (caught.value.code, caught.value.exit_code) == ("server.away", 3)


def test_a_tile_is_waited_for_while_a_proxy_says_that_nothing_is_behind_it() -> None:
    following = FollowingTiles(RUN, URL, "1h", lambda point: {"point": point})
    draining = b'{"code": "service.draining", "detail": "The service is about to end. Try again when it is back."}'
    passing = [error_of(status, b"<html>Bad Gateway</html>") for status in (502, 503, 504)]
    for error in (*passing, error_of(503, draining), ServerAwayError(url=URL, cause="nothing answers there")):
        assert isinstance(error, SurroundingsError)
        assert following.away_s(error) > 0
    for status in (404, 500):
        error = error_of(status, b"<html>")
        assert isinstance(error, SurroundingsError)
        with pytest.raises(SurroundingsError, match=f"status {status}"):
            following.away_s(error)
