"""import_root: which files on this machine a request may name."""

import os
from collections.abc import Sequence
from pathlib import Path

from tapehead.errors import ServiceError


def paths_below(root: Path | None, paths: Sequence[str]) -> tuple[Path, list[str]]:
    """Return the root and real paths below it; relative ones begin there.

    What lies at them, and in folders among them, the import itself checks: it reads files, and follows no link.

    Raises
    ------
    ServiceError
        `import.root`: the service has none; `import.path`: a path leads out of it, by itself or by a link.
    """
    if root is None:
        text = "This service takes uploads only; it was started without a folder to import from."
        raise ServiceError(
            f"{text} Send the file itself, or start it with one: tapehead serve --help", code="import.root"
        )
    real = Path(os.path.realpath(root))
    return real, [_below(real, path) for path in paths]


def _below(root: Path, path: str) -> str:
    """Return the real path of one."""
    if "\0" in path:
        raise _outside(path.replace("\0", "?"))
    try:
        found = os.path.realpath(root / path)
        inside = Path(found).is_relative_to(root)
    except (OSError, ValueError):
        inside, found = False, ""
    if not inside:
        raise _outside(path)
    return found


def _outside(path: str) -> ServiceError:
    """Return the error of a path that leads out; it does not say what is there."""
    return ServiceError(
        f"'{path[:200]}' does not lie below the folder that this service imports from. Name a file in it, such as "
        "binance/BTCUSDT.csv",
        code="import.path",
    )
