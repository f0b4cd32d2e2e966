"""Finds every command line that a message or a page names, and asks the program itself whether it parses."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from tests.house.tree import files, tree

# A command begins with the program and a word or an option; `import tapehead` and `src/tapehead` are something else.
NAMED = re.compile(r"(?<![\w/.-])(?<!import )(?<!from )(?:\.venv/bin/)?tapehead[ \t]+(?=[a-z{-])(.*)")
# What ends a command inside a sentence or before the remark beside it.
ENDS = re.compile(r"`|'(?=\s|$)|\s{2,}|[.,;:)](?=\s|$)|\s[#|>&]|\s->|…")
# Words between double quotes belong to the command, whatever stands in them: an expression has > and ( ).
QUOTED = re.compile(r'"[^"`\n]*"')
FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
TICKS = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


class Named(NamedTuple):
    """A command line after the word `tapehead`, and where it was said."""

    where: str
    words: str


def cut(line: str) -> Iterator[str]:
    """Command lines named in one line of text."""
    for found in NAMED.finditer(line):
        whole = QUOTED.sub(lambda quoted: re.sub(r"\s", "\0", quoted[0]), found[1])
        yield ENDS.split(whole, maxsplit=1)[0].strip().replace("\0", " ")


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Every string of a source with its line; what an f-string fills in stands as X."""
    inside = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.JoinedStr):
            inside.update(id(part) for part in node.values)
            parts = (part.value if isinstance(part, ast.Constant) else "X" for part in node.values)
            yield node.lineno, "".join(str(part) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.lineno, node.value


def in_sources(root: Path) -> Iterator[Named]:
    """Every command named in a string of the package."""
    for path in files(root / "src"):
        if path.suffix == ".py":
            for number, string in strings(path):
                for line in string.splitlines():
                    for words in cut(line):
                        yield Named(f"{path.relative_to(root).as_posix()}:{number}", words)


def pages(root: Path) -> Iterator[Path]:
    """Every page a user reads; plans are work in progress and no promise."""
    for path in files(root):
        if path.suffix == ".md" and "plans" not in path.relative_to(root).parts:
            yield path


def code_of(page: str) -> Iterator[str]:
    """Lines of code blocks and code between backticks."""
    for block in FENCE.findall(page):
        yield from block.splitlines()
    yield from TICKS.findall(FENCE.sub("", page))


def in_pages(root: Path) -> Iterator[Named]:
    """Every command named in the code of a page."""
    for path in pages(root):
        for line in code_of(path.read_text(encoding="utf-8")):
            for words in cut(line):
                yield Named(path.relative_to(root).as_posix(), words)


def targets_in_pages(root: Path) -> Iterator[Named]:
    """Every target of make named in the code of a page."""
    for path in pages(root):
        for line in code_of(path.read_text(encoding="utf-8")):
            found = re.match(r"(?:\$ )?make ([a-z][a-z-]*)", line)
            if found:
                yield Named(path.relative_to(root).as_posix(), found[1])


def program() -> tuple[click.Group, object]:
    """The command group and a fresh session for it."""
    from tapehead.cli.main import root
    from tapehead.cli.session import Session

    return root, Session()


def walk(group: click.Group, context: click.Context, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, f"{' '.join((*path, name))} is listed and cannot be loaded"
        yield " ".join((*path, name)), command
        if isinstance(command, click.Group):
            yield from walk(command, click.Context(command, parent=context, info_name=name), (*path, name))


def all_commands() -> dict[str, click.Command]:
    """Every command of the program by its full name."""
    root, session = program()
    return dict(walk(root, click.Context(root, info_name="tapehead", obj=session)))


def options(command: click.Command) -> set[str]:
    """Every spelling of the command's options."""
    return {name for param in command.params for name in (*param.opts, *param.secondary_opts) if name.startswith("-")}


def fault_in(words: str) -> str | None:
    """What is wrong with a command named in a sentence: name and options are judged, values and fill-ins are not."""
    root, session = program()
    context = click.Context(root, info_name="tapehead", obj=session)
    command: click.Command = root
    known = options(root) | {"--help", "-h"}
    valued = [param for param in root.params if isinstance(param, click.Option) and not param.is_flag]
    with_value = {name for param in valued for name in param.opts}
    tokens = iter(words.split())
    for token in tokens:
        if token.startswith("-"):
            name = token.partition("=")[0]
            if name not in known and not re.fullmatch(r"-\d.*|--X", name):
                return f"tapehead {words}: no option {name}"
            if name in with_value and "=" not in token:
                next(tokens, None)
        elif isinstance(command, click.Group) and not token.startswith("{"):
            found = command.get_command(context, token)
            if found is None:
                if command is not root and command.invoke_without_command:
                    return None
                return f"tapehead {words}: no command {token}"
            command = found
            known |= options(command)
    return None


def refusal(line: str) -> str | None:
    """What the program says against a whole command line; None when it parses. Nothing is run."""
    root, session = program()
    words = shlex.split(line)
    command: click.Command = root
    context: click.Context | None = None
    name = "tapehead"
    try:
        while True:
            context = command.make_context(name, words, parent=context, **({"obj": session} if context is None else {}))
            if not isinstance(command, click.Group):
                return None
            words = [*context._protected_args, *context.args]
            if not words:
                return None if command.invoke_without_command else f"tapehead {line}: a command is missing"
            found, following, words = command.resolve_command(context, words)
            assert following is not None
            command, name = following, str(found)
    except click.exceptions.Exit:
        return None
    except click.ClickException as error:
        # A sample path need not lie on this disk.
        return None if "does not exist" in error.format_message() else f"tapehead {line}: {error.format_message()}"
