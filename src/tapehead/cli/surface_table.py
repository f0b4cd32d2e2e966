"""surface_lines: the best sets of a sweep as a table, and the best robust one beside the best."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tapehead.cli import numbers
from tapehead.cli.cells import cut, padded
from tapehead.cli.ink import Ink

if TYPE_CHECKING:
    from tapehead.library.sweep_surface import SweepSurface

_MEASURES = (("median", 8), ("lower", 8), ("upper", 8), ("above 0 %", 9), ("neighbours", 10))
_LEAST = 10


def set_words(parameters: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return those parameters of a set that vary: `fast=5 slow=30`."""
    return " ".join(f"{name}={_plain(parameters[name])}" for name in names if name in parameters)


def varied_names(found: "SweepSurface") -> list[str]:
    """Return the names of the parameters that vary."""
    axes = found.grid.space.axes
    return list(dict.fromkeys(axis.name.rpartition(".")[2] for axis in axes if len(axis) > 1))


def surface_lines(found: "SweepSurface", top: int, width: int, ink: Ink) -> list[str]:
    """Return the first rows by median, with quartiles over instruments, share above 0 and neighbourhood."""
    names = varied_names(found)
    numbers_ = found.order(top)
    shown = [(number, found.row(number)) for number in numbers_]
    shown = [(number, row) for number, row in shown if row["median"] is not None]
    if not shown:
        return []
    said = {number: set_words(row["parameters"], names) for number, row in shown}
    room = width - 6 - sum(breadth + 2 for _, breadth in _MEASURES)
    first = max(_LEAST, min(room, max(map(len, said.values()))))
    titles = "".join(f"  {name:>{breadth}}" for name, breadth in _MEASURES)
    lines = [ink.head(f"{'#':>4}  {padded('set', first)}{titles}".rstrip())]
    for place, (number, row) in enumerate(shown, 1):
        lines.append(f"{place:>4}  {padded(cut(said[number], first), first)}{_cells(row, ink)}")
    hidden = len(found) - len(shown)
    if hidden > 0:
        lines.append(ink.head(f"      {hidden:,} more; --top {len(found)} shows all"))
    return lines


def _cells(row: Mapping[str, Any], ink: Ink) -> str:
    """Return the measures of a row."""
    texts = [numbers.signed(row[name], 2) for name in ("median", "lower", "upper")]
    texts += [numbers.share(row["above_zero"]), numbers.signed(row["neighbourhood"], 2)]
    cells = [f"  {text:>{breadth}}" for text, (_, breadth) in zip(texts, _MEASURES, strict=True)]
    cells[0] = ink.money(cells[0], row["median"])
    return "".join(cells)


def verdict_lines(told: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """Return the best set and the best robust one, each in a line."""
    lines = []
    for name, label in (("best", "best"), ("best_robust", "best robust")):
        row = told.get(name)
        if row is not None:
            lines.append(f"  {label:<14}{set_words(row['parameters'], names)}   {row_words(row)}")
            lines += [f"  {'':<14}{text}" for text in luck_words(row)]
    if told.get("beat_holding") is not None:
        sets = f"{numbers.count(told['beat_holding'])} of {numbers.count(told['sets'])} sets"
        lines.append(f"  {'holding':<14}beaten by {sets} on more than half of the instruments")
    return lines + overfitting_lines(told.get("overfitting"))


def luck_words(row: Mapping[str, Any]) -> list[str]:
    """Return what is left of a set after all trials, where that was reckoned."""
    if "trials" not in row:
        return []
    tried = f"after {numbers.count(row['trials'])} trials, worth {numbers.plain(row['trials_effective'], 1)} apart"
    if row["sharpe_deflated"] is None:
        return [f"deflated Sharpe undefined ({row.get('why', '')}) {tried}"]
    return [f"deflated Sharpe {row['sharpe_deflated']:.2f} {tried}"]


def overfitting_lines(told: Mapping[str, Any] | None) -> list[str]:
    """Return how often choosing the best set of one half of the time fails in the other."""
    if told is None:
        return []
    if told["pbo"] is None:
        return [f"  {'overfitting':<14}not told ({told.get('why', '')})"]
    share = numbers.share(told["pbo"])
    return [f"  {'overfitting':<14}PBO {share} %: so often the best of one half is below the middle of the other"]


def row_words(row: Mapping[str, Any]) -> str:
    """Return what a set is worth, in words."""
    words = [f"median {numbers.signed(row['median'], 2)}", f"neighbours {numbers.signed(row['neighbourhood'], 2)}"]
    if row["above_zero"] is not None:
        words.append(f"{numbers.share(row['above_zero'])} % above 0")
    return "   ".join(words)


def _plain(value: float | str) -> str:
    """Return a parameter's value without needless digits."""
    return f"{value:g}" if isinstance(value, float) else str(value)
