"""The contract of executors, kept by all that there are."""

from tapehead.executors.auto import AutoExecutor
from tapehead.executors.pool import FairPool
from tapehead.executors.processes import ProcessExecutor
from tapehead.executors.serial import SerialExecutor
from tapehead.executors.threads import ThreadExecutor
from tapehead.ports.work import Executor
from tapehead.testing.executor import ExecutorContract, SideBySideContract


class TestSerial(ExecutorContract):
    def make(self, workers: int) -> Executor:
        assert workers > 1
        return SerialExecutor()


class TestThreads(SideBySideContract):
    def make(self, workers: int) -> Executor:
        return ThreadExecutor(workers)


class TestSmallLane(SideBySideContract):
    def make(self, workers: int) -> Executor:
        return FairPool(workers).lane(9)


class TestBigLane(SideBySideContract):
    def make(self, workers: int) -> Executor:
        return FairPool(workers).lane(10_000)


class TestProcesses(SideBySideContract):
    def make(self, workers: int) -> Executor:
        return ProcessExecutor(workers)


class TestAuto(SideBySideContract):
    def make(self, workers: int) -> Executor:
        return AutoExecutor(workers, 500, ProcessExecutor)
