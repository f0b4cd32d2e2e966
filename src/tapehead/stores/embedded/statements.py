"""read_statements: the named statements of a .sql file."""

import re
from functools import cache
from pathlib import Path


@cache
def read_statements(file: str) -> dict[str, str]:
    """Return the statements of a .sql file beside this module by name; each follows a line `-- name: it`.

    Read from beside this module, as the wheel installs it: importlib.resources costs 12 ms of start.
    """
    text = Path(__file__).with_name(file).read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))
