"""The ledger of trials under several processes."""

from pathlib import Path

from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.runs import open_runs
from tapehead.stores.tables.trials import TrialTables
from tests.unit.stores.processes import finish, start

ADD = """
import sys
from pathlib import Path
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.runs import open_runs
from tapehead.stores.tables.trials import TrialTables
from tapehead.testing.trial_ledger import CONTEXT, sample_trials

ledger = TrialTables(open_runs(open_home(Path(sys.argv[1]))))
print("ready", flush=True)
sys.stdin.readline()
shift = int(sys.argv[2])
print(sum(ledger.add("A" * 25 + sys.argv[2], CONTEXT, sample_trials(first + shift, 20)) for first in range(0, 200, 10)))
"""


def test_what_processes_add_at_once_is_counted_once(tmp_path: Path) -> None:
    workers = [start(ADD, tmp_path / "home", shift) for shift in (0, 5)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    added = [int(finish(worker)) for worker in workers]
    database = open_runs(open_home(tmp_path / "home"))
    ledger = TrialTables(database)
    sets = [one for kept in ledger.read("test:AAA", "1h") for one in kept.trials.sets]
    # 0 to 209 by one of them, 5 to 214 by the other.
    assert sum(added) == len(sets) == len(set(sets)) == 215
    assert sum(one.trials for one in ledger.counts()) == 215
    database.close()
