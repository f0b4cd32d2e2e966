"""cursors: where a page ends, as a text that is handed back for the next one."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import orjson

from tapehead.errors import ParameterError

_LONGEST = 2_000
_WHOLE = 2**63


def write_cursor(kind: str, *values: Any) -> str:
    """Return a cursor of plain values; `kind` names the list it belongs to."""
    return base64.urlsafe_b64encode(orjson.dumps([kind, *values])).rstrip(b"=").decode()


def read_cursor(kind: str, text: str | None, shape: Sequence[type | tuple[type, ...]]) -> list[Any] | None:
    """Return the values of a cursor that `write_cursor` made for such a list; None where none is given.

    Raises
    ------
    ParameterError
        It was not made here, or by another list.
    """
    if text is None:
        return None
    values = _values(text)
    head, *rest = values or [None]
    fits = head == kind and len(rest) == len(shape)
    if not fits or not all(_is(one, want) for one, want in zip(rest, shape, strict=True)):
        bound = "left out for the first page, or the cursor that the page before gave, with the same question"
        raise ParameterError(name="cursor", value=text[:40], bound=bound)
    return rest


def _is(value: Any, want: type | tuple[type, ...]) -> bool:
    """Say whether a value is of a kind; a whole number also fits into the 64 bits that a database has for it."""
    if isinstance(value, bool) or not isinstance(value, want):
        return False
    return not isinstance(value, int) or -_WHOLE <= value < _WHOLE


def _values(text: str) -> list[Any] | None:
    """Return what a text holds; None where it is no list."""
    if len(text) > _LONGEST:
        return None
    try:
        found = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        return None
    return found if isinstance(found, list) and found else None
