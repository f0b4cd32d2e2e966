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
from typing import IO, Any

import tapehead as th
from tests.blocking import watching_the_loop

GATED = """
import os
import time
from pathlib import Path

from tapehead import Signals, crossed_above, crossed_below, param, sma, strategy


@strategy
class Gated:
    \"\"\"Buys above its mean; from the call numbered `free` on it waits until the gate is open.\"\"\"

    free: int = param(1_000_000, low=0, high=1_000_000)

    def signals(self, bars):
        folder = Path(os.environ["TAPEHEAD_TEST_GATE"])
        with (folder / "calls").open("a") as calls:
            calls.write(f"{bars.series.symbol} {len(bars)}\\n")
        while len((folder / "calls").read_text().splitlines()) > self.free and not (folder / "open").exists():
            time.sleep(0.002)
        mean = sma(bars.close, 20)
        return Signals(enter=crossed_above(bars.close, mean), leave=crossed_below(bars.close, mean))
"""


def install_gated(folder: Path) -> dict[str, str]:
    """Install the strategy `Gated` as a plug-in below `folder`; return the environment that a service needs for it."""
    place, gate = folder / "plugin", folder / "gate"
    info = place / "gated-1.dist-info"
    info.mkdir(parents=True)
    gate.mkdir()
    (place / "gated.py").write_text(GATED)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gated\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[tapehead.strategies]\nGated = gated:Gated\n")
    path = os.pathsep.join(filter(None, (str(place), os.environ.get("PYTHONPATH"))))
    return {"PYTHONPATH": path, "TAPEHEAD_TEST_GATE": str(gate)}


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
def serving(
    home: Path | str, *words: str, environment: dict[str, str] | None = None, stderr: IO[str] | None = None
) -> Iterator[Served]:
    """Run `tapehead serve` on a free port in a process of its own; ends it, gently, at the end."""
    command = [sys.executable, "-m", "tapehead", "--home", str(home), "--json", "serve", "--port", "free", *words]
    given = {**os.environ, **(environment or {})}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=given, start_new_session=True
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
def serving_here(home: Path | str, **options: Any) -> Iterator[Served]:
    """Run a service in a thread of this process, over TCP all the same; fails where its event loop was made to wait."""
    from tapehead.api.options import Options
    from tapehead.api.serve import bind, make_server

    store = th.open(home)
    listening = bind("127.0.0.1", 0, fall_back=False)
    port = listening.getsockname()[1]
    server = make_server(store, Options(port=port, **options))
    try:
        with watching_the_loop(), server.serve_beside([listening]):
            yield Served(f"http://127.0.0.1:{port}", service=server.service)
    finally:
        store.close()
