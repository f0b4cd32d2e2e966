"""What an import saw of its files, as lines, from the document that is kept with its commit."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from tapehead.cli.cells import cut, folded, width_of
from tapehead.cli.closing import plural
from tapehead.cli.ink import Ink

_ALL_SHOWN = 4
_WORST_SHOWN = 3
_WRONG_SHOWN = 8
_LEAST_EXAMPLE = 12
_ROWS = {
    "nulls": ("no usable price or time", "set aside"),
    "duplicates": ("exact duplicate", "one kept"),
    "conflicting": ("same time, other values", "last one counts"),
    "out_of_order": ("out of order", "sorted"),
    "ohlc_violations": ("high or low contradicts", "flagged suspect"),
    "missing": ("bar missing", "nothing filled"),
    "jumps": ("jump as of a wrong unit", "kept"),
    "zero_volume": ("bar without volume", "not traded in"),
    "partial": ("unfinished last bar", "flagged partial"),
    "superseded": ("differs from what is held", "new one counts"),
    "quarantined": ("set aside in all", "in quarantine"),
}
_HEAD = ("defect", "count", "first example (UTC)", "what was done")


def quality_lines(document: Mapping[str, Any], ink: Ink, *, width: int = 80, verbose: bool = False) -> list[str]:
    """Return the quality report of one import.

    Parameters
    ----------
    document : mapping
        `tapehead.import/1`.
    ink : Ink
    width : int
        Columns of the window.
    verbose : bool
        Every file; else the first four of four, or the worst three of more.
    """
    files, total = document["files"], document["total"]
    if verbose or len(files) <= _ALL_SHOWN:
        lines = [line for file in files for line in _file_lines(file, ink, width)]
        if len(files) > _ALL_SHOWN:
            lines += _table(total, files, ink, width)
    else:
        lines = [f"{len(files):,} files   {total['rows']:,} rows, {total['kept']:,} bars kept"]
        lines += [*_table(total, files, ink, width), *_worst_lines(files, ink)]
        lines += _wrong_lines(total["looks_wrong"], ink, _WRONG_SHOWN)
    skipped = document.get("skipped") or {}
    if skipped:
        why = ", ".join(f"{count:,} {reason}" for reason, count in skipped.items())
        lines.append(f"{plural(sum(skipped.values()), 'file')} of the folders passed over: {why}")
    return lines


def outcome_line(document: Mapping[str, Any]) -> str:
    """Return what an import did to the store."""
    total = document["total"]
    sums = f"{total['added']:,} bars added, {total['unchanged']:,} unchanged, {total['superseded']:,} superseded"
    return f"{plural(total['symbols'], 'instrument')}: {sums}"


def _file_lines(file: Mapping[str, Any], ink: Ink, width: int) -> list[str]:
    """Return the report of one file: its guesses, and only what is not zero."""
    counts = f"{file['rows']:,} rows, {file['kept']:,} bars kept, {plural(file['symbols'], 'symbol')}"
    lines = [f"{ink.strong(file['path'])}   {counts}"]
    lines += [line for guess in file["guesses"] for line in folded(guess, width, "  ", "    ")]
    return [*lines, *_table(file, [file], ink, width), *_wrong_lines(file["looks_wrong"], ink, None)]


def _table(counts: Mapping[str, Any], files: Sequence[Mapping[str, Any]], ink: Ink, width: int) -> list[str]:
    """Return a line a defect, with the first row that has it; nothing where there is none."""
    shown = [(name, counts.get(name, 0)) for name in _ROWS]
    confirmed = counts.get("confirmed_empty", 0)
    shown = [(name, count - confirmed if name == "missing" else count) for name, count in shown]
    rows = [(_label(name, counts), f"{count:,}", _first(name, files), _ROWS[name][1]) for name, count in shown if count]
    told = [f"  confirmed empty by the source: {plural(confirmed, 'step')} without a bar"] if confirmed else []
    if not rows:
        return told
    table = [_HEAD, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    widths[2] = min(widths[2], max(width - sum(widths) + widths[2] - 8, _LEAST_EXAMPLE))
    lines = [
        f"  {label:<{widths[0]}}  {count:>{widths[1]}}  {_cut(example, widths[2]):<{widths[2]}}  {done}".rstrip()
        for label, count, example, done in table
    ]
    return [ink.head(lines[0]), *lines[1:], *told]


def _label(name: str, counts: Mapping[str, Any]) -> str:
    """Return what a line calls its defect; holes are counted too."""
    if name == "missing":
        return f"{_ROWS[name][0]}, {plural(counts.get('gaps', 0), 'hole')}"
    return _ROWS[name][0]


def _first(name: str, files: Sequence[Mapping[str, Any]]) -> str:
    """Return the first row with a defect: file, number, symbol where there are several, time."""
    for file in files:
        for example in file.get("examples", {}).get(name, ())[:1]:
            time = (example["time"] or "")[:16].replace("T", " ").removesuffix(" 00:00")
            symbol = example["symbol"] if file["symbols"] > 1 else ""
            where = f"row {example['row']:,}" if len(files) == 1 else f"{PurePath(file['path']).name}:{example['row']}"
            return " ".join(part for part in (where, symbol, time) if part)
    return ""


def _cut(text: str, width: int) -> str:
    """Return a text in a column of its own; the end of it tells more than the beginning."""
    return text if width_of(text) <= width else f"…{cut(text[::-1], width - 1, '')[::-1]}"


def _worst_lines(files: Sequence[Mapping[str, Any]], ink: Ink) -> list[str]:
    """Return the files with the most defects, and how to see the others."""
    counted = [(sum(file[name] for name in _ROWS if name not in {"quarantined", "superseded"}), file) for file in files]
    worst = [(count, file) for count, file in sorted(counted, key=lambda one: -one[0])[:_WORST_SHOWN] if count]
    lines = [f"  {count:,} in {file['path']}" for count, file in worst]
    if lines:
        lines.insert(0, ink.head("  most of it"))
    return [*lines, ink.head("  -v shows every file")]


def _wrong_lines(texts: Sequence[str], ink: Ink, most: int | None) -> list[str]:
    """Return what looks wrong, a line each."""
    lines = [f"  {ink.warn('!')} {text}" for text in texts[:most]]
    hidden = len(texts) - len(lines)
    return [*lines, f"  {ink.warn('!')} {plural(hidden, 'more warning')}; -v shows all"] if hidden else lines
