"""Types a command at the warm process: `python -I -S warm_client.py SOCKET SCRIPT WORD...`; ends as the command ends.

A service, and what has a closed stream or other surroundings than the warm process, is started as always.
"""

from __future__ import annotations

import os
import socket
import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SURROUNDINGS = ("PYTHON", "NUMBA_", "LANG", "LC_")
"""Beginnings of names of the environment that Python or Numba read as they start."""


def surroundings(environment: Mapping[str, str]) -> str:
    """Return the lines of an environment that a process must share with the warm one."""
    return "\n".join(sorted(f"{name}={value}" for name, value in environment.items() if name.startswith(SURROUNDINGS)))


def main() -> int:
    """Send the command with our streams; wait for its end."""
    where, *words = sys.argv[1:]
    whole = all(stream is not None for stream in (sys.stdin, sys.stdout, sys.stderr))
    folder = where.rpartition("/")[0]
    os.environ["PATH"] = ":".join(one for one in os.environ.get("PATH", os.defpath).split(":") if one != folder)
    here = [f"{name}={value}" for name, value in os.environ.items()]
    with open(f"{where}.surroundings", encoding="utf-8") as file:  # noqa: PTH123 - pathlib takes as long as all the rest
        same = file.read() == surroundings(os.environ)
    if "serve" in words or not whole or not same:
        os.execv(words[0], words)  # noqa: S606 - the words are a list
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
        line.connect(where)
        parts = [os.getcwd(), str(len(words)), *words, *here]  # noqa: PTH109 - as above
        streams = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("3i", 0, 1, 2))]
        line.sendmsg([b"\0".join(map(os.fsencode, parts))], streams)
        told = line.recv(16)
    code = int(told or b"255")
    if code < 0:
        os.kill(os.getpid(), -code)
    return code


if __name__ == "__main__":
    sys.exit(main())
