"""etag: what an answer is known by, and the answers that are kept for who asks again."""

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson

CODINGS = ("zstd", "br", "gzip")
_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_DIGEST_BYTES = 16


def make_tag(*parts: bytes | str) -> str:
    """Return a strong ETag over parts; the same parts in the same order give the same tag."""
    # Twice as fast as SHA-256 where the processor does not help, and a long body is hashed whole.
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return f'"{digest.hexdigest()}"'


def coded_tag(tag: str, coding: str) -> str:
    """Return the tag of the same answer in a content coding: a strong tag names bytes, and these are others."""
    return f'{tag[:-1]}-{coding}"' if tag.endswith('"') and not tag.startswith("W/") else tag


def matched_tag(asked: str | None, tag: str) -> str | None:
    """Return the tag of an `If-None-Match` that names an answer, in whatever coding it was sent; None where none does.

    Weak comparison, as RFC 9110 has it for this header; `*` matches.
    """
    if asked is None:
        return None
    if asked.strip() == "*":
        return tag
    known = {tag, *(coded_tag(tag, coding) for coding in CODINGS)}
    return next((found for found in _TAG.findall(asked) if found in known), None)


class Kept(NamedTuple):
    """A body, its tag, and the headers that go with it."""

    tag: str
    body: bytes
    headers: dict[str, str]


class Answers:
    """Newest tags by question, newest bodies by tag; safe from many threads.

    A question names the state of the store that it is asked of, and a tag names content, so nothing kept is ever stale.

    Parameters
    ----------
    most_bytes : int
        Of all bodies together; a body of more than an 8th of it is not kept.
    most_tags : int
    """

    def __init__(self, most_bytes: int = 64 * 1024 * 1024, most_tags: int = 16_384) -> None:
        self._most_bytes, self._most_tags = most_bytes, most_tags
        self._tags: OrderedDict[object, str] = OrderedDict()
        self._bodies: OrderedDict[str, Kept] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def tag(self, question: object) -> str | None:
        """Return the tag of the answer to a question, None where it is not known."""
        with self._lock:
            found = self._tags.get(question)
            if found is not None:
                self._tags.move_to_end(question)
            return found

    def note(self, question: object, tag: str) -> None:
        """Remember the tag of the answer to a question."""
        with self._lock:
            self._tags[question] = tag
            while len(self._tags) > self._most_tags:
                self._tags.popitem(last=False)

    def body(self, tag: str) -> Kept | None:
        """Return a kept answer."""
        with self._lock:
            found = self._bodies.get(tag)
            if found is not None:
                self._bodies.move_to_end(tag)
            return found

    def keep(self, kept: Kept) -> None:
        """Keep an answer, and let the oldest go."""
        if len(kept.body) * 8 > self._most_bytes:
            return
        with self._lock:
            old = self._bodies.pop(kept.tag, None)
            self._held += len(kept.body) - (0 if old is None else len(old.body))
            self._bodies[kept.tag] = kept
            while self._held > self._most_bytes:
                _, gone = self._bodies.popitem(last=False)
                self._held -= len(gone.body)


class Fragments:
    """JSON of rows that mostly stay as they are from one question to the next; safe from many threads.

    Parameters
    ----------
    name : callable
        What a row is known by; another object that is equal to the last one of its name has its JSON.
    plain : callable
        Plain values of a row.
    most : int
        Rows that are remembered, beside the last one of each name.
    """

    def __init__(
        self, name: Callable[[Any], str], plain: Callable[[Any], Mapping[str, Any]], most: int = 100_000
    ) -> None:
        self._name, self._plain, self._most = name, plain, most
        self._held: dict[int, tuple[Any, orjson.Fragment]] = {}
        self._last: dict[str, tuple[Any, orjson.Fragment]] = {}

    def of(self, row: Any) -> orjson.Fragment:
        """Return the JSON of a row."""
        held = self._held.get(id(row))
        # It holds the row, so no other object can come to have its id meanwhile.
        return held[1] if held is not None and held[0] is row else self._made(row)

    def _made(self, row: Any) -> orjson.Fragment:
        """Return the JSON of a row that is not remembered."""
        name = self._name(row)
        last = self._last.get(name)
        fragment = last[1] if last is not None and last[0] == row else orjson.Fragment(orjson.dumps(self._plain(row)))
        if len(self._held) >= self._most:
            self._held = {}
        self._held[id(row)] = self._last[name] = row, fragment
        return fragment
