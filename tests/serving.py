"""A real service over TCP for tests: in a process of its own, or in a thread of this one."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tapehead as th


@dataclass
class Served:
    """A service that runs: its address, and its process where it has one of its own."""

    url: str
    process: "subprocess.Popen[str] | None" = None
    service: Any = None

    def kill(self) -> None:
        """End the process as a crash would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@contextmanager
def serving(home: Path, *words: str, environment: dict[str, str] | None = None) -> Iterator[Served]:
    """Run `tapehead serve` on a free port in a process of its own; ends it, gently, at the end."""
    command = [sys.executable, "-m", "tapehead", "--home", str(home), "--json", "serve", "--port", "free", *words]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}, start_new_session=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"the service ended with {process.wait(10)} before it said where it is"
        yield Served(json.loads(line)["url"], process)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


@contextmanager
def serving_here(home: Path, **options: Any) -> Iterator[Served]:
    """Run a service in a thread of this process, over TCP all the same."""
    from tapehead.api.options import Options
    from tapehead.api.serve import bind, make_server

    store = th.open(home)
    listening = bind("127.0.0.1", 0, fall_back=False)
    port = listening.getsockname()[1]
    server = make_server(store, Options(port=port, **options))
    try:
        with server.serve_beside([listening]):
            yield Served(f"http://127.0.0.1:{port}", service=server.service)
    finally:
        store.close()
