"""A service in a process of its own, as a user starts it, for the benchmarks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import ROOT
from benchmarks.processes import OURS_PYTHON, EngineFailed

HELD = """\
import os
import time
from pathlib import Path

from tapehead import Signals, crossed_above, crossed_below, param, rsi, strategy


@strategy
class Held:
    \"\"\"RsiReversion that waits, before its first instrument, for a file.\"\"\"

    period: int = param(14, low=2, high=500)

    def signals(self, bars):
        while not Path(os.environ["BENCH_GATE"]).exists():
            time.sleep(0.001)
        strength = rsi(bars.close, self.period)
        return Signals(enter=crossed_above(strength, 30.0), leave=crossed_below(strength, 70.0))
"""


@dataclass(frozen=True, slots=True)
class Service:
    """A service that runs: where, its process, and the file that lets the strategy `Held` go on."""

    host: str
    port: int
    pid: int
    gate: Path

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{self.host}:{self.port}"

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON of one answer; a body makes it a POST."""
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, sent, {"Content-Type": "application/json"})  # noqa: S310 - http
        with urllib.request.urlopen(request, timeout=600) as answer:  # noqa: S310 - http
            return json.load(answer)

    def metric(self, name: str) -> float:
        """Return one metric without labels."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=60) as answer:  # noqa: S310 - http
            text = answer.read().decode()
        found = re.search(rf"^tapehead_{name} (\S+)$", text, re.MULTILINE)
        assert found is not None, name
        return float(found[1])

    def peak_rss_mb(self) -> float:
        """Peak resident memory so far."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


@contextmanager
def serving(home: Path) -> Iterator[Service]:
    """Run `tapehead serve` over a store on a free port, its kernels loaded; end it in order."""
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryFile("w+", encoding="utf-8") as complaints:
        folder = Path(scratch)
        environment = {**os.environ, "PYTHONPATH": _plugin(folder), "BENCH_GATE": str(folder / "open")}
        command = [OURS_PYTHON, "-m", "tapehead", "--home", home, "--json", "serve", "--port", "free"]
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            env={**environment, "TAPEHEAD_LOG": "warning"},
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        )
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                process.wait()
                complaints.seek(0)
                raise EngineFailed(f"the service did not start:\n{complaints.read().strip()[-2000:]}")
            told = json.loads(line)
            yield Service(told["host"], told["port"], process.pid, folder / "open")
        finally:
            process.terminate()
            process.wait(30)
            process.stdout.close()


def _plugin(folder: Path) -> str:
    """Install the strategy `Held` below a folder; return what PYTHONPATH is then."""
    info = folder / "held-1.dist-info"
    info.mkdir()
    (folder / "held.py").write_text(HELD, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: held\nVersion: 1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[tapehead.strategies]\nHeld = held:Held\n", encoding="utf-8")
    return os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
