"""Peers as long-lived processes: cases go in by batches, findings come out."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from benchmarks.fuzz.case import Case
from benchmarks.fuzz.found import Found
from benchmarks.machine import ROOT
from benchmarks.processes import PEERS_PYTHON, EngineFailed


class Peer:
    """One peer in a process of its own; a context, which ends the process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._complaints = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - as long as the process
        environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
        environment.pop("PYTHONPATH", None)
        self._process = subprocess.Popen(
            [str(PEERS_PYTHON), "-m", "benchmarks.peers.answer", name],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
        )

    def ask(self, cases: Sequence[Case]) -> None:
        """Send a batch; `hear` gives what came of it, so that several peers work at once."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps([case.told() for case in cases]) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def hear(self) -> list[Found]:
        """Return the findings of the batch that was sent first."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._ended()
        return [Found.read(told) for told in json.loads(line)]

    def answer(self, case: Case) -> Found:
        """Return the finding of one case."""
        self.ask([case])
        return self.hear()[0]

    def _ended(self) -> EngineFailed:
        """Tell what a process said that is no more."""
        self._process.wait()
        self._complaints.seek(0)
        return EngineFailed(f"{self.name} ended with {self._process.returncode}:\n{self._complaints.read()[-2000:]}")

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process and wait for it."""
        self._process.terminate()
        with suppress(BrokenPipeError), self._process:
            pass
        self._complaints.close()
