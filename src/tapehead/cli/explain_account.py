"""account_lines: what the fills of a trade found in the account that several instruments share."""

from collections.abc import Mapping, Sequence
from typing import Any

from tapehead.cli.table import display_names

_SHOWN = 3
"""So many are listed on either side of the trade in its queue, and of what was booked before it."""
_ORDINALS = {1: "st", 2: "nd", 3: "rd"}


def account_lines(account: Mapping[str, Any], instrument: str, side: int) -> list[tuple[str, str]]:
    """Return a label and a text a line: the account at the entry, the queue, the size, and the account at the exit."""
    entry, leave = account["entry"], account["exit"]
    lines = [("account", _moment(entry)), ("", _places(entry, account["max_positions"]))]
    lines += [("", text) for text in (*_queue_lines(entry, instrument), *_size_lines(entry, side))]
    lines.append(("", f"fee {_money(entry['fee'])}, cash after it {_money(entry['cash_after'])}"))
    between = account["fills"][1:-1]
    if between:
        lines.append(("", f"{len(between):,} more fills before the last:"))
        lines += [("", f"  {_fill(one)}") for one in between[: 2 * _SHOWN]]
        more = len(between) - 2 * _SHOWN
        lines += [("", f"  and {more:,} more; all of them with --json")] if more > 0 else []
    if len(account["fills"]) > 1:
        lines.append(("at its exit", f"{_moment(leave)}, after it {_money(leave['cash_after'])}"))
    return lines


def _moment(state: Mapping[str, Any]) -> str:
    """Return when something filled, and what there was."""
    locked = f", {_money(state['locked'])} of it not to be spent yet" if state["locked"] else ""
    when = f"{state['time'][:16].replace('T', ' ')} {state['phase']}"
    return f"{when}: cash {_money(state['cash'])}{locked}, equity {_money(state['equity'])}"


def _places(entry: Mapping[str, Any], most: int | None) -> str:
    """Return how many positions were held, and how many places were free."""
    if most is None:
        return f"{entry['positions']:,} position{'s' * (entry['positions'] != 1)} held, any number allowed"
    taken = f", {entry['taken']:,} left in this bar and not free yet" if entry["taken"] else ""
    return f"{entry['positions']:,} of {most:,} places taken, {entry['places_free']:,} free{taken}"


def _queue_lines(entry: Mapping[str, Any], instrument: str) -> list[str]:
    """Return its place in the queue, those next to it, and what was booked before it."""
    queue, place = entry["queue"], entry["queue_place"]
    names = display_names(sorted({one["instrument"] for part in ("queue", "before", "turned_away")
                                  for one in entry[part]} | {instrument}))  # fmt: skip
    rank = "no rank" if entry["rank"] is None else f"rank {entry['rank']:.6g}"
    if place is None or len(queue) == 1:
        lines = [f"{rank}; nobody else wanted to buy at that moment"]
    else:
        lines = [f"{rank}: {_ordinal(place)} of {len(queue):,} that wanted to buy at that moment"]
        low = max(place - 1 - _SHOWN, 0)
        for number, one in enumerate(queue[low : place + _SHOWN], low + 1):
            mark = ">" if number == place else " "
            said = "-" if one["rank"] is None else f"{one['rank']:.6g}"
            value = "" if one["value"] is None else _money(one["value"])
            lines.append(f"{mark}{number:>4} {names[one['instrument']]:<12} {said:>12}  {one['status']:<10} {value}")
    if entry["turned_away"]:
        told = [f"{names[one['instrument']]} ({one['status']})" for one in entry["turned_away"]]
        lines.append(f"rested and turned away in this bar: {_some(told)}")
    before = [f"{names[one['instrument']]} {one['what']} {_worth(one['value'])}" for one in entry["before"]]
    return [
        *lines,
        f"booked before it in this instant: {_some(before[::-1])}" if before else "nothing booked before it",
    ]


def _some(texts: Sequence[str]) -> str:
    """Return the first of some texts, and how many more there are."""
    more = len(texts) - 2 * _SHOWN
    return ", ".join(texts[: 2 * _SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _size_lines(entry: Mapping[str, Any], side: int) -> list[str]:
    """Return what was asked, what came of it, and whether the cash was all that there was."""
    value, equity = entry["value"], entry["equity"]
    if value is None:
        return []
    share = f", {100 * value / equity:.4g} % of equity" if equity > 0.0 else ""
    word = "bought for" if side > 0 else "sold short for"
    asked = {
        "weight": f"weight {100 * (entry['weight'] or 0.0):.6g} %",
        "fraction": f"size {100 * entry['size']:.6g} % of equity",
        "cash": f"size {_money(entry['size'])}",
        "units": f"size {entry['size']:.8g} units",
        "risk": f"size risk {100 * entry['size']:.6g} %",
    }[entry["sizing"]]
    cut = "; that was all the cash there was" if entry["all_cash"] else ""
    return [f"{asked} asked: {word} {_money(value)}{share}{cut}"]


def _fill(state: Mapping[str, Any]) -> str:
    """Return one fill in the middle of a trade."""
    change = state["units_after"] - state["units"]
    when = f"{state['time'][:16].replace('T', ' ')} {state['phase']:<6}"
    return f"{when} {change:+.6g} units for {_worth(state['value'])}, cash after it {_money(state['cash_after'])}"


def _worth(value: float | None) -> str:
    """Return what was bought or sold for."""
    return "in one step" if value is None else _money(value)


def _ordinal(number: int) -> str:
    """Return a number as a place: 1st."""
    return f"{number:,}{'th' if 10 <= number % 100 <= 20 else _ORDINALS.get(number % 10, 'th')}"


def _money(value: float) -> str:
    """Return money with cents."""
    return f"{round(value, 2) + 0.0:,.2f}"
