"""`kill -9` while a run is being recorded: every event and result that was returned from is there."""

import os
import signal
from pathlib import Path

from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.runs import EmbeddedRuns, open_runs
from tapehead.stores.tables.events import EventTable
from tests.unit.stores.processes import rest_of, start

WRITER = """
import sys
from pathlib import Path
from tapehead.model.events import Result
from tapehead.stores.tables.events import EventTable
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.runs import EmbeddedRuns, open_runs
from tapehead.testing.run_store import SPEC, sample_key, sample_result

database = open_runs(open_home(Path(sys.argv[1])))
runs, log = EmbeddedRuns(database), EventTable(database)
run = runs.create(sample_key(), SPEC, 1)
print(run, flush=True)
number = 0
while True:
    result = sample_result(run, f"S{number:05d}", seed=number)
    runs.save([result])
    number = log.append(run, [Result(run, result, 1.0)])
    print(number, flush=True)
"""


def test_what_was_returned_from_survives_a_kill(tmp_path: Path) -> None:
    for turn in range(4):
        writer = start(WRITER, tmp_path)
        assert writer.stdout is not None
        run = writer.stdout.readline().strip()
        first = [writer.stdout.readline() for _ in range(1 + 7 * turn)]
        os.kill(writer.pid, signal.SIGKILL)
        told = first + [line for line in rest_of(writer)[0].splitlines(keepends=True) if line.endswith("\n")]
        database = open_runs(open_home(tmp_path))
        runs, log = EmbeddedRuns(database), EventTable(database)
        events = log.read(run, 0, 1_000_000)
        assert [number for number, _ in events] == list(range(1, len(events) + 1))
        assert len(events) - len(told) in {0, 1}
        assert len(events) > 0
        assert runs.record(run).count - len(events) in {0, 1}
        assert runs.record(run).state == "running"
        assert runs.resolve(run) == run
        database.close()
