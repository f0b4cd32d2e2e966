"""open_home: the folder of an embedded store, checked before anything is read or written there."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from tapehead.errors import DiskFullError, NetworkFileSystemError, SurroundingsError, UnwritableHomeError
from tapehead.stores.embedded.disk import is_full, make_folders

_NETWORK = frozenset({"nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "ncpfs", "afs", "afpfs", "coda"})
_NETWORK |= {"9p", "davfs", "ceph", "glusterfs", "lustre", "gfs2", "ocfs2", "beegfs", "gpfs", "orangefs"}
_NETWORK |= {
    f"fuse.{name}" for name in ("sshfs", "s3fs", "rclone", "gcsfuse", "goofys", "glusterfs", "ceph", "juicefs")
}
_MOUNTS = Path("/proc/self/mounts")
_ESCAPES = {"\\040": " ", "\\011": "\t", "\\012": "\n", "\\134": "\\"}


@dataclass(frozen=True, slots=True)
class Home:
    """Places of an embedded store; `writable` False where it can only be read, `full` where its disk is why."""

    path: Path
    writable: bool
    full: bool = False

    @property
    def bars(self) -> Path:
        """Database of the manifest and the instruments."""
        return self.path / "bars.db"

    @property
    def runs(self) -> Path:
        """Database of runs, results and events."""
        return self.path / "runs.db"

    @property
    def access(self) -> Path:
        """Database of the keys and the audit log."""
        return self.path / "access.db"

    @property
    def segments(self) -> Path:
        """Folder of the segment files."""
        return self.path / "segments"

    @property
    def hot(self) -> Path:
        """Folder of the hot tier."""
        return self.path / "hot"

    @property
    def lock(self) -> Path:
        """File that the one writer of bars holds locked."""
        return self.path / "writer.lock"

    def check_writable(self) -> None:
        """Raise UnwritableHomeError for a home that can only be read, DiskFullError where that is for want of room."""
        if not self.writable:
            raise refusal(self.path, "the store", full=self.full)


def open_home(path: Path, *, mounts: Path = _MOUNTS) -> Home:
    """Make the folders of a store, or open what is there for reading where nothing can be written.

    Parameters
    ----------
    path : Path
        Folder of the store; made with its parents when absent.
    mounts : Path
        Table of mounted file systems; where there is none the check for network file systems is left out.

    Raises
    ------
    NetworkFileSystemError
        SQLite's locks do not hold there.
    UnwritableHomeError
        The folder holds no store and none can be made.
    DiskFullError
        There is no room for the folders.
    """
    path = Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - resolve() would follow the user's own links
    kind = _file_system(path.resolve(), mounts)
    if kind in _NETWORK:
        raise NetworkFileSystemError(path=path, kind=kind, other=other_home(path))
    home = Home(path, writable=True)
    try:
        make_folders(home.segments)
    except OSError as error:
        if is_full(error):
            raise DiskFullError(path=path, what="the folders of the store") from error
        if not home.bars.is_file():
            raise unwritable(path, error.strerror or str(error)) from error
        return Home(path, writable=False)
    if os.access(path, os.W_OK | os.X_OK):
        return home
    if not home.bars.is_file():
        raise unwritable(path, "it is read-only")
    return Home(path, writable=False)


def refusal(path: Path, what: str, *, full: bool) -> SurroundingsError:
    """Return why `what` cannot be written into a home that is open for reading only."""
    return DiskFullError(path=path, what=what) if full else unwritable(path, "it is read-only")


def unwritable(path: Path, cause: str) -> UnwritableHomeError:
    """Return the error with its way out."""
    return UnwritableHomeError(path=path, cause=cause, other=other_home(path))


def other_home(path: Path) -> str:
    """Name another folder, quoted for a shell: one that is local and writable on any machine that works."""
    default = Path("~/.tapehead").expanduser()
    return shlex.quote(str(default if path != default else Path("/tmp/tapehead")))  # noqa: S108 - a hint, not a file


def _file_system(path: Path, mounts: Path) -> str:
    """Return the type of the file system that holds `path`, by the longest mount point above it; empty if unknown."""
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1]
        for escape, character in _ESCAPES.items():
            point = point.replace(escape, character)
        # A later mount on the same point hides the earlier one, so equality takes the later.
        if path.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind
