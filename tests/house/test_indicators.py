"""Every indicator that users can call has a twin, a parity test and a docstring that says its edges."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import ROOT, files, plant, tree

# Not indicators: the cache, what checks arguments, scales prices, makes one pass or lays bands, and the list.
NOT_INDICATORS = {
    "memo.py", "values.py", "scaling.py", "passes.py", "bands.py", "entry.py", "catalogue.py",
    "definitions.py", "__init__.py",
}  # fmt: skip
SECTIONS = ("Parameters", "Returns")


def indicators(root: Path) -> Iterator[ast.FunctionDef]:
    """Every public function of the catalogue that makes a line, several, or a crossing of its arguments."""
    folder = root / "src" / "tapehead" / "indicators"
    classes = {node.name for path in files(folder) if path.suffix == ".py" for node in named_tuples(path)}
    for path in files(folder):
        if path.suffix == ".py" and path.name not in NOT_INDICATORS:
            for node in tree(path).body:
                made = isinstance(node, ast.FunctionDef) and node.returns and ast.unparse(node.returns)
                if made in {"F64", "FloatArray", "Crossing", *classes} and not node.name.startswith("_"):
                    yield node


def named_tuples(path: Path) -> Iterator[ast.ClassDef]:
    """Every class of several lines."""
    for node in tree(path).body:
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "NamedTuple" for base in node.bases):
            yield node


def words_in(folder: Path) -> set[str]:
    """Every word of the sources in a folder."""
    sources = (
        [path.read_text(encoding="utf-8") for path in files(folder) if path.suffix == ".py"] if folder.is_dir() else []
    )
    return set(re.findall(r"\w+", "\n".join(sources)))


def defined_in(folder: Path) -> set[str]:
    """Every function defined in a folder."""
    sources = [path for path in files(folder) if path.suffix == ".py"] if folder.is_dir() else []
    return {node.name for path in sources for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)}


def faults(root: Path) -> Iterator[str]:
    """What an indicator lacks; and an oracle that leans on what it judges."""
    twins, parity = defined_in(root / "tests" / "oracles"), words_in(root / "tests" / "parity")
    texts = {node.name: ast.get_docstring(node) or "" for node in indicators(root)}
    for node in indicators(root):
        if not any(name == node.name or name.startswith(f"{node.name}_") for name in twins):
            yield f"{node.name}: no function of this name in tests/oracles"
        if node.name not in parity:
            yield f"{node.name}: nothing in tests/parity speaks of it"
        said = texts[node.name]
        # A sibling may stand for the whole family: "as `crossed_above`".
        said += "".join(text for name, text in texts.items() if name != node.name and f"`{name}`" in said)
        for section in SECTIONS:
            if f"{section}\n---" not in said:
                yield f"{node.name}: its docstring has no section {section}"
    for path in files(root / "tests" / "oracles") if (root / "tests" / "oracles").is_dir() else []:
        if path.suffix == ".py" and re.search(
            r"^\s*(?:from|import) tapehead\.kernels", path.read_text("utf-8"), re.MULTILINE
        ):
            yield f"{path.name}: an oracle may not import tapehead.kernels"


def test_every_indicator_is_proven_and_explained() -> None:
    assert len(list(indicators(ROOT))) >= 79
    assert not list(faults(ROOT))


def test_what_an_indicator_lacks_is_found(tmp_path: Path) -> None:
    told = '"""Alone.\n\n    Parameters\n    ----------\n    x\n\n    Returns\n    -------\n    y\n    """'
    plant(
        tmp_path,
        "src/tapehead/indicators/told.py",
        f"def told(x) -> F64:\n    {told}\n\n\ndef _own(x) -> F64:\n    return x\n",
    )
    plant(tmp_path, "src/tapehead/indicators/bare.py", 'def bare(x) -> Crossing:\n    """Bare."""\n')
    both = 'class Both(NamedTuple):\n    """Two."""\n\n\ndef both(x) -> Both:\n    """As `told`."""\n'
    plant(tmp_path, "src/tapehead/indicators/both.py", both)
    plant(tmp_path, "tests/oracles/lines.py", "from tapehead.kernels import walk\n\n\ndef told(x):\n    return x\n")
    plant(tmp_path, "tests/parity/test_told.py", "from tests.oracles.lines import told\n")
    assert list(faults(tmp_path)) == [
        "bare: no function of this name in tests/oracles",
        "bare: nothing in tests/parity speaks of it",
        "bare: its docstring has no section Parameters",
        "bare: its docstring has no section Returns",
        "both: no function of this name in tests/oracles",
        "both: nothing in tests/parity speaks of it",
        "lines.py: an oracle may not import tapehead.kernels",
    ]
