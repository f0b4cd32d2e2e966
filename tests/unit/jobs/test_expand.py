"""Which files a path stands for, and which ones are refused by name."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tapehead.errors import FileFormatError, ParameterError
from tapehead.jobs.expand import check_file, expand, unchanged

Make = Callable[[str], str]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(name: str) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("date,open\n")
        return str(path)

    return made


def test_a_folder_stands_for_its_files_and_those_below_by_name(make: Make, tmp_path: Path) -> None:
    files = [make(name) for name in ("b.csv", "c.PARQUET", "a/z.csv.gz", "d/e/y.csv")]
    for name in ("notes.md", "README", ".hidden.csv", ".git/x.csv", "a/more.md"):
        make(name)
    found = expand([str(tmp_path), files[0]])
    assert list(found.files) == files
    assert found.skipped == {"hidden": 2, "ending in .md": 2, "ending in nothing": 1}


def test_files_named_are_taken_whatever_they_are_called(make: Make) -> None:
    files = [make("x.md"), make(".y")]
    assert list(expand([*files, files[0]]).files) == files


def test_a_folder_without_a_file_of_bars_says_so(make: Make, tmp_path: Path) -> None:
    make("notes.md")
    with pytest.raises(FileFormatError, match=r"holds no file ending in .*tapehead import PATH"):
        expand([str(tmp_path)])


@pytest.mark.parametrize("path", ["", "  "])
def test_an_empty_path_is_not_the_working_folder(path: str) -> None:
    with pytest.raises(ParameterError, match="it is empty"):
        expand([path])


def test_a_link_is_refused_with_what_it_points_to(make: Make, tmp_path: Path) -> None:
    target = make("real/a.csv")
    for name, to in (("link.csv", target), ("real/in.csv", "a.csv"), ("folder", str(tmp_path / "real"))):
        (tmp_path / name).symlink_to(to)
    with pytest.raises(FileFormatError, match=rf"link.csv: it is a symbolic link, to {target}. .*import {target}"):
        expand([str(tmp_path / "link.csv")])
    with pytest.raises(FileFormatError, match=rf"in.csv: it is a symbolic link, to {tmp_path}/real/a.csv"):
        expand([str(tmp_path / "real")])
    with pytest.raises(FileFormatError, match=rf"folder/?: it is a symbolic link, to {tmp_path}/real"):
        expand([f"{tmp_path}/folder/"])
    with pytest.raises(FileFormatError, match="it is a symbolic link"):
        check_file(str(tmp_path / "link.csv"))


def test_a_link_to_a_folder_inside_a_folder_is_refused(make: Make, tmp_path: Path) -> None:
    make("bars/a.csv")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "bars" / "more").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileFormatError, match="more: it is a symbolic link"):
        expand([str(tmp_path / "bars")])


def test_a_folder_above_may_be_a_link(make: Make, tmp_path: Path) -> None:
    make("real/bars/a.csv")
    (tmp_path / "way").symlink_to(tmp_path / "real")
    assert list(expand([str(tmp_path / "way" / "bars")]).files) == [str(tmp_path / "way" / "bars" / "a.csv")]


def test_pipes_and_sockets_named_like_bars_are_refused_in_a_folder(make: Make, tmp_path: Path) -> None:
    make("bars/a.csv")
    os.mkfifo(tmp_path / "bars" / "b.csv")
    with pytest.raises(FileFormatError, match=r"b.csv: it is a device or a pipe"):
        expand([str(tmp_path / "bars")])
    (tmp_path / "bars" / "b.csv").unlink()
    with socket.socket(socket.AF_UNIX) as bound:
        here = Path.cwd()
        os.chdir(tmp_path / "bars")  # a socket's path may not be long
        try:
            bound.bind("c.csv")
        finally:
            os.chdir(here)
        with pytest.raises(FileFormatError, match=r"c.csv: it is a device or a pipe"):
            expand([str(tmp_path / "bars")])


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null"])
def test_devices_are_refused(path: str) -> None:
    with pytest.raises(FileFormatError, match="it is a device or a pipe"):
        check_file(path)


AS_NOBODY = """
import os, sys
from tapehead.errors import FileFormatError
from tapehead.jobs.expand import check_file, expand

if os.geteuid() == 0:
    os.setuid(65534)
for call in (lambda: expand([sys.argv[1]]), lambda: check_file(sys.argv[2])):
    try:
        call()
    except FileFormatError as error:
        print(error)
"""


def test_a_folder_or_a_file_of_somebody_else_is_named() -> None:
    # Not in pytest's own folder, which nobody else may enter.
    with tempfile.TemporaryDirectory() as place:
        bars, locked = Path(place) / "bars", Path(place) / "bars" / "locked"
        locked.mkdir(parents=True)
        (bars / "mine.csv").write_text("date,open\n")
        for folder in (Path(place), bars):
            folder.chmod(0o755)
        locked.chmod(0)
        try:
            command = [sys.executable, "-c", AS_NOBODY, str(bars), str(locked / "a.csv")]
            said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
        finally:
            locked.chmod(0o755)
    assert f"{locked}: the folder cannot be read (Permission denied). Ask for the right to read it" in said[0]
    assert f"{locked}/a.csv: the file cannot be opened (Permission denied)" in said[1]


def change(path: Path, how: str) -> None:
    """Change a file, or put another one in its place."""
    if how == "longer":
        path.write_text("date,open\n1,2\n")
        return
    path.unlink()
    if how == "other":
        path.write_text("date,open\n")
        os.utime(path, ns=(0, 0))


@pytest.mark.parametrize("how", ["longer", "other", "gone"])
def test_a_file_that_changes_while_it_is_read_is_refused(make: Make, how: str) -> None:
    path = Path(make("a.csv"))
    checked = unchanged(str(path))
    checked.__enter__()
    change(path, how)
    with pytest.raises(FileFormatError, match="the file changed while it was read; nothing was written"):
        checked.__exit__(None, None, None)


def test_a_file_that_stays_is_taken(make: Make) -> None:
    path = make("a.csv")
    with unchanged(path):
        assert Path(path).read_text()
