"""Cells: text as a terminal counts it; a letter of Chinese, Japanese or Korean takes two columns, an accent none."""

import textwrap
import unicodedata
from typing import Final

_SPREAD: Final = "\ue000"
"""Stands for the second column of a wide letter while a text is folded; of no script, so no text has it."""


def width_of(text: str) -> int:
    """Return how many columns a text takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


def cut(text: str, width: int, mark: str = "..") -> str:
    """Return a text in at most `width` columns, the end left out for `mark` where it does not fit."""
    if width_of(text) <= width:
        return text
    room, kept = width - len(mark), ""
    for letter in text:
        room -= _width(letter)
        if room < 0:
            break
        kept += letter
    return kept + mark


def harmless(text: str) -> str:
    """Return a text in which signs that a terminal would obey, such as ends of lines, stand as Python writes them."""
    if text.isprintable():
        return text
    return "".join(_harmless(letter) for letter in text)


def padded(text: str, width: int) -> str:
    """Return a text with blanks to `width` columns."""
    return text + " " * (width - width_of(text))


def folded(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Return a text in lines of at most `width` columns, indented by `first` and `rest`; words stay whole."""
    lines = textwrap.wrap(
        _spread(text),
        width,
        initial_indent=_spread(first),
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_SPREAD, "") for line in lines]


def _spread(text: str) -> str:
    """Return a text in which every letter counts one, as `textwrap` counts."""
    return text if text.isascii() else "".join(letter + _SPREAD * (_width(letter) - 1) for letter in text)


def _harmless(letter: str) -> str:
    """Return a letter, or what names a sign that is none."""
    steers = unicodedata.category(letter)[0] == "C" or letter in "\u2028\u2029"
    return letter.encode("unicode_escape").decode() if steers else letter


def _width(letter: str) -> int:
    """Return how many columns a letter takes."""
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
