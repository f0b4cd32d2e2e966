"""The folder of a store: network file systems, newer formats, read-only mounts."""

import sqlite3
from pathlib import Path

import pytest

from tapehead.errors import (
    DiskFullError,
    NetworkFileSystemError,
    NewerFormatError,
    SurroundingsError,
    UnwritableHomeError,
)
from tapehead.layout.formats import BARS_FORMAT, RUNS_FORMAT
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.stores.embedded.runs import EmbeddedRuns, open_runs
from tapehead.stores.tables.events import EventTable
from tapehead.stores.tables.trials import TrialTables
from tapehead.testing.samples import sample_draft
from tapehead.testing.trial_ledger import CONTEXT, sample_trials
from tests.unit.stores.processes import run_mounted

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "lustre", "9p", "fuse.sshfs", "afs"]
)
def test_a_network_file_system_is_refused(tmp_path: Path, kind: str) -> None:
    table = tmp_path / "mounts"
    share = str(tmp_path / "a share").replace(" ", "\\040")
    table.write_text(f"/dev/vda / ext4 rw 0 0\nserver:/x {share} {kind} rw 0 0\n")
    with pytest.raises(NetworkFileSystemError, match="PostgreSQL") as caught:
        open_home(tmp_path / "a share" / "deep" / "home", mounts=table)
    assert kind in str(caught.value)
    assert caught.value.exit_code == 3
    assert not (tmp_path / "a share").exists()


def test_the_nearest_mount_decides(tmp_path: Path) -> None:
    table = tmp_path / "mounts"
    local, beside = tmp_path / "share" / "local", tmp_path / "share-not"
    table.write_text(f"/dev/vda / ext4 rw 0 0\nserver:/x {tmp_path}/share nfs4 rw 0 0\n/dev/vdb {local} xfs rw 0 0\n")
    assert open_home(local / "home", mounts=table).writable
    assert open_home(beside, mounts=table).writable
    table.write_text(f"/dev/vda {tmp_path} ext4 rw 0 0\nserver:/x {tmp_path} nfs rw 0 0\n")
    with pytest.raises(NetworkFileSystemError):
        open_home(tmp_path / "hidden by the later mount", mounts=table)


def test_without_a_table_of_mounts_the_store_opens(tmp_path: Path) -> None:
    assert open_home(tmp_path / "home", mounts=tmp_path / "absent").writable


def test_a_home_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UnwritableHomeError, match="--home") as caught:
        open_home(tmp_path / "file" / "home")
    assert caught.value.exit_code == 3


def test_a_store_of_a_newer_format_is_refused_by_number(store: EmbeddedBars) -> None:
    store.commit([sample_draft()], note="first")
    store.close()
    import sqlite3

    for name in ("bars.db", "runs.db"):
        open_runs(store.home).close()
        with sqlite3.connect(store.home.path / name) as connection:
            connection.execute("PRAGMA user_version = 7")
        connection.close()
    with pytest.raises(NewerFormatError, match=rf"bars\.db has format 7.* reads up to {BARS_FORMAT}"):
        EmbeddedBars(open_home(store.home.path), ParquetCodec())
    with pytest.raises(NewerFormatError, match=rf"runs\.db has format 7.* reads up to {RUNS_FORMAT}"):
        open_runs(open_home(store.home.path))


@pytest.mark.parametrize("found", [1, 2])
def test_runs_of_an_older_format_are_lifted_and_kept(tmp_path: Path, found: int) -> None:
    """Format 1 had the same tables as 2, with less in a column."""
    home, new = (open_home(tmp_path / name) for name in ("home", "new"))
    with sqlite3.connect(home.runs) as connection:
        connection.executescript((GOLDEN / "runs_format_2.sql").read_text(encoding="utf-8"))
        connection.execute(f"PRAGMA user_version = {found}")
    connection.close()
    schemas = []
    for each in (home, new):
        database = open_runs(each)
        assert database.connection().execute("PRAGMA user_version").fetchone() == (RUNS_FORMAT,)
        told = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
        schemas.append(database.connection().execute(told).fetchall())
        if each is home:
            runs, (record,) = EmbeddedRuns(database), EmbeddedRuns(database).runs()
            assert (record.state, record.count, record.spec["strategy"]) == ("completed", 1, "RsiReversion")
            result = runs.result(record.run, "test:AAA")
            assert result is not None
            assert (result.metrics.total_return, result.flags, result.bars) == (0.25, ("holes",), 8)
            assert EventTable(database).read(record.run, 0, 9) == [(1, b'{"event":"started"}')]
            assert TrialTables(database).add(record.run, CONTEXT, sample_trials(0, 3)) == 3
        database.close()
    assert schemas[0] == schemas[1]


def test_a_file_that_is_no_database_is_a_sentence(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    home.bars.write_bytes(b"not a database at all, but long enough to be looked at" * 20)
    with pytest.raises(SurroundingsError, match=r"bars\.db is not a database"):
        EmbeddedBars(home, ParquetCodec())


READ_ONLY = """
import sys
from pathlib import Path
from tapehead.errors import UnwritableHomeError
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.stores.embedded.runs import EmbeddedRuns, open_runs
from tapehead.testing.samples import sample_draft, sample_series

home = open_home(Path(sys.argv[1]))
assert not home.writable
store = EmbeddedBars(home, ParquetCodec())
refs = store.manifest([sample_series()], -(2**62), 2**62).refs[sample_series()]
with store.lease(store.head(), 60):
    print(store.head(), len(list(store.read(refs))), len(store.coverage()))
runs = EmbeddedRuns(open_runs(home))
print(list(runs.runs()))
commit = lambda: store.commit([sample_draft(seed=3)], note="no")
for write in (commit, lambda: store.delete_universe("x"), lambda: runs.delete("x")):
    try:
        write()
    except UnwritableHomeError as error:
        print("refused", error.exit_code)
"""


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "with its log"])
def test_a_read_only_home_is_read(store: EmbeddedBars, *, closed: bool) -> None:
    store.commit([sample_draft()], note="first")
    store.commit([sample_draft(year=2022)], note="second")
    if closed:
        store.close()
    else:
        assert (store.home.path / "bars.db-wal").stat().st_size
    home = store.home.path
    out = run_mounted(f"mount --bind {home} {home}\nmount -o remount,ro,bind {home}", READ_ONLY, home)
    assert out == "2 2 1\n[]\nrefused 3\nrefused 3\nrefused 3\n"


def test_a_read_only_folder_without_a_store_is_refused(tmp_path: Path) -> None:
    code = """
    import sys
    from pathlib import Path
    from tapehead.errors import UnwritableHomeError
    from tapehead.stores.embedded.home import open_home
    for path in (Path(sys.argv[1]), Path(sys.argv[1]) / "home"):
        try:
            open_home(path)
        except UnwritableHomeError as error:
            print("refused", error.exit_code)
    """
    lines = f"mount --bind {tmp_path} {tmp_path}\nmount -o remount,ro,bind {tmp_path}"
    assert run_mounted(lines, code, tmp_path) == "refused 3\nrefused 3\n"


def test_an_input_output_error_on_a_full_disk_is_a_full_disk(tmp_path: Path) -> None:
    database = open_runs(open_home(tmp_path))
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    with pytest.raises(SurroundingsError, match="disk I/O error"), database.transaction("results"):
        raise error
    database.path = Path("/proc/runs.db")  # a file system without a free block
    with (
        pytest.raises(DiskFullError, match="No space left in /proc while writing results"),
        database.transaction("results"),
    ):
        raise error
