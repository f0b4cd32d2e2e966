"""Real servers for tests, started on first use: PostgreSQL 18 of the wheel, Debian's 15, Valkey; none is left over.

`CONTRIBUTING.md` says how they are used.
"""

import hashlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from tapehead.errors import LocalServerError, MissingPackageError
from tapehead.servers.account import choose_account
from tapehead.servers.place import Place
from tapehead.servers.postgres import USER, Postgres
from tapehead.servers.processes import end, surroundings
from tapehead.servers.programs import Program, find_postgres, find_valkey
from tapehead.servers.supervisor import Kind, Running, Supervisor
from tapehead.servers.valkey import Valkey

if TYPE_CHECKING:
    import psycopg

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
# Commits stay synchronous: they reach the system at once and so outlive a killed server.
QUICK = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "32MB", "max_wal_size": "256MB"}
MEMORY_WANTED = 4 * 1024**3
# Waits for the end of its input, which is ours, then ends every server below the folder, and the folder.
GUARD = """
read -r _
find "$0" -name postmaster.pid -o -name valkey.pid | while read -r file; do
    pid=$(head -n 1 "$file" 2>/dev/null) || continue
    grep -q "$0" "/proc/$pid/cmdline" 2>/dev/null || continue
    case $file in *postmaster.pid) kill -QUIT "$pid" ;; *) kill -KILL "$pid" ;; esac
    for _ in $(seq 500); do grep -q . "/proc/$pid/cmdline" 2>/dev/null || break; sleep 0.01; done
done
rm -rf "$0"
"""


class Own:
    """A server of one test's own, to be killed, stopped and started at will, always at the same port."""

    def __init__(self, folder: Path, kind: Kind) -> None:
        self.supervisor = Supervisor(folder, kind)
        self.running: Running = self.supervisor.start()

    @property
    def url(self) -> str:
        """Of PostgreSQL the database `tapehead`."""
        return self.running.url

    @property
    def admin_url(self) -> str:
        """Of PostgreSQL the superuser's."""
        return self.running.admin_url

    def start(self) -> None:
        """Start it again."""
        self.running = self.supervisor.start()

    def stop(self) -> None:
        """Stop it as an administrator would; its sessions are ended."""
        self.supervisor.stop()

    def kill(self) -> None:
        """End it as a power cut would, sessions and all; return when it is gone."""
        mark = self.supervisor.kind.mark(self.supervisor.place)
        # Stopped first: it would see its children die and begin to recover.
        os.kill(self.running.pid, signal.SIGSTOP)
        for child in children(self.running.pid):
            os.kill(child, signal.SIGKILL)
        assert end(self.running.pid, mark, ((signal.SIGKILL, 10.0),))

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Stop it with all its processes, and let it go on when left; the kernel answers for it meanwhile."""
        os.kill(self.running.pid, signal.SIGSTOP)
        every = [self.running.pid, *children(self.running.pid)]
        for each in every:
            os.kill(each, signal.SIGSTOP)
        try:
            yield
        finally:
            for each in every:
                # The server goes on first, and may bury a child that had ended.
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGCONT)


class PostgresServer:
    """A PostgreSQL of the session and the databases on it."""

    def __init__(self, running: Running, program: Program) -> None:
        self.running, self.program, self.major = running, program, program.major
        self._names = (f"t{number}" for number in itertools.count(1))
        self._filled: dict[str, str] = {}
        self._link: psycopg.Connection[Any] | None = None

    def url(self, database: str) -> str:
        """Address of a database as its owner, who is no superuser."""
        return of_database(self.running.url, database)

    def admin_url(self, database: str) -> str:
        """The same as superuser."""
        return of_database(self.running.admin_url, database)

    def make(self, fill: Callable[[str], None] | None = None) -> str:
        """Make a database and return its address; with `fill` a copy of one that `fill(url)` filled once a session."""
        template = "template1"
        if fill is not None:
            key = f"{fill.__module__}.{fill.__qualname__}"
            if key not in self._filled:
                name = f"filled_{hashlib.sha256(key.encode()).hexdigest()[:12]}"
                self._do("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
                self._do("CREATE DATABASE {} OWNER {} STRATEGY file_copy", name, USER)
                fill(self.url(name))
                self._filled[key] = name
            template = self._filled[key]
        name = next(self._names)
        self._do("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy", name, USER, template)
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database, its sessions too."""
        self._do("DROP DATABASE IF EXISTS {} WITH (FORCE)", name_of(url))

    def close(self) -> None:
        """Let go of the session that makes databases."""
        if self._link is not None:
            self._link.close()

    def _do(self, statement: str, *names: str) -> None:
        """Run one statement over a session kept for that, as superuser: autovacuum stands aside for nobody else."""
        import psycopg
        from psycopg import sql

        if self._link is None or self._link.closed:
            self._link = psycopg.connect(self.running.admin_url, autocommit=True)
        self._link.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


class Servers:
    """Everything below one folder; a guard ends it, also where this process is killed."""

    def __init__(self) -> None:
        # Not pytest's own folder: it is closed to other users, and as root the servers run as nobody.
        self.folder = Path(tempfile.mkdtemp(prefix="tapehead-servers-", dir=_quickest()))
        self.folder.chmod(0o711)
        self.guard = subprocess.Popen(
            ["sh", "-c", GUARD, str(self.folder)], stdin=subprocess.PIPE, start_new_session=True
        )
        self.names = (f"s{number}" for number in itertools.count(1))
        self.seeds: dict[str, Path] = {}

    def close(self) -> None:
        """End all servers and wait until nothing is left."""
        assert self.guard.stdin is not None
        self.guard.stdin.close()
        self.guard.wait(60)

    def postgres(self, program: Program, settings: Mapping[str, str] = QUICK) -> Own:
        """Start a PostgreSQL on a copy of a cluster that was made once."""
        kind = Postgres(lambda: program, settings)
        folder = self.folder / next(self.names)
        self.plant(program, folder)
        return Own(folder, kind)

    def plant(self, program: Program, folder: Path) -> None:
        """Make the folder of a PostgreSQL that was never started, as a copy of one that was made once."""
        if program.version not in self.seeds:
            seed = Place(self.folder / f"seed-{program.version}")
            seed.make()
            Postgres(lambda: program, QUICK).prepare(seed, choose_account(seed.folder, program.path, seed.data))
            self.seeds[program.version] = seed.folder
        subprocess.run(["cp", "-a", self.seeds[program.version], folder], check=True)

    def home(self) -> Path:
        """Make a home for `tapehead servers`, which the guard empties as well."""
        home = self.folder / next(self.names)
        home.mkdir(mode=0o711)
        return home

    def standby(self, of: Own) -> Own:
        """Start a streaming replica of a PostgreSQL; it reads what that has at this moment and all that follows."""
        kind = of.supervisor.kind
        assert isinstance(kind, Postgres)
        place = Place(self.folder / next(self.names))
        place.make()
        account = choose_account(place.folder, kind.program.path, place.data)
        place.data.mkdir(mode=0o700)
        account.give(place.data)
        backup = [str(kind.program.path.with_name("pg_basebackup")), "-D", str(place.data), "-d", of.admin_url]
        command = [*account.prefix, *backup, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
        options = {"env": surroundings(), "cwd": "/", **account.process_options()}
        subprocess.run(command, check=True, capture_output=True, **options)
        shutil.copy(of.supervisor.place.folder / "passwords.json", place.folder)
        return Own(place.folder, kind)

    def valkey(self, program: Program, settings: Mapping[str, str] | None = None) -> Own:
        """Start a Valkey."""
        return Own(self.folder / next(self.names), Valkey(lambda: program, 64, settings))


def children(pid: int) -> list[int]:
    """Return the processes that one has begun."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name in parentheses may hold anything; state and parent follow it.
            if int(stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def name_of(url: str) -> str:
    """Return the database in an address."""
    return urlsplit(url).path.lstrip("/")


def of_database(url: str, database: str) -> str:
    """Return an address with another database in it."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def _quickest() -> str | None:
    """Return a file system in memory where it has room: a database is made there in 15 ms, on a busy disk in 300."""
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes the folder below
    if "TMPDIR" in os.environ or not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < MEMORY_WANTED:
        return None
    return str(memory)


def _found(find: Callable[[], Program], what: str) -> Program:
    """Return what `find` finds, or skip by name."""
    try:
        return find()
    except (LocalServerError, MissingPackageError):
        pytest.skip(f"needs {what}")


@contextmanager
def _session(servers: Servers, program: Program) -> Iterator[PostgresServer]:
    """Run a PostgreSQL for the session."""
    server = PostgresServer(servers.postgres(program).running, program)
    try:
        yield server
    finally:
        server.close()


@contextmanager
def _database(server: PostgresServer) -> Iterator[str]:
    """Have a database for one test."""
    url = server.make()
    try:
        yield url
    finally:
        server.drop(url)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Where the session's servers live; starts none."""
    started = Servers()
    try:
        yield started
    finally:
        started.close()


@pytest.fixture(scope="session")
def postgres18_program() -> Program:
    """Find PostgreSQL 18 of the wheel."""
    return _found(lambda: find_postgres(major=18), "PostgreSQL 18 (pip install 'tapehead[local-servers]')")


@pytest.fixture(scope="session")
def postgres15_program() -> Program:
    """Find Debian's PostgreSQL 15."""
    return _found(lambda: find_postgres(DEBIAN_15), "PostgreSQL 15 (apt-get install postgresql-15)")


@pytest.fixture(scope="session")
def valkey_program() -> Program:
    """Find Valkey of the wheel."""
    return _found(find_valkey, "Valkey (pip install 'tapehead[local-servers]')")


@pytest.fixture(scope="session")
def postgres_server(servers: Servers, postgres18_program: Program) -> Iterator[PostgresServer]:
    """PostgreSQL 18 of this worker."""
    with _session(servers, postgres18_program) as server:
        yield server


@pytest.fixture(scope="session")
def postgres15_server(servers: Servers, postgres15_program: Program) -> Iterator[PostgresServer]:
    """PostgreSQL 15 of this worker."""
    with _session(servers, postgres15_program) as server:
        yield server


@pytest.fixture
def postgres(postgres_server: PostgresServer) -> Iterator[str]:
    """Address of an empty database on PostgreSQL 18."""
    with _database(postgres_server) as url:
        yield url


@pytest.fixture
def postgres15(postgres15_server: PostgresServer) -> Iterator[str]:
    """Address of an empty database on PostgreSQL 15."""
    with _database(postgres15_server) as url:
        yield url


@pytest.fixture(params=["postgres_server", "postgres15_server"], ids=["postgres18", "postgres15"])
def any_postgres_server(request: pytest.FixtureRequest) -> PostgresServer:
    """Both versions, one after the other."""
    server: PostgresServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def any_postgres(any_postgres_server: PostgresServer) -> Iterator[str]:
    """Address of an empty database on both versions, one after the other."""
    with _database(any_postgres_server) as url:
        yield url


@pytest.fixture
def own_postgres(servers: Servers, postgres18_program: Program) -> Iterator[Own]:
    """A PostgreSQL 18 that the test may kill."""
    own = servers.postgres(postgres18_program)
    yield own
    _end(own)


@pytest.fixture
def own_postgres15(servers: Servers, postgres15_program: Program) -> Iterator[Own]:
    """A PostgreSQL 15 that the test may kill."""
    own = servers.postgres(postgres15_program)
    yield own
    _end(own)


@pytest.fixture
def replica(servers: Servers) -> Iterator[Callable[[Own], Own]]:
    """Give streaming replicas of a test's own PostgreSQL."""
    begun: list[Own] = []

    def make(of: Own) -> Own:
        begun.append(servers.standby(of))
        return begun[-1]

    yield make
    for one in begun:
        _end(one)


@pytest.fixture
def own_valkey(servers: Servers, valkey_program: Program) -> Iterator[Own]:
    """A Valkey that the test may kill."""
    own = servers.valkey(valkey_program)
    yield own
    _end(own)


@pytest.fixture(scope="session")
def valkey_server(servers: Servers, valkey_program: Program) -> str:
    """Address of the Valkey of this worker."""
    return servers.valkey(valkey_program).url


@pytest.fixture
def valkey(valkey_server: str) -> str:
    """Address of an empty Valkey."""
    import redis

    with redis.Redis.from_url(valkey_server) as client:
        client.flushall()
    return valkey_server


def _end(own: Own) -> None:
    """End a test's own server without a farewell, and what it kept."""
    mark = own.supervisor.kind.mark(own.supervisor.place)
    end(own.running.pid, mark, ((signal.SIGQUIT if own.supervisor.kind.name == "postgres" else signal.SIGKILL, 10.0),))
    shutil.rmtree(own.supervisor.place.folder)
