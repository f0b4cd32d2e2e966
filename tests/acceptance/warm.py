"""The one warm process of a worker, started when it is first asked; see warm_server.py for what it saves."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from tests.acceptance.warm_client import surroundings

HERE = Path(__file__).resolve().parent
PROGRAM = Path(sys.executable).parent / "tapehead"


@cache
def warm_folder() -> Path:
    """Return a folder whose `tapehead` is the command, typed at the warm process."""
    folder = Path(tempfile.mkdtemp(prefix="warm-"))
    where = folder / "socket"
    (folder / "socket.surroundings").write_text(surroundings(os.environ), encoding="utf-8")
    typed = folder / "tapehead"
    words = f"'{sys.executable}' -I -S '{HERE / 'warm_client.py'}' '{where}' '{PROGRAM}'"
    typed.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
    typed.chmod(0o755)
    server = subprocess.Popen(
        [sys.executable, str(HERE / "warm_server.py"), str(where)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    atexit.register(_end, server, folder)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    return folder


def _end(server: subprocess.Popen[bytes], folder: Path) -> None:
    """Let the warm process go."""
    server.communicate(timeout=60)
    shutil.rmtree(folder, ignore_errors=True)
