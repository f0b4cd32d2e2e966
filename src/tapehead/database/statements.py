"""read_statements: the named statements of a .sql file."""

import re
from functools import cache
from pathlib import Path


@cache
def read_statements(file: Path) -> dict[str, str]:
    """Return the statements of a .sql file by name; each follows a line `-- name: it`.

    It lies beside the module that asks, as the wheel installs it: importlib.resources costs 12 ms of start.
    """
    text = file.read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))
