"""The folder of a server: short sockets, passwords once, a state that a torn file does not lose the server for."""

import os
import stat
from pathlib import Path

import pytest

from tapehead.errors import LocalServerError
from tapehead.servers.account import is_open_to_all
from tapehead.servers.place import Place
from tapehead.servers.postgres import ADMIN, USER, Postgres, data_major
from tapehead.servers.programs import Program, find_postgres


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path / "server")
    made.make()
    return made


def test_a_socket_fits_whatever_the_path(tmp_path: Path) -> None:
    short, long = Place(Path("/srv/tapehead")), Place(tmp_path / ("x" * 200))
    assert short.sockets == short.folder / "run"
    assert len(os.fsencode(long.sockets / ".s.PGSQL.65535.lock")) < 108
    assert long.sockets != Place(tmp_path / ("y" * 200)).sockets


def test_passwords_are_drawn_once_and_are_for_their_owner(place: Place) -> None:
    first = place.passwords(USER)
    both = place.passwords(USER, ADMIN)
    assert both[USER] == first[USER] != both[ADMIN]
    assert min(map(len, both.values())) >= 32
    assert stat.S_IMODE((place.folder / "passwords.json").stat().st_mode) == 0o600


def test_what_is_remembered_grows_and_a_torn_file_is_nothing(place: Place) -> None:
    place.write_state(port=20_001)
    place.write_state(version="18.6")
    assert place.read_state() == {"port": 20_001, "version": "18.6"}
    (place.folder / "server.json").write_text('{"port": 20')
    assert place.read_state() == {}


def test_a_log_is_read_from_where_a_start_began(place: Place) -> None:
    place.log.write_text("before\n")
    begun = place.log_size()
    with place.log.open("a") as log:
        log.write("FATAL: now\n")
    assert place.read_log(begun) == "FATAL: now\n"


def test_a_long_log_begins_anew_and_the_last_is_kept(place: Place) -> None:
    with place.log.open("wb") as log:
        log.truncate(17 * 1024 * 1024)
    os.close(place.open_log())
    assert place.log_size() == 0
    assert place.log.with_suffix(".log.1").stat().st_size == 17 * 1024 * 1024


def test_a_folder_that_one_user_may_enter_is_not_open_to_all(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "home").mkdir(mode=0o755)
    assert is_open_to_all(Path("/usr/bin"))
    assert not is_open_to_all(tmp_path / "home")


def test_the_version_of_data_is_read_or_refused(place: Place) -> None:
    assert data_major(place) is None
    place.data.mkdir()
    with pytest.raises(LocalServerError, match="is no data folder of PostgreSQL"):
        data_major(place)
    (place.data / "PG_VERSION").write_text("17\n")
    assert data_major(place) == 17


def test_a_pid_file_that_is_being_written_names_no_port_yet(place: Place) -> None:
    kind = Postgres(lambda: Program(Path("postgres"), "18.6"))
    place.data.mkdir()
    assert kind.read_process(place) is None
    (place.data / "postmaster.pid").write_text("4242\n")
    assert kind.read_process(place) == (4242, None)
    (place.data / "postmaster.pid").write_text("4242\n/data\n1700000000\n20001\n/run\n127.0.0.1\n\nstarting\n")
    assert kind.read_process(place) == (4242, 20_001)
    assert not kind.is_ready(place, 20_001)


def test_too_old_a_postgres_is_refused(tmp_path: Path) -> None:
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(LocalServerError, match=r"is PostgreSQL 14.9; Tapehead runs on 15 to 18"):
        find_postgres(tmp_path)
