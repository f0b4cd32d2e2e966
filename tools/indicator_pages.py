"""Writes docs/indicators/: a page for each indicator of the catalogue, generated from its entry, and a list of them.

`python -m tools.indicator_pages` writes them; a test of the house holds them against what this would write.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tapehead.indicators.catalogue import INDICATORS, Compared, Indicator, Parameter
from tapehead.indicators.definitions import DEFINITIONS
from tapehead.indicators.entries.averages import AVERAGES
from tapehead.indicators.entries.momentum import MOMENTUM
from tapehead.indicators.entries.ranges import RANGES
from tapehead.indicators.entries.statistics import STATISTICS
from tapehead.indicators.entries.trends import TRENDS
from tapehead.indicators.entries.volume import VOLUME

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "indicators"
GROUPS = {
    "Averages": AVERAGES,
    "Momentum": MOMENTUM,
    "Ranges": RANGES,
    "Trends": TRENDS,
    "Volume": VOLUME,
    "Statistics": STATISTICS,
}


def pages() -> dict[str, str]:
    """Return every page by its name, the list as README.md among them."""
    return {"README.md": overview(), **{f"{one.name}.md": page(one) for one in INDICATORS}}


def overview() -> str:
    """Return the list of all, in groups."""
    lines = [
        "# Indicators",
        "",
        f"{len(INDICATORS)} functions of arrays, `th.rsi(close, 14)`, and by name over a table of one or many",
        'instruments, `th.compute(bars, "rsi(14)")`. A page for each: what it takes and gives, from which bar on, its',
        "formula, its source, how far other tools' figures lie from it, and an example. The same is told by",
        "`tapehead indicators NAME` and `GET /indicators/NAME`. What holds for all of them:",
        "[engine](../engine.md#indicators).",
        "",
        "Candlestick patterns, and whatever else TA-Lib has, come from its own wheel and by its names:",
        "`pip install 'tapehead[ta-lib]'`, then `tapehead indicators talib` lists them and",
        '`th.compute(bars, "talib.CDLDOJI")` computes one, shaped as ours: NaN before its look-back, read-only.',
    ]
    for title, group in GROUPS.items():
        lines += ["", f"## {title}", "", "| | |", "|---|---|"]
        lines += [f"| [{one.name}]({one.name}.md) | {_cell(one.summary)} |" for one in group]
    return "\n".join(lines) + "\n"


def page(one: Indicator) -> str:
    """Return the page of one indicator."""
    letters, text = DEFINITIONS[one.name]
    bars = "none" if one.warm_bars == 0 else "1 bar" if one.warm_bars == 1 else f"{one.warm_bars} bars"
    lines = [f"# {one.name}", "", f"{one.summary}.", "", "```text", f"th.{one.call}", "```", ""]
    lines += ["| | |", "|---|---|"]
    lines += [f"| takes | {', '.join(f'`{name}`' for name in one.inputs)} |"]
    lines += [f"| gives | {', '.join(f'`{name}`' for name in one.outputs) or 'one line'} |"]
    lines += [
        f"| unknown at first | {bars}" + ("" if one.warm_up == "0" else f" at the defaults: `{one.warm_up}`") + " |"
    ]
    lines += [f"| source | {_cell(one.source)} |"]
    if one.parameters:
        lines += ["", "| parameter | kind | default | lowest | highest |", "|---|---|--:|--:|--:|"]
        lines += [_parameter(each) for each in one.parameters]
    lines += ["", "## Formula", "", f"`{one.name}({letters})`: {text}.", "", "## Other tools", ""]
    lines += [f"- {_compared(each)}" for each in one.compared] or ["None at hand tells figures of it."]
    lines += ["", "## Example", "", "```python", *_example(one), "```", ""]
    lines += [f"The same as `tapehead indicators {one.name}`. [All indicators](README.md)."]
    return "\n".join(lines) + "\n"


def _parameter(one: Parameter) -> str:
    """Return the row of a parameter."""
    high = "" if one.high is None else f"{one.high:g}"
    return f"| `{one.name}` | {one.kind.__name__} | {one.default:g} | {one.low:g} | {high} |"


def _compared(one: Compared) -> str:
    """Say how near another tool's figures are."""
    if one.difference == 0:
        return f"{one.tool}: equal."
    return f"{one.tool}: {one.difference:.0e} of its largest figure at most; {one.why}."


def _example(one: Indicator) -> Iterator[str]:
    """Yield the example of the function's own docstring."""
    source = (ROOT / "src" / Path(*one.home.split(".")).with_suffix(".py")).read_text(encoding="utf-8")
    function = next(
        node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == one.name
    )
    told = (ast.get_docstring(function) or "").partition("Examples\n--------\n")[2]
    if "np." in told:
        yield ">>> import numpy as np"
    yield f">>> from tapehead import {one.name}"
    yield from told.strip().splitlines()


def _cell(text: str) -> str:
    """Return a text as a cell of a table holds it."""
    return text.replace("|", "\\|")


def main() -> None:
    """Write every page, and remove those of indicators that are gone."""
    FOLDER.mkdir(exist_ok=True)
    made = pages()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    for path in FOLDER.glob("*.md"):
        if path.name not in made:
            path.unlink()
    print(f"{len(made) - 1} pages and their list in {FOLDER.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
