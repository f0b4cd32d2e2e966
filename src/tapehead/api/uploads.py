"""uploads: bodies that are files, kept below the home of the store for as long as they are read."""

import errno
import re
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from tapehead.api.body import broken_off, too_large
from tapehead.errors import DiskFullError, ParameterError, UnwritableHomeError

FOLDER = "uploads"
_BLOCK = 1024 * 1024
_LEFT_S = 86_400.0
# What names a symbol where nothing else does: nothing that a spreadsheet runs, a page reads or a terminal obeys.
_NEVER = r'/\\<>"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069'
_NAME = re.compile(rf"[^\s.=+@\-{_NEVER}][^{_NEVER}]{{0,199}}")
_LONGEST_BYTES = 255
_FULL = {errno.ENOSPC, errno.EDQUOT}


@asynccontextmanager
async def uploaded(request: Request, home: Path, name: str, most_bytes: int) -> AsyncIterator[Path]:
    """Write the body of a request into a file of its name, and remove that on leaving.

    Its folder is called `uploads`, which is the venue of bars that say none. Memory holds a block of a MiB.

    Raises
    ------
    ParameterError
        The name is none of a file.
    ServiceError
        `input.body_size`: there is more than `most_bytes`; `input.left`: the client left before the end.
    DiskFullError, UnwritableHomeError
    """
    if _NAME.fullmatch(name) is None or len(name.encode()) > _LONGEST_BYTES:
        bound = f"the plain name of a file, such as bars.csv, without folders, of {_LONGEST_BYTES} bytes at most"
        raise ParameterError(name="name", value=name[:80], bound=bound)
    place = await run_in_threadpool(_make_place, home)
    try:
        path = place / FOLDER / name
        await _receive(request, path, most_bytes)
        yield path
    finally:
        await run_in_threadpool(shutil.rmtree, place, ignore_errors=True)


def shown(text: str, home: Path, root: Path | None) -> str:
    """Return a text in which no path says where the service keeps its files."""
    text = re.sub(rf"{re.escape(str(home / FOLDER))}/[^/\s]+/{FOLDER}/", "", text)
    if root is None or root == root.parent:
        return text
    return text.replace(f"{root}/", "").replace(str(root), ".")


async def _receive(request: Request, path: Path, most_bytes: int) -> None:
    """Write the body."""
    file: IO[bytes] = await run_in_threadpool(path.open, "xb")
    try:
        block, size = bytearray(), 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > most_bytes:
                raise too_large(most_bytes)
            block += chunk
            if len(block) >= _BLOCK:
                await run_in_threadpool(file.write, bytes(block))
                block.clear()
        await run_in_threadpool(file.write, bytes(block))
    except ClientDisconnect:
        raise broken_off() from None
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFullError(path=path.parent.parent.parent, what="an upload") from error
        raise
    finally:
        await run_in_threadpool(file.close)


def _make_place(home: Path) -> Path:
    """Return a folder for one upload; those that a service which died has left are removed."""
    folder = home / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            if time.time() - old.stat().st_mtime > _LEFT_S:
                shutil.rmtree(old, ignore_errors=True)
        place = Path(tempfile.mkdtemp(dir=folder))
        (place / FOLDER).mkdir()
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFullError(path=home, what="an upload") from error
        raise UnwritableHomeError(path=home, cause=error.strerror or str(error), other="~/.tapehead") from error
    return place
