"""One-line breaks of the store, each with the test file that must notice it."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

TORTURE = "tests/torture/test_torture.py"
CONTRACT = "tests/contracts/test_bar_store.py"
UPKEEP = "tests/contracts/test_bar_upkeep.py"
EMBEDDED = "tests/unit/stores/test_embedded_bars.py"
STORES = "stores/embedded"
TABLES = "stores/tables"
SERVER = "stores/postgres"
LOST = "tests/acceptance/test_lost_commits.py"

STORE = (
    Mutant(
        "the bytes of a segment are not durable before its name",
        f"{STORES}/segments.py",
        "            list(pool.map(sync_file, map(self._partial, every)))\n",
        "",
        TORTURE,
    ),
    Mutant(
        "the name of a segment is not durable before its commit",
        f"{STORES}/segments.py",
        "            list(pool.map(sync_folder, [*folders, self.folder]))\n",
        "",
        TORTURE,
    ),
    Mutant(
        "the folders of a new store are not durable",
        f"{STORES}/disk.py",
        "            sync_folder(folder.parent)\n",
        "            folder.parent.stat()\n",
        TORTURE,
    ),
    Mutant(
        "a commit is acknowledged before the database has it on the disk",
        f"{STORES}/manifest.py",
        'synchronous="FULL"',
        'synchronous="NORMAL"',
        TORTURE,
    ),
    Mutant(
        "the hash of a segment's bytes is not checked",
        f"{STORES}/segments.py",
        "if hashlib.sha256(content).digest() != ref.file:",
        "if not content:",
        EMBEDDED,
    ),
    Mutant(
        "a lower layer supersedes a higher one",
        f"{TABLES}/bars.sql",
        "ORDER BY period, layer < 0, layer, since, g.id\n",
        "ORDER BY period, layer < 0 DESC, layer, since, g.id\n",
        CONTRACT,
    ),
    Mutant(
        "a replaced segment does not end",
        f"{TABLES}/commit.py",
        '            self._run("end_segments", (number, place, block.period))\n',
        "",
        CONTRACT,
    ),
    Mutant(
        "bars appended over held ones count as added",
        f"{TABLES}/tail.py",
        "            return columns, len(ts) - int(known.sum())\n",
        "            return columns, len(ts)\n",
        CONTRACT,
    ),
    Mutant(
        "a commit leaves the coverage as it was",
        f"{TABLES}/commit.py",
        "                self._series.count_coverage(series)\n",
        "                self._series.place(series)\n",
        CONTRACT,
    ),
    Mutant(
        "two writers hold the lock at once",
        f"{STORES}/lock.py",
        "fcntl.LOCK_EX | fcntl.LOCK_NB",
        "fcntl.LOCK_SH | fcntl.LOCK_NB",
        EMBEDDED,
    ),
    Mutant(
        "the hash of a block of the tail is not checked",
        f"{TABLES}/layers.py",
        "if hashlib.sha256(content).digest() != ref.file:",
        "if not content:",
        EMBEDDED,
    ),
    Mutant(
        "undo forgets the tail",
        f"{TABLES}/undo.py",
        '"end_block" if layer == TAIL else "end_segment"',
        '"end_segment"',
        UPKEEP,
    ),
    Mutant(
        "a sweep takes what a lease holds",
        f"{TABLES}/sweep.py",
        "{*leased(), *keep(), *_young(database, newer_than)}",
        "{*keep(), *_young(database, newer_than)}",
        UPKEEP,
    ),
    Mutant(
        "a read takes blocks that no commit counted",
        f"{TABLES}/shelves.py",
        "if blocks != found or (row and",
        "if (row and",
        "tests/unit/stores/test_seal.py",
    ),
    Mutant(
        "a commit of a server whose answer was lost is made again",
        f"{SERVER}/settling.py",
        "return found >= mark.number",
        "return found > mark.number",
        LOST,
    ),
    Mutant(
        "a holder whose claim was taken over goes on writing",
        f"{SERVER}/claims.py",
        "mine is not None and row[0] != mine",
        "mine is not None and row[0] < mine",
        LOST,
    ),
    Mutant(
        "a claim that was lost is not taken again",
        f"{SERVER}/claims.py",
        "                    _take_again(link, self._statements, key_of(run), old)\n",
        "                    continue\n",
        LOST,
    ),
    Mutant(
        "segments of edited rows are not made again when the server is back",
        f"{SERVER}/rows_rebuild.py",
        "return self._database.outlast(once)",
        "return once()",
        TORTURE,
    ),
    Mutant(
        "an import is not made again when the network is back",
        "jobs/ingest.py",
        "store.outlast(read_and_commit)",
        "read_and_commit()",
        TORTURE,
    ),
    Mutant(
        "a run ends with its Valkey",
        "caches/shared.py",
        "        except AWAY_ERRORS:\n",
        "        except TimeoutError:\n",
        TORTURE,
    ),
    Mutant(
        "a connection that came back counts as held",
        "database/pool.py",
        "            self._meter.give(id(link))\n",
        "",
        TORTURE,
    ),
    Mutant(
        "two imports write at once",
        f"{SERVER}/bars.py",
        'while not self.database.execute("try_writer", {"key": WRITER}).fetchone()[0]:',
        'while self.database.execute("try_writer", {"key": WRITER}).fetchone() is None:',
        TORTURE,
    ),
)
