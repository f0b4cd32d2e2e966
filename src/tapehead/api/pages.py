"""Parts of a list, each with the cursor of the next one."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TypeVar

from tapehead.api.cursors import read_cursor, write_cursor
from tapehead.api.etag import make_tag
from tapehead.errors import ParameterError

Row = TypeVar("Row")


def page_by_name(
    kind: str, rows: Sequence[Row], name: Callable[[Row], str], cursor: str | None, limit: int
) -> tuple[Sequence[Row], str | None]:
    """Return the rows after the one that a cursor names, and the cursor after them.

    Parameters
    ----------
    kind : str
        The list that the cursor belongs to.
    rows : sequence
        Sorted by `name`; what comes and goes between two pages shifts none of the others.

    Raises
    ------
    ParameterError
        The cursor is of another list.
    """
    last = read_cursor(kind, cursor, [str])
    first = 0 if last is None else bisect_right(rows, last[0], key=name)
    page = rows[first : first + limit]
    return page, write_cursor(kind, name(page[-1])) if first + limit < len(rows) else None


def first_of_page(kind: str, question: object, cursor: str | None) -> int:
    """Return at which place a page of a list begins that never changes; `question` is what the list is of.

    Raises
    ------
    ParameterError
        The cursor is of another list, or of another question.
    """
    place = read_cursor(kind, cursor, [str, int])
    if place is None:
        return 0
    whole, first = place
    if whole != _named(question) or first < 0:
        bound = "left out for the first page, or the cursor that the page before gave, with the same question"
        raise ParameterError(name="cursor", value=str(cursor)[:40], bound=bound)
    return int(first)


def cursor_behind(kind: str, question: object, first: int, limit: int, total: int) -> str | None:
    """Return the cursor of the page that follows in a list of `total` rows; None where none does."""
    return write_cursor(kind, _named(question), first + limit) if first + limit < total else None


def _named(question: object) -> str:
    """Return what all pages of one question share."""
    return make_tag(repr(question))[1:17]
