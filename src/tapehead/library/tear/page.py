"""page: the frame of a tear sheet, in pieces as they are made; it asks the network for nothing and runs no script."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files

from tapehead.model.markup import Html, tag

MARK = "<!-- Tapehead tear sheet -->"
"""Stands in the second line of every page, so that a file can be known as one."""


@cache
def style() -> str:
    """Return the rules of the page."""
    return files("tapehead.library.tear").joinpath("tear.css").read_text(encoding="utf-8")


def page(title: str, head: Iterable[Html], body: Iterable[Html], foot: str) -> Iterator[str]:
    """Yield the page, piece by piece.

    Parameters
    ----------
    title : str
        Of the window.
    head, body : iterables of Html
        Made while they are read, so that no more than one piece is held.
    foot : str
        The last line.

    Notes
    -----
    The policy allows one style by its hash and nothing else: no script, no image, no font, no address.
    """
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    yield f'<!doctype html>\n{MARK}\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield tag("meta", http_equiv="Content-Security-Policy", content=policy)
    yield tag("meta", name_="viewport", content="width=device-width, initial-scale=1")
    yield tag("meta", name_="referrer", content="no-referrer")
    yield tag("title", title)
    yield f"\n<style>{style()}</style>\n</head>\n<body>\n<header>"
    yield tag("div", tag("span", "tapehead", class_="mark"), tag("span", "Tear sheet", class_="what"), _themes(),
              class_="top")  # fmt: skip
    yield from head
    yield "</header>\n<main>\n"
    for part in body:
        yield part
        yield "\n"
    yield "</main>\n"
    yield tag("footer", foot)
    yield "\n</body>\n</html>\n"


def _themes() -> Html:
    """Let the reader choose light or dark, without a script."""
    return tag("div", *switch("theme", (("theme-auto", "Auto"), ("theme-light", "Light"), ("theme-dark", "Dark"))),
               class_="theme", role="radiogroup", aria_label="Theme")  # fmt: skip


def switch(group: str, choices: Sequence[tuple[str, str]], classes: Sequence[str | None] = ()) -> list[Html]:
    """Return buttons of which one is chosen, the first to begin with; rules of the style do the rest."""
    out = []
    for place, (name, words) in enumerate(choices):
        chosen = classes[place] if classes else None
        out.append(tag("input", type_="radio", name_=group, id_=name, checked=place == 0,
                       class_=f"switch {chosen}" if chosen else "switch"))  # fmt: skip
        out.append(tag("label", words, for_=name))
    return out
