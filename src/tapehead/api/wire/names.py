"""Names that are written: of symbols, venues, universes."""

from typing import Annotated

from pydantic import Field

# What a spreadsheet would run, a page would read as markup or a terminal would obey is nobody's name.
_NEVER = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069<>'`|\\" + '"'
_PATTERN = rf"^[^\s=+@\-{_NEVER}]([^{_NEVER}]*[^\s{_NEVER}])?$"

PlainName = Annotated[str, Field(min_length=1, max_length=200, pattern=_PATTERN)]
"""One to 200 characters, as `BTC/USDT`, `^GSPC`, `EURUSD=X` or `M&M`; no formula, no markup, nothing that steers."""
