"""The folder of one server: data, log, passwords, what is remembered of it, and the lock of who changes it."""

import fcntl
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tapehead.errors import LocalServerError

# sun_path of Linux holds 108 bytes with the closing zero; `.s.PGSQL.65535.lock` is the longest name put there.
_LONGEST_SOCKET_FOLDER = 86
_MOST_LOG_BYTES = 16 * 1024 * 1024
_LOG_TAIL_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """Paths of one server below its folder."""

    folder: Path

    @property
    def data(self) -> Path:
        """Data folder, the server's own."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "server.log"

    @property
    def sockets(self) -> Path:
        """Folder of the Unix socket: in here, or a short one where this path is too long for a socket."""
        inside = self.folder / "run"
        if len(os.fsencode(inside)) <= _LONGEST_SOCKET_FOLDER:
            return inside
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir(), f"tapehead-{os.geteuid()}-{name}")

    def make(self) -> None:
        """Make the folder; for root one that another account may pass, the files in it are for their owner alone."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700 if os.geteuid() else 0o711)
        except OSError as error:
            raise _unusable(self.folder, error) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the right to start or stop this server; wait for whoever has it."""
        try:
            handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unusable(self.folder, error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def read_state(self) -> dict[str, Any]:
        """Return what was remembered, such as the port; empty where nothing is, or nothing that can be read."""
        return self._read("server.json")

    def write_state(self, **facts: object) -> None:
        """Remember facts beside those that are."""
        self._write("server.json", {**self.read_state(), **facts})

    def passwords(self, *users: str) -> dict[str, str]:
        """Return the passwords of these users; those that have none are given one."""
        held = self.known_passwords(*users)
        missing = {user: draw_password() for user in users if user not in held}
        if missing:
            self.keep_passwords({**held, **missing})
        return {**held, **missing}

    @property
    def has_passwords(self) -> bool:
        """Whether the file of passwords is there and whole."""
        return bool(self._read("passwords.json"))

    def known_passwords(self, *users: str) -> dict[str, str]:
        """Return the passwords of those of these users who have one; none where their file is lost or garbled."""
        held = self._read("passwords.json")
        return {user: str(held[user]) for user in users if user in held}

    def keep_passwords(self, passwords: Mapping[str, str]) -> None:
        """Keep passwords beside those that are."""
        self._write("passwords.json", {**self._read("passwords.json"), **passwords})

    def open_log(self) -> int:
        """Return a descriptor that appends to the log; a long one begins anew, the last is kept beside it."""
        try:
            if self.log.exists() and self.log.stat().st_size > _MOST_LOG_BYTES:
                self.log.replace(self.log.with_suffix(".log.1"))
            return os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unusable(self.folder, error) from error

    def log_size(self) -> int:
        """Return the bytes in the log."""
        return self.log.stat().st_size if self.log.exists() else 0

    def read_log(self, begin: int) -> str:
        """Return the end of what was logged from a byte on."""
        try:
            with self.log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _LOG_TAIL_BYTES, begin if begin <= size else 0))
                return file.read().decode("utf-8", errors="replace")
        except OSError:
            return ""

    def _read(self, name: str) -> dict[str, Any]:
        """Read one of the files."""
        try:
            held = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except PermissionError as error:
            raise _unusable(self.folder, error) from error
        except (OSError, ValueError):
            return {}
        return held if isinstance(held, dict) else {}

    def _write(self, name: str, content: dict[str, Any]) -> None:
        """Replace one of the files in one step; nobody else may read it."""
        part = self.folder / f"{name}.part"
        try:
            part.unlink(missing_ok=True)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.folder / name)
        except OSError as error:
            raise _unusable(self.folder, error) from error


def draw_password() -> str:
    """Return a random password of letters that a URL and SQL take as they are."""
    return secrets.token_urlsafe(24)


def _unusable(folder: Path, error: OSError) -> LocalServerError:
    """Say that the folder of a server cannot be used."""
    return LocalServerError(
        f"{folder} cannot be used for a server: {error.strerror or error}. Free the place or the right, or name "
        "another home: tapehead --home DIR servers start"
    )
