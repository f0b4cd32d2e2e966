"""As whom a server runs: PostgreSQL refuses root, and no server needs its rights."""

import os
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tapehead.errors import LocalServerError

NOBODY: Final = 65534
_NAMESPACE = ("--user", "--map-user=1000", "--map-group=1000")


@dataclass(frozen=True, slots=True)
class Account:
    """Rights that a server is started with.

    Attributes
    ----------
    user, group : int, optional
        Whom root becomes; None keeps the caller's.
    prefix : tuple of str
        Words put before every command; those of a user namespace.
    """

    user: int | None = None
    group: int | None = None
    prefix: tuple[str, ...] = ()

    def process_options(self) -> dict[str, Any]:
        """Return the arguments of `subprocess` that take on these rights."""
        if self.user is None:
            return {}
        return {"user": self.user, "group": self.group, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Make a file or folder this account's own; of a link the link itself, which somebody may have put there."""
        if self.user is not None and self.group is not None:
            os.chown(path, self.user, self.group, follow_symlinks=False)


def choose_account(folder: Path, program: Path, data: Path) -> Account:
    """Return as whom a server may run that keeps its things below a folder.

    Parameters
    ----------
    folder : Path
        Exists; data, sockets and settings lie in it.
    program : Path
        The server's executable.
    data : Path
        Its data folder; where it exists its owner decides.

    Returns
    -------
    Account
        The caller's own; for root the owner of the data, else nobody, else the caller in a user namespace.

    Raises
    ------
    LocalServerError
        The data is another's, or root has no account that reaches folder and program.

    Notes
    -----
    Nobody comes before the namespace: a server in a namespace of root still owns root's files.
    """
    caller = os.geteuid()
    owner = data.stat() if data.exists() else None
    if caller:
        if owner is not None and owner.st_uid != caller:
            raise LocalServerError(
                f"The data in {data} belongs to user {owner.st_uid}, and this is user {caller}. "
                "Start it as that user, or one of your own: tapehead --home DIR servers start"
            )
        return Account()
    if owner is not None and owner.st_uid:
        return Account(owner.st_uid, owner.st_gid)
    nobody = Account(NOBODY, NOBODY)
    if owner is None and is_open_to_all(folder) and is_open_to_all(program) and _is_allowed(nobody):
        return nobody
    unshare = shutil.which("unshare")
    if unshare is not None:
        apart = Account(prefix=(unshare, *_NAMESPACE))
        if _is_allowed(apart):
            return apart
    raise LocalServerError(
        f"A server does not run as root, and no other user reaches both {folder} and {program}. Run Tapehead as an "
        "ordinary user, or name a home that all may enter: tapehead --home /var/lib/tapehead servers start"
    )


def _is_allowed(account: Account) -> bool:
    """Try it: a container's root may not become another user, nor make a namespace."""
    command = [*account.prefix, "true"]
    try:
        return not subprocess.run(command, capture_output=True, check=False, **account.process_options()).returncode
    except OSError:
        return False


def is_open_to_all(path: Path) -> bool:
    """Say whether any user may enter all folders above a path, and enter or run the path itself."""
    resolved = path.resolve()
    return all(place.stat().st_mode & stat.S_IXOTH for place in (resolved, *resolved.parents))
