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
_LENGTH = 32


def make_tag(*parts: bytes | str) -> str:
    """Return a strong ETag over parts; the same parts in the same order give the same tag."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return f'"{digest.hexdigest()[:_LENGTH]}"'


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
    """JSON of rows that stay as they are from one question to the next, by name; safe from many threads."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Any, bytes]] = {}

    def of(self, name: str, row: Any, plain: Callable[[Any], Mapping[str, Any]]) -> bytes:
        """Return the JSON of a row; made by `plain` where the row is another object than before."""
        held = self._held.get(name)
        if held is None or held[0] is not row:
            held = self._held[name] = row, orjson.dumps(plain(row))
        return held[1]
