"""Forms by Accept, JSON without NaN, and long bodies in pieces."""

import asyncio
from typing import Any

import numpy as np
import orjson
import pytest
from starlette.requests import Request

from tapehead.api.answer import HTML, JSON, TABLE, Whole, answer, document, dump, pick_media
from tapehead.api.arrow import MEDIA_TYPE as ARROW
from tapehead.api.compress import Compression
from tapehead.errors import ServiceError


def asked(**headers: str) -> Request:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/x", "headers": named, "query_string": b""})


@pytest.mark.parametrize(
    ("accept", "found"),
    [
        ("", JSON), ("*/*", JSON), ("application/*", JSON), (JSON, JSON), (ARROW, ARROW), ("application/JSON", JSON),
        (f"{ARROW}, */*;q=0.1", ARROW), (f"{JSON};q=0.5, {ARROW};q=0.9", ARROW), (f"{JSON};q=0.5, {ARROW};q=0.5", JSON),
        (f"{JSON};q=0, */*", ARROW), ("text/html, */*;q=0.8", JSON), (f"{JSON}; charset=utf-8", JSON),
        (f"nonsense, {ARROW};q=0.001", ARROW),
    ],
)  # fmt: skip
def test_the_form_that_is_wanted_most(accept: str, found: str) -> None:
    assert pick_media(asked(accept=accept) if accept else asked(), TABLE) == found


@pytest.mark.parametrize("accept", ["text/csv", "*/*;q=0", f"{JSON};q=0, text/*", "nonsense", "application"])
def test_a_form_that_is_not_given(accept: str) -> None:
    with pytest.raises(ServiceError) as caught:
        pick_media(asked(accept=accept))
    assert caught.value.code == "input.accept"


def test_json_has_no_nan_and_times_end_in_z() -> None:
    times = np.array([0, 1_500_000], np.int64).view("datetime64[us]")
    values = {"a": np.array([1.5, np.nan, -np.inf]), "t": times, "b": float("nan"), "k": np.array([True])}
    assert dump(values) == (
        b'{"a":[1.5,null,null],"t":["1970-01-01T00:00:00Z","1970-01-01T00:00:01.500000Z"],"b":null,"k":[true]}'
    )
    assert orjson.loads(document("bars", {"x": 1})) == {"schema": "tapehead.bars/1", "x": 1}


async def called(app: Any, **headers: str) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(dict(message))

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    await app(asked(**headers).scope, receive, send)
    return sent


@pytest.mark.parametrize("size", [0, 1, 65_536 * 2, 65_536 * 2 + 1, 65_536 * 5])
def test_a_long_body_comes_in_pieces_and_whole(size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    sent = asyncio.run(called(Whole(body[:size], media_type=JSON)))
    assert b"".join(message.get("body", b"") for message in sent[1:]) == body[:size]
    assert len(sent) - 1 == (1 if size <= 65_536 * 2 else -(-size // 65_536))
    assert sent[-1].get("more_body", False) is False


def test_a_stream_is_neither_held_back_nor_coded() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        for number in range(3):
            await send({"type": "http.response.body", "body": b"data: %d\n\n" % number * 900, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    sent = asyncio.run(called(Compression(app), accept_encoding="zstd, br, gzip"))
    assert [message["type"].rpartition(".")[2] for message in sent] == ["start", "body", "body", "body", "body"]
    assert sent[0]["headers"] == [(b"content-type", b"text/event-stream")]
    assert sent[2]["body"] == b"data: 1\n\n" * 900


def test_an_answer_is_known_by_its_bytes_and_form() -> None:
    first = answer(asked(), b"[1]")
    assert first.headers["cache-control"] == "private, no-cache"
    assert answer(asked(if_none_match=first.headers["etag"]), b"[1]").status_code == 304
    assert answer(asked(if_none_match=first.headers["etag"]), b"[2]").status_code == 200
    assert answer(asked(if_none_match=first.headers["etag"]), b"[1]", HTML).status_code == 200
