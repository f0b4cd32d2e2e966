"""Answers to SQL as plain values."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tapehead.library.sql.ask import SqlAnswer


def sql_json(found: "SqlAnswer", rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return plain values of an answer, of which `rows` are those of `plain_rows`."""
    facts = {"snapshot": found.snapshot, "elapsed_s": found.elapsed_s, "scanned": dict(found.scanned)}
    shown = {"columns": found.table.column_names, "rows": rows} if found.plan is None else {"plan": found.plan}
    return {**facts, **shown, "count": len(rows), "whole": found.whole}


def plain_rows(found: "SqlAnswer") -> list[dict[str, Any]]:
    """Return the rows as JSON has them."""
    return [{name: _plain(value) for name, value in row.items()} for row in found.rows()]


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: times as ISO in UTC, no NaN, bytes in hex, exact decimals with a point as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()
    if isinstance(value, float):
        return value if value - value == 0 else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal) and value.as_tuple().exponent == 0:
        return int(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return str(value)
