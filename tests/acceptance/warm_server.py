"""Starts `tapehead` as often as it is asked to, each time in a process of its own that has imported everything already.

A process forks for every command: it takes the asker's arguments, environment, folder and three streams, runs the
installed script from its first line, and ends as Python ends but for the taking down of its modules. What is saved is
the start of Python, the imports and the loading of compiled kernels: half a second a command, a second a backtest.
Run as `python warm_server.py SOCKET`; it ends when its standard input does.
"""

import atexit
import gc
import io
import os
import runpy
import selectors
import signal
import socket
import struct
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, NoReturn

MESSAGE = 1 << 20
STREAMS = struct.Struct("3i")


class Asked(NamedTuple):
    """A command: the folder it is typed in, its words with the script before them, its environment, its streams."""

    folder: str
    words: list[str]
    environment: dict[str, str]
    streams: tuple[int, ...]


def read(line: socket.socket) -> Asked:
    """Return what the asker sends: a folder, the number of words, the words, NAME=value, each ended by a zero byte."""
    message, given, _, _ = line.recvmsg(MESSAGE, socket.CMSG_SPACE(STREAMS.size))
    folder, count, *parts = map(os.fsdecode, message.split(b"\0"))
    environment = dict(part.split("=", 1) for part in parts[int(count) :])
    return Asked(folder, parts[: int(count)], environment, STREAMS.unpack(given[0][2]))


def import_all() -> None:
    """Import what commands import, and load the compiled kernels; not pyarrow, which has threads."""
    from tapehead.cli.main import ENTRIES
    from tapehead.kernels.warm import compile_all

    modules = [entry.module for name, entry in ENTRIES.items() if name != "serve"]
    for module in (*modules, "tapehead.library.store", "tapehead.library.simulate"):
        import_module(module)
    compile_all()


def become(asked: Asked) -> None:
    """Make this process the one that was asked for."""
    for place, stream in enumerate(asked.streams):
        os.dup2(stream, place)
        os.close(stream)
    os.chdir(asked.folder)
    os.environ.clear()
    os.environ.update(asked.environment)
    time.tzset()
    coding, through = sys.stdout.encoding, sys.stdout.write_through
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), coding)
    out, err = (io.BufferedWriter(io.FileIO(place, "w", closefd=False)) for place in (1, 2))
    sys.stdout = io.TextIOWrapper(out, coding, line_buffering=os.isatty(1), write_through=through)
    sys.stderr = io.TextIOWrapper(err, coding, "backslashreplace", line_buffering=True)
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    sys.argv = asked.words
    sys.path[0] = str(Path(asked.words[0]).parent)


def run(script: str) -> int:
    """Run the installed script; return the exit code that Python would end with."""
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as ending:
        if isinstance(ending.code, str):
            sys.stderr.write(f"{ending.code}\n")
        return ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:  # noqa: BLE001 - whatever it is, Python would show it
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def end(code: int) -> NoReturn:
    """End as Python does: threads joined, last words said, streams flushed."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except OSError:
        code = 120
    os._exit(code)


def serve(where: str) -> Asked | None:
    """Fork for every asker and tell it how its command ended; return in each child what was asked, None at the end."""
    waiting: dict[int, tuple[int, socket.socket]] = {}
    with selectors.DefaultSelector() as selector, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(where)
        listener.listen(64)
        selector.register(listener, selectors.EVENT_READ)
        selector.register(0, selectors.EVENT_READ)
        os.write(1, b"ready\n")
        while True:
            for key, _ in selector.select():
                if key.fd == 0:
                    return None
                if key.fileobj is listener:
                    line, _ = listener.accept()
                    asked = read(line)
                    pid = os.fork()
                    if pid == 0:
                        _let_go([line, *(one for _, one in waiting.values())], list(waiting))
                        return asked
                    for stream in asked.streams:
                        os.close(stream)
                    ended = os.pidfd_open(pid)
                    waiting[ended] = (pid, line)
                    selector.register(ended, selectors.EVENT_READ)
                else:
                    selector.unregister(key.fd)
                    pid, line = waiting.pop(key.fd)
                    os.close(key.fd)
                    _tell(line, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _let_go(lines: list[socket.socket], pids: list[int]) -> None:
    """Close in a child what belongs to its parent."""
    for line in lines:
        line.close()
    for pid in pids:
        os.close(pid)


def _tell(line: socket.socket, code: int) -> None:
    """Tell an asker, which may be gone, how its command ended."""
    with line:
        try:
            line.send(b"%d" % code)
        except OSError:
            return


def main() -> None:
    """Import, then serve; in a child, run the command."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    import_all()
    gc.collect()
    gc.freeze()
    asked = serve(sys.argv[1])
    if asked is not None:
        become(asked)
        end(run(asked.words[0]))


if __name__ == "__main__":
    main()
