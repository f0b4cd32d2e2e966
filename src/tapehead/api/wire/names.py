"""Names that are written: of symbols, venues, universes."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

# What a spreadsheet would run, a page would read as markup or a terminal would obey is nobody's name.
_NEVER = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069<>'`|\\" + '"'
_PATTERN = rf"^[^\s=+@\-{_NEVER}]([^{_NEVER}]*[^\s{_NEVER}])?$"
_WORDS = (
    "A name begins with none of = + - @, begins and ends with no blank, and holds no quotes, < > | \\ and no character "
    "that does not show; such as BTCUSDT"
)


def _check_plain(name: str) -> str:
    """Return a name; raise where it could be taken for something else than a name."""
    if re.fullmatch(_PATTERN, name) is None:
        raise PydanticCustomError("name", _WORDS)
    return name


PlainName = Annotated[
    str, Field(min_length=1, max_length=200, json_schema_extra={"pattern": _PATTERN}), AfterValidator(_check_plain)
]
"""One to 200 characters, as `BTC/USDT`, `^GSPC`, `EURUSD=X` or `M&M`; no formula, no markup, nothing that steers."""
