"""PostgreSQL as a local server: how its data is made, what it is started with, and where its pid stands."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import quote

from tapehead.errors import LocalServerError
from tapehead.servers.account import Account
from tapehead.servers.place import Place, draw_password
from tapehead.servers.processes import surroundings
from tapehead.servers.programs import Program

USER: Final = "tapehead"
"""Owner of the database of the same name; may make databases, is no superuser."""

ADMIN: Final = "postgres"
"""The superuser."""

_FULL = "disk is full. Free space, then: tapehead servers start postgres"
_KNOWN = {
    "No space left on device": _FULL,
    "could not resize shared memory": "the shared memory of this machine is full. Give a container more of it "
    "(--shm-size=256m), then: tapehead servers start postgres",
    "pre-existing shared memory block": "sessions of a killed server still run; each ends with its statement. "
    "Wait, then: tapehead servers start postgres",
    "Permission denied": "a file or folder is another user's. Look who owns the data, or name another home: "
    "tapehead --home DIR servers start postgres",
}


class Postgres:
    """The kind of server that PostgreSQL is.

    Parameters
    ----------
    find : callable
        Finds its `postgres`, beside which `initdb` lies; called when it is first to be started.
    settings : mapping of str to str
        Given on the command line, over those of `postgresql.conf`; with `fsync` off making the data waits for no
        disk either.

    Notes
    -----
    Cluster locale C and UTF-8, so that no locale, ICU or compression library is wanted of any build, and text is
    ordered by its bytes everywhere. Passwords by scram-sha-256 on both kinds of socket.
    """

    name = "postgres"
    # Fast: sessions are ended; immediate, which recovers at the next start, only where that does not come to an end.
    stops: Sequence[tuple[signal.Signals, float]] = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0))

    def __init__(self, find: Callable[[], Program], settings: Mapping[str, str] | None = None) -> None:
        self._find = find
        self.settings = dict(settings or {})

    @cached_property
    def program(self) -> Program:
        """What is started."""
        return self._find()

    def prepare(self, place: Place, account: Account) -> None:
        """Make the data folder beside its name and rename it: a killed start leaves nothing that looks whole.

        Of data whose passwords are lost the users get new ones.
        """
        if place.data.exists():
            if len(place.known_passwords(ADMIN, USER)) < 2:
                self._renew_passwords(place, account)
            return
        part, words = place.folder / "data.part", place.folder / "admin.part"
        passwords = place.passwords(ADMIN, USER)
        try:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(mode=0o700)
            account.give(part)
            words.unlink(missing_ok=True)
            with os.fdopen(os.open(words, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(passwords[ADMIN])
            account.give(words)
            self._initdb(place, part, words, account)
            self._make_user(place, part, passwords[USER], account)
            part.rename(place.data)
        except OSError as error:
            raise LocalServerError(
                f"{place.folder} cannot hold the data of PostgreSQL: {error.strerror or error}. Free the place or the "
                "right, or name another home: tapehead --home DIR servers start postgres"
            ) from error
        finally:
            words.unlink(missing_ok=True)
            shutil.rmtree(part, ignore_errors=True)

    def command(self, place: Place, port: int, account: Account) -> list[str]:  # noqa: ARG002 - every kind is asked alike
        """Return `postgres` with its data folder, its addresses and the settings asked for."""
        given = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": str(place.sockets),
            "unix_socket_permissions": "0700",
            "cluster_name": "tapehead",
            "logging_collector": "off",
            **self.settings,
        }
        options = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
        return [str(self.program.path), "-D", str(place.data), *options]

    def mark(self, place: Place) -> str:
        """Return the data folder, a word of the postmaster's command line."""
        return str(place.data)

    def read_process(self, place: Place) -> tuple[int, int | None] | None:
        """Return pid and port of `postmaster.pid`."""
        lines = [line.strip() for line in _pid_file(place)]
        if not lines or not lines[0].isdecimal():
            return None
        return int(lines[0]), int(lines[3]) if len(lines) > 3 and lines[3].isdecimal() else None

    def forget_process(self, place: Place) -> None:
        """Remove the pid files of a dead server, of data and socket.

        PostgreSQL refuses where another process has its number now, or where the dead one was not yet reaped.
        """
        for path in (place.data / "postmaster.pid", *place.sockets.glob(".s.PGSQL.*")):
            with suppress(FileNotFoundError):
                path.unlink()

    def is_ready(self, place: Place, port: int) -> bool:
        """Say whether `postmaster.pid` says ready; a standby that takes readers says so too."""
        lines = _pid_file(place)
        return len(lines) >= 8 and lines[3].strip() == str(port) and lines[7].strip() in ("ready", "standby")

    def url(self, place: Place, port: int, *, admin: bool = False) -> str:
        """Return the address of the database `tapehead`, or as superuser that of `postgres`."""
        user = ADMIN if admin else USER
        return f"postgresql://{_account(place, user)}@127.0.0.1:{port}/{user}"

    def socket_url(self, place: Place, port: int) -> str:
        """Return the address of the database `tapehead` by the Unix socket."""
        where = quote(str(place.sockets), safe="")
        return f"postgresql://{_account(place, USER)}@/{USER}?host={where}&port={port}"

    def explain(self, said: str) -> str | None:
        """Return cause and next step of what is known to happen."""
        return next((step for sign, step in _KNOWN.items() if sign in said), None)

    def _initdb(self, place: Place, part: Path, words: Path, account: Account) -> None:
        """Make an empty cluster."""
        quick = ["--no-sync"] if self.settings.get("fsync") == "off" else []
        options = ["--username", ADMIN, "--pwfile", str(words), "--auth", "scram-sha-256", "--encoding", "UTF8"]
        program = self.program.path.with_name("initdb")
        self._run([str(program), "-D", str(part), *options, "--locale", "C", *quick], "", place, account)

    def _make_user(self, place: Place, part: Path, password: str, account: Account) -> None:
        """Make user and database."""
        statements = (
            f"CREATE ROLE {USER} LOGIN CREATEDB PASSWORD '{password}'",
            f"GRANT pg_monitor TO {USER}",
            f"CREATE DATABASE {USER} OWNER {USER}",
        )
        self._tell_alone(statements, place, part, account)

    def _renew_passwords(self, place: Place, account: Account) -> None:
        """Give new passwords to both users; first to the server, so that those that are kept are always its own."""
        drawn = {user: draw_password() for user in (ADMIN, USER)}
        self.forget_process(place)
        statements = [f"ALTER ROLE {user} PASSWORD '{word}'" for user, word in drawn.items()]
        self._tell_alone(statements, place, place.data, account)
        place.keep_passwords(drawn)

    def _tell_alone(self, statements: Sequence[str], place: Place, data: Path, account: Account) -> None:
        """Run statements before anybody can connect, which needs none of the client programs."""
        # The single-user mode takes a statement a line. Its words are ours and a password of URL-safe letters.
        quick = ["-c", "fsync=off"] if self.settings.get("fsync") == "off" else []
        command = [str(self.program.path), "--single", "-D", str(data), *quick, "-c", "exit_on_error=on", ADMIN]
        self._run(command, "".join(f"{line}\n" for line in statements), place, account)

    def _run(self, command: list[str], fed: str, place: Place, account: Account) -> None:
        """Run one program of PostgreSQL to its end."""
        done = subprocess.run(
            [*account.prefix, *command],
            input=fed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd="/",
            env=surroundings(),
            check=False,
            **account.process_options(),
        )
        if done.returncode or "FATAL:" in done.stdout:
            known = self.explain(done.stdout)
            last = " / ".join(done.stdout.strip().splitlines()[-3:])
            why = known or f"{last}. Name another home: tapehead --home DIR servers start postgres"
            raise LocalServerError(f"{place.folder}: the data of PostgreSQL cannot be made: {why}")


def _account(place: Place, user: str) -> str:
    """Return user and password for an address; of one whose password is lost the user alone, until the next start."""
    password = place.known_passwords(user).get(user)
    return user if password is None else f"{user}:{password}"


def data_major(place: Place) -> int | None:
    """Return the version that a data folder was made by; None where there is none. Raises LocalServerError."""
    try:
        text = (place.data / "PG_VERSION").read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        if not place.data.exists():
            return None
        text = ""
    except PermissionError as error:
        raise LocalServerError(
            f"{place.data} is another user's. Start it as that user, or one of your own: tapehead --home DIR servers "
            "start postgres"
        ) from error
    if not text.isdecimal():
        raise LocalServerError(
            f"{place.data} is no data folder of PostgreSQL. Move it away, then: tapehead servers start postgres"
        )
    return int(text)


def _pid_file(place: Place) -> list[str]:
    """Return the lines of `postmaster.pid`; none where there is no such file, or it is not for us to read."""
    try:
        return (place.data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
