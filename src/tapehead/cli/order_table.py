"""order_lines: orders of one result as a table of 80 columns."""

from collections.abc import Iterable
from typing import Any

from tapehead.cli import numbers
from tapehead.cli.ink import Ink


def order_lines(rows: Iterable[dict[str, Any]], ink: Ink) -> list[str]:
    """Return a line an order: bar of the decision, side, why, what became of it and when, price and units."""
    titles = f"{'#':>4} {'decided (UTC)':<16} {'order':<13} {'ended':<16} {'price':>10} {'units':>9} by"
    lines = [ink.head(titles)]
    for place, row in enumerate(rows, 1):
        what = f"{'buy' if row['side'] > 0 else 'sell'} {'to open' if row['opens'] else 'to close'}"
        ended = _minute(row["time"]) if row["time"] else "-"
        filled = row["status"] == "filled"
        # What was not filled has no price and no units: its end stands there.
        price = numbers.price(row["price"]) if filled else ""
        how = f"{price:>10} {row['quantity']:>9.5g} {row['reason']}" if filled else f"{row['status']:>20}"
        lines.append(f"{place:>4} {_minute(row['decided_time'])} {what:<13} {ended:<16} {how}")
    return lines if len(lines) > 1 else ["no order"]


def _minute(time: str) -> str:
    """Return an ISO time to the minute."""
    return time[:16].replace("T", " ")
