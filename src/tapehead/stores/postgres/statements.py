"""read_dialect: named statements as PostgreSQL's driver takes them."""

import re
from functools import cache
from pathlib import Path

from tapehead.stores.tables.statements import statements_of

_COMMENT = re.compile(r"^\s*--.*$\n?", re.MULTILINE)
_NAMED = re.compile(r"(?<![:\w]):([a-z_]+)")


@cache
def read_dialect(script: str) -> dict[str, str]:
    """Return the statements of a script, `?` and `:name` as the driver's `%s` and `%(name)s`."""
    return {name: _translated(text) for name, text in statements_of(script, Path(__file__).parent).items()}


def _translated(text: str) -> str:
    """Return one statement without its comments."""
    plain = _COMMENT.sub("", text).replace("%", "%%").replace("?", "%s")
    return _NAMED.sub(r"%(\1)s", plain).strip()
