"""write_csv: rows of plain values as CSV: every digit, no rounding."""

import csv
from collections.abc import Iterable
from typing import Any, TextIO


def write_csv(out: TextIO, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows with a title line; None is an empty field."""
    writer = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(out, list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow(row)
