"""Server-sent events out of bytes cut anywhere, held to the HTML standard's rules and its examples."""

import random

import pytest

from tapehead.errors import IncompleteStreamError
from tapehead.library.remote import messages
from tapehead.library.remote.messages import Message, MessageParser

# The first five are the examples of the standard (HTML, 9.2.6); the others are one rule each.
STREAMS = {
    "data over two lines": (b"data: YHOO\ndata: +2\ndata: 10\n\n", [("", "message", "YHOO\n+2\n10")]),
    "comment, id, no id, a blank kept": (
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
        [("1", "message", "first event"), ("", "message", "second event")],
    ),
    "empty data, two empty lines, cut block": (
        b"data\n\ndata\ndata\n\ndata:",
        [("", "message", ""), ("", "message", "\n")],
    ),
    "with and without a blank": (b"data:test\n\ndata: test\n\n", [("", "message", "test")] * 2),
    "events by name": (
        b"event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n",
        [("", "add", "73857293"), ("", "remove", "2153")],
    ),
    "the id stays": (b"id: r/1\ndata: a\n\ndata: b\n\n", [("r/1", "message", "a"), ("r/1", "message", "b")]),
    "an id with a null is none": (b"id: r/1\ndata: a\n\nid: r\0/2\ndata: b\n\n", [("r/1", "message", s) for s in "ab"]),
    "no data, no message, its event gone": (b"event: x\nid: r/4\n\ndata: a\n\n", [("r/4", "message", "a")]),
    "unknown fields": (b"colour: red\ndata: a\nDATA: b\n\n", [("", "message", "a")]),
    "a mark at the beginning": (b"\xef\xbb\xbfdata: a\n\n", [("", "message", "a")]),
    "a mark later belongs to a name": (b"data: a\n\xef\xbb\xbfdata: b\n\n", [("", "message", "a")]),
    "letters of two to four bytes": ("event: é\ndata: 一🂡 é\n\n".encode(), [("", "é", "一🂡 é")]),
}


def told(parser: MessageParser, *pieces: bytes) -> list[tuple[str, str, str]]:
    """What the messages of all pieces say."""
    found: list[Message] = [message for piece in pieces for message in parser.feed(piece)]
    return [(one.id, one.event, one.data.decode()) for one in found]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_cut_at_every_byte_says_the_same(name: str, end: bytes) -> None:
    stream, expected = STREAMS[name]
    stream = stream.replace(b"\n", end)
    assert told(MessageParser(), stream) == expected
    assert told(MessageParser(), *(bytes([byte]) for byte in stream)) == expected
    for place in range(len(stream) + 1):
        assert told(MessageParser(), stream[:place], b"", stream[place:]) == expected


def test_line_ends_may_be_mixed_and_cut_anywhere() -> None:
    seeded = random.Random(7)
    ends = (b"\n", b"\r\n", b"\r")
    for _ in range(300):
        lines = [f"data: {number}" if seeded.random() < 0.6 else "" for number in range(12)]
        stream = b"".join(line.encode() + seeded.choice(ends) for line in [*lines, "data: last", "", ""])
        cuts = sorted(seeded.randrange(len(stream) + 1) for _ in range(5))
        pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
        whole = told(MessageParser(), stream)
        assert told(MessageParser(), *pieces) == whole
        assert sum(len(data.split("\n")) for _, _, data in whole) == stream.count(b"data")


def test_a_message_is_there_with_its_last_byte() -> None:
    parser = MessageParser()
    assert told(parser, b"data: a\r\n\r") == [("", "message", "a")]
    assert told(parser, b"\n") == []
    assert told(parser, b"data: b\r\n\r\n") == [("", "message", "b")]


def test_retry_is_read_and_what_is_no_number_is_not() -> None:
    parser = MessageParser()
    parser.feed(b"retry: 1500\n")
    assert parser.retry_ms == 1500
    parser.feed(b"retry: soon\nretry: -3\nretry\n\n")
    assert parser.retry_ms == 1500


def test_the_last_id_waits_for_the_end_of_its_message() -> None:
    parser = MessageParser()
    parser.feed(b"id: r/1\ndata: a\n\nid: r/2\ndata: b\n")
    assert parser.last_id == "r/1"
    parser.feed(b"\n")
    assert parser.last_id == "r/2"


def test_a_line_without_an_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "LONGEST_BYTES", 100)
    parser = MessageParser()
    parser.feed(b"data: " + b"x" * 90)
    with pytest.raises(IncompleteStreamError, match="more than 100 bytes"):
        parser.feed(b"x" * 90)
