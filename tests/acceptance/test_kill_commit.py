"""`kill -9` in the middle of commits, twenty times on one store: the old state or the new one, never another."""

import os
import random
import signal
import sqlite3
import time
from pathlib import Path

from tapehead.layout.columns import BAR_COLUMNS
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.testing.bar_store import ALWAYS, read_columns
from tapehead.testing.samples import sample_bars, sample_columns, sample_draft, sample_series
from tests.unit.stores.processes import start

KILLS = 20
SYMBOLS = ("AAA", "BBB", "CCC", "DDD", "EEE")
WRITER = """
import sys
from pathlib import Path
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.testing.samples import sample_draft

store = EmbeddedBars(open_home(Path(sys.argv[1])), ParquetCodec())
ParquetCodec().encode(sample_draft().columns)
print("begun", flush=True)
while True:
    seed = store.head() + 1
    drafts = [sample_draft(symbol, rows=300, seed=seed) for symbol in ("AAA", "BBB", "CCC", "DDD", "EEE")]
    print(store.commit(drafts, note=str(seed)).number, flush=True)
"""


def kill_one_writer(home: Path, after_s: float) -> int:
    """Let a writer commit for a while and kill it; return the last commit that it told of."""
    writer = start(WRITER, home)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "begun\n"
    time.sleep(after_s)
    os.kill(writer.pid, signal.SIGKILL)
    told, _ = writer.communicate()
    assert writer.returncode == -signal.SIGKILL
    whole = [line for line in told.splitlines(keepends=True) if line.endswith("\n")]
    return int(whole[-1]) if whole else 0


def check_snapshots(store: EmbeddedBars, numbers: range) -> None:
    """Every commit holds exactly the bars it was given, in files of the right hash."""
    series = [sample_series(symbol) for symbol in SYMBOLS]
    for number in numbers:
        expected = sample_columns(300, seed=number)
        refs = store.manifest(series, *ALWAYS, snapshot=number).refs
        for one in series:
            found = read_columns(store, ParquetCodec(), refs[one])
            assert all(found[name].tobytes() == expected[name].tobytes() for name in BAR_COLUMNS)


def test_twenty_kills_leave_the_old_or_the_new_state(tmp_path: Path) -> None:
    chance = random.Random(7)
    home = tmp_path / "home"
    checked = 0
    for _ in range(KILLS):
        told = kill_one_writer(home, chance.uniform(0.0, 0.25))
        store = EmbeddedBars(open_home(home), ParquetCodec(), lock_wait_s=0)
        head = store.head()
        # The kill may fall between the commit and its line, so one more than told is right too.
        assert told == 0 or head in {told, told + 1}
        check_snapshots(store, range(checked + 1, head + 1))
        checked = head
        store.close()
    assert checked > KILLS
    connection = sqlite3.connect(home / "bars.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    named = {row[0].hex() for row in connection.execute("SELECT data FROM segments")}
    connection.close()
    files = {path.stem for path in (home / "segments").glob("*/*.parquet")}
    # What a killed writer leaves are orphans: files that no commit names. No commit names a file that is not there.
    assert named <= files
    store = EmbeddedBars(open_home(home), ParquetCodec(), lock_wait_s=0)
    assert store.commit([sample_draft("AAA", rows=300, seed=1)], note="goes on").number == checked + 1
    assert store.append([sample_bars(sample_columns(5, seed=3))]).number == checked + 2
    store.close()
