"""Html: text that is HTML already; everything else is escaped where it becomes part of a page."""

import html
import re
from collections.abc import Iterable
from typing import Any

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_REPLACEMENT = "�"
_EMPTY = {"br", "link", "meta", "input", "path", "rect", "line", "circle"}


class Html(str):
    """Markup that a page takes as it is. Only `tag`, `joined` and literals of ours make it."""

    __slots__ = ()


def escaped(value: object) -> Html:
    """Return a value as HTML: markup stays, text is escaped, what no page may hold is replaced."""
    if isinstance(value, Html):
        return value
    return Html(html.escape(_CONTROLS.sub(_REPLACEMENT, str(value)), quote=True))


def joined(parts: Iterable[object]) -> Html:
    """Return parts one after another; what is None is left out."""
    return Html("".join(escaped(part) for part in parts if part is not None))


def tag(name: str, /, *children: object, **attributes: Any) -> Html:
    """Return an element.

    Parameters
    ----------
    name : str
        Of the element; a literal of ours.
    *children : object
        Markup, or text that is escaped; None is left out.
    **attributes
        `class_` is `class`, an underscore a hyphen; None and False leave an attribute out, True gives its bare name.
    """
    words = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        spelled = key.rstrip("_").replace("_", "-")
        words.append(spelled if value is True else f'{spelled}="{escaped(value)}"')
    opening = " ".join(words)
    if name in _EMPTY and not children:
        return Html(f"<{opening}>") if name in ("br", "link", "meta", "input") else Html(f"<{opening}/>")
    return Html(f"<{opening}>{joined(children)}</{name}>")
