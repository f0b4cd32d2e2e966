"""caret_lines: a text and a mark under the character that is wrong."""


def caret_lines(text: str, at: int, width: int) -> tuple[str, str]:
    """Return a text, the part around a place where it is long, and a caret under that place.

    Parameters
    ----------
    text : str
    at : int
        Character from 1; one more than there are stands for the end.
    width : int
        Of the window; two columns are left free.
    """
    room = max(width - 4, 20)
    first = max(0, min(at - 1 - room // 2, len(text) + 1 - room))
    return text[first : first + room], " " * (at - 1 - first) + "^"
