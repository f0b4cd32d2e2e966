"""Ink: colour where a terminal shows it, and plain text everywhere else."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ink:
    """Styles of a line; `on` False leaves the text as it is. Pad before you colour."""

    on: bool

    def _style(self, code: str, text: str) -> str:
        """Wrap text in a style and back."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and text.strip() else text

    def head(self, text: str) -> str:
        """Column titles and other quiet words."""
        return self._style("2", text)

    def strong(self, text: str) -> str:
        """What the eye shall find first."""
        return self._style("1", text)

    def warn(self, text: str) -> str:
        """Something to look at."""
        return self._style("33", text)

    def bad(self, text: str) -> str:
        """Something that failed."""
        return self._style("31", text)

    def money(self, text: str, value: float | None) -> str:
        """Green above 0, red below."""
        if value is None or value == 0:
            return text
        return self._style("32" if value > 0 else "31", text)
