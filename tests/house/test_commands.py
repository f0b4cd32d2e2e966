"""Every command explains itself with an example, and nobody names a command that does not parse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.commands import all_commands, cut, fault_in, in_pages, in_sources, refusal, targets_in_pages
from tests.house.tree import ROOT, plant

STEP_ONE = {"demo", "import", "instruments", "strategies", "backtest", "runs", "show", "verify", "universe", "doctor"}


def own_text(command: object) -> str:
    """What a command says of itself before and after its options."""
    return f"{getattr(command, 'help', '') or ''}\n{getattr(command, 'epilog', '') or ''}"


def targets() -> set[str]:
    """Targets of the Makefile."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_the_promised_commands_are_there() -> None:
    assert set(all_commands()) >= STEP_ONE


def test_every_command_has_help_and_an_example() -> None:
    faults = []
    for name, command in all_commands().items():
        if len((command.help or "").split()) < 3:
            faults.append(f"tapehead {name}: no help")
        examples = [words for line in own_text(command).splitlines() for words in cut(line)]
        own = [words for words in examples if re.match(rf"(?:-\S+ (?:[^-\s]\S* )??)*{re.escape(name)}\b", words)]
        if not own:
            faults.append(f"tapehead {name}: no example that begins with it")
        faults += filter(None, map(refusal, own))
    assert not faults


def test_every_option_has_help() -> None:
    silent = [
        f"tapehead {name} {param.opts[0]}"
        for name, command in all_commands().items()
        for param in command.params
        if param.param_type_name == "option" and not getattr(param, "help", None)
    ]
    assert not silent


def test_every_command_a_message_names_parses() -> None:
    named = list(in_sources(ROOT))
    assert len(named) > 20
    assert not [f"{where}: {fault}" for where, words in named if (fault := fault_in(words))]


def test_every_command_a_page_names_parses() -> None:
    assert not [f"{where}: {fault}" for where, words in in_pages(ROOT) if (fault := fault_in(words))]


def test_every_target_a_page_names_is_in_the_makefile() -> None:
    named = list(targets_in_pages(ROOT))
    assert named
    assert not [f"{where}: make {target}" for where, target in named if target not in targets()]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("List them: tapehead strategies", ["strategies"]),
        ("Look: tapehead --home X doctor. A store shared by machines belongs elsewhere.", ["--home X doctor"]),
        ("  tapehead show 01JD8Q7K SOLUSDT      trades and metrics", ["show 01JD8Q7K SOLUSDT"]),
        ("$ .venv/bin/tapehead demo --seed 7  # made once", ["demo --seed 7"]),
        ("import tapehead as th; from tapehead import rsi; src/tapehead kernels; Tapehead tests", []),
        ("see `tapehead runs`, then", ["runs"]),
    ],
)
def test_commands_are_found_in_prose(line: str, words: list[str]) -> None:
    assert list(cut(line)) == words


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ('TEXT = "Serve it: tapehead levitate"', "no command levitate"),
        ('def f(x: str) -> str:\n    return f"Once more: tapehead verify {x} --harder"', "no option --harder"),
        ('"""Clear it: tapehead universe explode NAME"""', "no command explode"),
    ],
)
def test_a_bad_command_in_a_message_is_found(tmp_path: Path, content: str, fault: str) -> None:
    plant(tmp_path, "src/tapehead/jobs/planted.py", content)
    found = [fault_in(words) or "" for _, words in in_sources(tmp_path)]
    assert len(found) == 1
    assert fault in found[0]


def test_a_bad_command_in_a_page_is_found(tmp_path: Path) -> None:
    plant(
        tmp_path,
        "docs/page.md",
        "Prose of tapehead things.\n\n```\n$ tapehead levitate\n```\nand `tapehead demo` and `make tea`.\n",
    )
    assert [bool(fault_in(words)) for _, words in in_pages(tmp_path)] == [True, False]
    assert [target for _, target in targets_in_pages(tmp_path) if target not in targets()] == ["tea"]


@pytest.mark.parametrize("line", ["levitate", "explain", "demo --seed many", "runs --nonsense", ""])
def test_a_line_that_does_not_parse_is_refused(line: str) -> None:
    assert refusal(line)
