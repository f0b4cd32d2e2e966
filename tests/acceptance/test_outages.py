"""PostgreSQL is killed, or hangs, while a run and an import go on: they wait, and end as if nothing had been."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import psycopg
import pytest

from tapehead.database.outage import waited_s
from tapehead.errors import SuspendedRunError
from tapehead.library.store import open as open_store
from tapehead.stores.postgres.locks import WRITER
from tests.acceptance.program import tapehead, write_bars
from tests.acceptance.test_resume import WAIT_S, wait_for, write_gated
from tests.servers import Own


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    """The environment of a command."""
    return {**os.environ, "TAPEHEAD_HOME": str(tmp_path / "hot"), "COLUMNS": "80"}


class Command:
    """A command that goes on while the test does things to its server; what it says is read as it comes."""

    def __init__(self, url: str, given: dict[str, str], *words: str) -> None:
        command = [sys.executable, "-m", "tapehead", "--home", url, *words]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=given, bufsize=1
        )
        self.out: list[str] = []
        self.err: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.out), (self.process.stderr, self.err))
        ]
        for each in self._readers:
            each.start()

    def _read(self, stream: IO[str], lines: list[str]) -> None:
        with stream:
            lines.extend(iter(stream.readline, ""))

    def events(self) -> list[dict[str, Any]]:
        """Return what was told so far."""
        return [json.loads(line) for line in list(self.out) if line.endswith("\n")]

    def said(self, words: str) -> bool:
        """Say whether it said so on standard error."""
        return words in "".join(self.err)

    def end(self) -> int:
        """Wait for its end; return the exit code."""
        code = self.process.wait(WAIT_S)
        for each in self._readers:
            each.join()
        return code


@pytest.fixture
def begin(given: dict[str, str]) -> Iterator[Callable[..., Command]]:
    begun: list[Command] = []

    def make(own: Own, *words: str, **more: str) -> Command:
        # A look at a server that hangs is over in 2 s so.
        begun.append(Command(f"{own.url}?connect_timeout=2", {**given, **more}, *words))
        return begun[-1]

    yield make
    for each in begun:
        each.process.kill()
        each.end()


def at_the_gate(command: Command, folder: Path) -> str:
    """Wait until a run has told two results and stands at its third instrument; return its id."""
    wait_for(lambda: sum(event["event"] == "result" for event in command.events()) >= 2 or command.process.poll())
    wait_for(lambda: len((folder / "calls").read_text().split()) >= 3)
    run: str = command.events()[0]["run"]
    return run


def numbers_of(url: str, run: str) -> list[int]:
    """Return the numbers of the events that are kept of a run."""
    with psycopg.connect(url) as link:
        return [row[0] for row in link.execute("SELECT number FROM tapehead.events WHERE run = %s ORDER BY 1", (run,))]


def test_a_run_waits_for_a_killed_server_and_a_bound_ends_its_patience(
    own_postgres: Own,
    begin: Callable[..., Command],
    given: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TAPEHEAD_HOME", given["TAPEHEAD_HOME"])
    with open_store(own_postgres.url) as store:
        store.demo(instruments=6, years=1, seed=5)
    named, go = write_gated(tmp_path), tmp_path / "go"
    asked = ("--json", "backtest", named, "--universe", "demo", "--workers", "1")
    command = begin(own_postgres, *asked)
    run = at_the_gate(command, tmp_path)
    own_postgres.kill()
    go.touch()
    wait_for(lambda: command.said("waiting for PostgreSQL ("))
    own_postgres.start()
    assert command.end() == 0, command.err
    events = command.events()
    assert Counter(event["event"] for event in events)["result"] == 6
    assert numbers_of(own_postgres.url, run) == list(range(1, len(numbers_of(own_postgres.url, run)) + 1))
    go.unlink()
    (tmp_path / "calls").unlink()

    # Once more, and it stays away for longer than a run waits.
    other = begin(own_postgres, *asked, "--fresh", TAPEHEAD_POOL="outage=1")
    left = at_the_gate(other, tmp_path)
    own_postgres.kill()
    go.touch()
    assert other.end() == 3
    assert other.said("has been away for 1 s")
    assert other.said(f"Run {left} is suspended, and what it finished is kept: postgresql://")
    assert other.said(f"backtest --resume {left}")
    own_postgres.start()
    words = ("backtest", "--resume", left), (*asked[1:], "--fresh")
    again, whole = (
        tapehead("--json", *each, home=own_postgres.url, TAPEHEAD_HOME=given["TAPEHEAD_HOME"]).events for each in words
    )
    assert len({last[-1]["digest"] for last in (events, again, whole)}) == 1
    assert [last[-1]["count"] for last in (events, again, whole)] == [6, 6, 6]
    assert Counter(event["event"] for event in again)["result"] == 6


def test_processes_wait_for_a_killed_server_and_so_does_one_that_begins_meanwhile(
    own_postgres: Own,
    begin: Callable[..., Command],
    given: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TAPEHEAD_HOME", given["TAPEHEAD_HOME"])
    named, loads = write_gated(tmp_path), tmp_path / "loads"
    with (tmp_path / "gated.py").open("a", encoding="utf-8") as file:
        file.write(f"\nopen({str(loads)!r}, 'a').write('x')\n")
    with open_store(own_postgres.url) as store:
        store.demo(instruments=6, years=1, seed=5)
        command = begin(
            own_postgres, "--json", "backtest", named, "--universe", "demo", "--executor", "processes", "--workers", "1"
        )
        at_the_gate(command, tmp_path)
        own_postgres.kill()
        loaded = len(loads.read_text())
        (worker,) = children_of(command.process.pid)
        os.kill(worker, signal.SIGKILL)
        # Another process takes the task; it loads the strategy and then opens the store, whose server is away.
        wait_for(lambda: len(loads.read_text()) > loaded or command.process.poll() is not None)
        threading.Event().wait(0.5)
        (tmp_path / "go").touch()
        own_postgres.start()
        assert command.end() == 0, command.err
        events = command.events()
        assert Counter(event["event"] for event in events)["result"] == 6
        assert (events[-1]["failed"], events[-1]["executor"]["kind"]) == (0, "processes")
        assert len(events[-1]["executor"]["lost"]) == 1
    words = ("--json", "backtest", named, "--universe", "demo", "--executor", "threads", "--fresh")
    whole = tapehead(*words, home=own_postgres.url, TAPEHEAD_HOME=given["TAPEHEAD_HOME"]).events
    assert whole[-1]["digest"] == events[-1]["digest"]


def children_of(pid: int) -> list[int]:
    """Return the processes that one has begun."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for each in found for word in each.read_text().split()]


def test_a_synthetic_market_is_made_again_when_the_server_is_back(
    own_postgres: Own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
    made: list[Any] = []
    with open_store(own_postgres.url) as store:
        maker = threading.Thread(target=lambda: made.append(store.demo(instruments=2, years=1)))
        with closing(psycopg.connect(own_postgres.url, autocommit=True)) as link:
            link.execute("SELECT pg_advisory_lock(%s)", (WRITER,))
            maker.start()
            wait_for(lambda: waits_for_the_lock(link) or not maker.is_alive())
            own_postgres.kill()
        wait_for(lambda: waited_s() is not None)
        own_postgres.start()
        maker.join()
        assert [one.number for one in made] == [1]
        assert [one.kind for one in store.log()] == ["market"]
        assert len(store.instruments(universe="demo")) == 2


def test_an_import_is_made_again_by_itself_when_the_server_is_back(
    own_postgres: Own, begin: Callable[..., Command], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
    with open_store(own_postgres.url) as store:
        assert store.house.bars.head() == 0
    folder = write_bars(tmp_path / "bars", ("AAAUSDT", "BBBUSDT"), 200)
    with psycopg.connect(own_postgres.url, autocommit=True) as link:
        link.execute("SELECT pg_advisory_lock(%s)", (WRITER,))
        command = begin(own_postgres, "--json", "import", str(folder), "--kind", "crypto")
        wait_for(lambda: waits_for_the_lock(link) or command.process.poll() is not None)
        own_postgres.kill()
    wait_for(lambda: command.said("waiting for PostgreSQL ("))
    own_postgres.start()
    assert command.end() == 0, command.err
    report = json.loads("".join(command.out))
    assert report["total"]["added"] == 400
    with open_store(own_postgres.url) as store:
        assert [one.kind for one in store.house.bars.log(limit=9)] == ["import"]
        assert [one.rows for one in store.house.bars.coverage()] == [200, 200]


def waits_for_the_lock(link: "psycopg.Connection[Any]") -> bool:
    """Say whether an import is in its transaction, at the lock of the writer."""
    row = link.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'tapehead%' AND xact_start IS NOT NULL "
        "AND query LIKE '%pg_try_advisory_xact_lock%'"
    ).fetchone()
    return row is not None and row[0] > 0


@contextmanager
def hung(
    own: Own, begin: Callable[..., Command], named: str, folder: Path, pool: str
) -> Iterator[tuple[Command, Command, str]]:
    """Begin a run and an import, and stop their server under them until left: one at its gate, one at a lock."""
    asked = ("--universe", "demo", "--workers", "1", "--fresh")
    running = begin(own, "--json", "backtest", named, *asked, TAPEHEAD_POOL=pool)
    run = at_the_gate(running, folder)
    link = psycopg.connect(own.url, autocommit=True)
    link.execute("SELECT pg_advisory_lock(%s)", (WRITER,))
    importing = begin(own, "--json", "import", str(folder / "bars"), "--kind", "crypto", TAPEHEAD_POOL=pool)
    wait_for(lambda: waits_for_the_lock(link) or importing.process.poll() is not None)
    with own.hanging():
        link.close()
        (folder / "go").touch()
        yield running, importing, run


def test_what_hangs_on_a_server_goes_on_with_it_or_says_when_it_has_waited_long_enough(
    own_postgres: Own, begin: Callable[..., Command], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
    with open_store(own_postgres.url) as store:
        store.demo(instruments=4, years=1, seed=5)
    named = write_gated(tmp_path)
    write_bars(tmp_path / "bars", ("AAAUSDT", "BBBUSDT"), 200)
    # It hangs for longer than they wait; a listing that begins meanwhile does not get in at all.
    with hung(own_postgres, begin, named, tmp_path, "outage=1,silence=0.2") as (running, importing, left):
        listing = begin(own_postgres, "instruments")
        assert (listing.end(), running.end(), importing.end()) == (3, 3, 3)
    assert listing.said("connection timeout expired. See what it says: tapehead --home ")
    assert running.said(f"Run {left} is suspended, and what it finished is kept: postgresql://")
    assert running.said(f"backtest --resume {left}")
    assert importing.said("has been away for")
    with open_store(own_postgres.url) as store:
        again = store.resume(left).wait().receipt
        assert again is not None
        assert [one.kind for one in store.log()] == ["market"]

    # Once more, and it goes on in time: so do they.
    (tmp_path / "go").unlink()
    (tmp_path / "calls").unlink()
    with hung(own_postgres, begin, named, tmp_path, "silence=0.2") as (running, importing, run):
        wait_for(lambda: running.said("waiting for PostgreSQL (") and importing.said("waiting for PostgreSQL ("))
    assert (running.end(), importing.end()) == (0, 0), (running.err, importing.err)
    assert json.loads("".join(importing.out))["total"]["added"] == 400
    events = running.events()
    assert numbers_of(own_postgres.url, run) == list(range(1, len(numbers_of(own_postgres.url, run)) + 1))
    assert (again.digest, len(again.segments)) == (events[-1]["digest"], 4)
    with open_store(own_postgres.url) as store:
        assert [one.kind for one in store.log()] == ["import", "market"]
        assert not list(store.house.bars.check(rows=True))


def test_two_imports_in_opposite_order_both_end_right(
    any_postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"S{number}USDT" for number in range(6)]
    folders = [
        [write_bars(tmp_path / f"{which}{name}", (name,), 60 + which) for name in order]
        for which, order in enumerate((names, names[::-1]))
    ]
    failed: list[BaseException] = []

    def work(which: int, store: Any) -> None:
        try:
            for folder in folders[which]:
                store.import_files(folder, kind="crypto", venue="test")
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            failed.append(error)

    stores = []
    for which in range(2):
        monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / f"hot{which}"))
        stores.append(open_store(any_postgres))
    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(stores)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not failed
    assert [one.rows for one in stores[0].house.bars.coverage()] == [61] * 6
    assert not list(stores[0].house.bars.check(rows=True))
    for store in stores:
        store.close()


def test_a_network_that_is_cut_is_noticed_and_nothing_is_lost(own_postgres: Own, given: dict[str, str]) -> None:
    apart = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    if shutil.which("ip") is None or subprocess.run([*apart, "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs a network namespace: unshare and ip (apt-get install util-linux iproute2)")
    socket_url = urlsplit(own_postgres.running.socket_url)
    folder = dict(parse_qsl(socket_url.query))["host"]
    parts = urlsplit(own_postgres.url)
    url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition(":")[0] + ":PORT"))
    command = [*apart, sys.executable, "-m", "tests.acceptance.cut_network", f"{folder}/.s.PGSQL.{parts.port}", url]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=given, timeout=WAIT_S)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["told"], found["kept"], found["cuts"]) == ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], 1)


def test_a_run_whose_connections_are_all_held_is_suspended_and_goes_on(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
    monkeypatch.setenv("TAPEHEAD_POOL", "2,wait=0.2")
    with open_store(postgres) as store:
        store.demo(instruments=4, years=1, seed=5)
        run = store.backtest("SmaCross", universe="demo", executor="serial")
        first = next(iter(run))
        with ExitStack() as held:
            for _ in range(2):
                held.enter_context(store.house.runs._database._pool.connection())
            with pytest.raises(SuspendedRunError, match=r"All 2 connections to .* were held") as told:
                run.wait()
        assert f"tapehead backtest --resume {run.id}" in str(told.value)
        assert store.house.runs.record(run.id).state == "running"
        again = store.resume(run.id)
        assert next(iter(again)).instrument == first.instrument
        whole = store.backtest("SmaCross", universe="demo", fresh=True).wait().receipt
        assert (again.receipt and again.receipt.digest) == (whole and whole.digest)


@pytest.mark.parametrize("table", ["coverage", "bars"], ids=["who_writes", "who_only_reads"])
def test_edited_rows_become_segments_once_though_the_server_is_killed_meanwhile(
    own_postgres: Own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
    folder = write_bars(tmp_path / "bars", ("AAAUSDT",), 100)
    heads: list[int] = []
    with open_store(own_postgres.url) as store:
        store.import_files(folder, kind="crypto")
        store.rows_on()
        store.house.bars._may_write = table == "coverage"
        with closing(psycopg.connect(own_postgres.url, autocommit=True)) as link:
            link.execute("UPDATE tapehead.bars SET volume = 7")
            link.execute(f"BEGIN; LOCK TABLE tapehead.{table} IN ACCESS EXCLUSIVE MODE".encode())
            reader = threading.Thread(target=lambda: heads.append(store.house.bars.head()))
            reader.start()
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
            wait_for(lambda: link.execute(waiting, (f"tapehead.{table}",)).fetchone() == (1,))
            own_postgres.kill()
        wait_for(lambda: waited_s() is not None)
        own_postgres.start()
        reader.join()
        # Who may only read sees the edit over the newest commit, and whoever may write makes one of it.
        assert heads == [2 if table == "coverage" else 1]
        store.house.bars._may_write = True
        assert store.house.bars.head() == 2
        assert [one.kind for one in store.house.bars.log(limit=9)] == ["rows", "import"]
        assert set(store.bars("AAAUSDT", "1h").volume.tolist()) == {7.0}
        assert not list(store.house.bars.check(rows=True))
