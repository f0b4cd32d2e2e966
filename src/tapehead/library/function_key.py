"""What a cached function is known by: its name, the version of its source, the arguments of a call."""

import ast
import hashlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

from tapehead.errors import CachedFunctionError, UncacheableError
from tapehead.layout.to_bytes import to_bytes

_DIGEST_BYTES: Final = 16
_ALWAYS: Final = frozenset({"__class__"})
"""Cells that every method with `super()` has."""


def name_of(function: Callable[..., Any]) -> str:
    """Return `module:function`; of a script its path stands for the module, for every script is called `__main__`."""
    module = function.__module__
    if module == "__main__":
        main = sys.modules["__main__"]
        spec = getattr(main, "__spec__", None)
        file = getattr(main, "__file__", None)
        module = spec.name if spec is not None else str(Path(file).absolute()) if file else "__main__"
    return f"{module}:{function.__qualname__}"


def version_of(function: Callable[..., Any], given: str | None) -> str:
    """Return 16 hex digits that change with the source of a function, comments and decorators aside.

    Parameters
    ----------
    function : callable
        What it calls and the globals it reads are not looked at.
    given : str or None
        Stands for the source where it is given.

    Raises
    ------
    CachedFunctionError
        It remembers variables of the function it was made in, which no key can hold.
    """
    if given is not None:
        return _hashed(f"given {given}".encode())
    held = sorted(set(function.__code__.co_freevars) - _ALWAYS)
    if held:
        cause = f"it remembers {', '.join(held)} of the function it stands in, and no key says what that is"
        step = "Pass that as arguments, or say with version='...' what it stands for"
        raise CachedFunctionError(name=name_of(function), cause=cause, step=step)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError, TypeError):
        # Typed in, made by exec, or a lambda in the middle of a line.
        return _hashed(_code(function.__code__))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.decorator_list = []
    return _hashed(ast.unparse(tree).encode())


def digest_of(
    named: Sequence[str], arguments: Mapping[str, Any], classes: Mapping[type, str], ignore: Sequence[str] = ()
) -> bytes:
    """Return 16 bytes for a call.

    Parameters
    ----------
    named : sequence of str
        Namespace, function, slot of time.
    arguments : mapping of str to any
        By name, defaults filled in; 1, 1.0 and True are three things.
    ignore : sequence of str
        Names of those that do not matter.

    Raises
    ------
    UncacheableError
        An argument of a type that no key holds.
    """
    digest = hashlib.sha256(to_bytes(list(named)))
    for name, value in arguments.items():
        if name in ignore:
            continue
        place = f"the argument {name} of {named[1]}"
        try:
            digest.update(to_bytes((name, value), classes, place=place, ordered=False))
        except UncacheableError as error:
            step = f"Leave it out of the key by ignore=({name!r},), or pass what of it matters"
            raise UncacheableError(**{**error.facts, "step": step}) from None
    return digest.digest()[:_DIGEST_BYTES]


def classes_of(function: Callable[..., Any] | None, named: Sequence[type]) -> dict[type, str]:
    """Return the dataclasses, enums and named tuples that a function's annotations and `named` speak of, with names."""
    found: dict[type, str] = {}
    waiting: list[Any] = list(named)
    if function is not None:
        waiting += _hints(function)
    while waiting:
        kind = waiting.pop()
        waiting += get_args(kind)
        if not isinstance(kind, type) or kind in found:
            continue
        if is_dataclass(kind) or issubclass(kind, Enum) or (issubclass(kind, tuple) and hasattr(kind, "_fields")):
            found[kind] = f"{kind.__module__}:{kind.__qualname__}"
            waiting += _hints(kind)
            if is_dataclass(kind):
                waiting += [field.type for field in fields(kind)]
    return found


def _hints(of: Any) -> list[Any]:
    """Return annotated types, none where they cannot be told."""
    try:
        return list(get_type_hints(of).values())
    except (AttributeError, NameError, TypeError, SyntaxError):
        # Names that exist for a type checker only.
        return []


def _code(code: Any) -> bytes:
    """Return what tells the code of a function from another's; that of functions in it too."""
    inner = b"".join(_code(one) if hasattr(one, "co_code") else repr(one).encode() for one in code.co_consts)
    return bytes(code.co_code) + repr(code.co_names).encode() + inner


def _hashed(data: bytes) -> str:
    """Return 16 hex digits."""
    return hashlib.sha256(data).hexdigest()[:16]
