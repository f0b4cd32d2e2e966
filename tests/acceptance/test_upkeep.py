"""The store looked after by real commands: undone and redone, by two at once, and where nothing can be written."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.program import PROGRAM, Ended, environment, tapehead, write_bars


@pytest.fixture
def home(market: Path, tmp_path: Path) -> Path:
    """A store of its own with three instruments, and a second import of one of them that changes bars."""
    shutil.copytree(market, tmp_path / "home")
    edited = write_bars(tmp_path / "edited" / "binance", ("ETHUSDT",), 3_010) / "ETHUSDT.csv"
    done = tapehead("import", edited, home=tmp_path / "home")
    assert done.code == 0, done.err
    return tmp_path / "home"


def test_an_import_is_taken_back_and_brought_back(home: Path, tmp_path: Path) -> None:
    def diff(before: int, after: int) -> int:
        ended = tapehead("store", "diff", str(before), str(after), "--json", home=home)
        assert ended.code == 0, ended.err
        total: dict[str, int] = ended.document["diff"]["total"]
        return total["added"] + total["removed"] + total["changed"] + total["reflagged"]

    assert diff(1, 2) == 10
    undone = tapehead("undo", "2", home=home)
    assert (undone.code, "undo 3" in undone.out) == (0, True), undone.err
    assert diff(1, 3) == 0
    assert tapehead("undo", "3", home=home).code == 0
    assert diff(2, 4) == 0
    out = tmp_path / "out"
    assert tapehead("store", "export", "-o", out, home=home).code == 0
    assert tapehead("import", out, home=tmp_path / "other").code == 0
    counts = [tapehead("instruments", home=each).out for each in (home, tmp_path / "other")]
    assert counts[0] == counts[1]


def test_two_at_once_take_their_turns(home: Path) -> None:
    words = [[str(PROGRAM), "--home", str(home), *each] for each in (["undo", "2"], ["undo", "2"], ["store", "gc"])]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment()}
    running: list[subprocess.Popen[str]] = [subprocess.Popen(each, **pipes) for each in words]
    ended = [Ended(each.wait(60), *each.communicate()) for each in running]
    assert sorted(one.code for one in ended[:2]) == [0, 2]
    assert ended[2].code == 0, ended[2].err
    assert "undid it already" in ended[0].err + ended[1].err
    assert tapehead("store", "verify", "--rows", home=home).code == 0


def mounted(script: str, *words: str | Path) -> Ended:
    """Run a command after `script` has mounted what only it sees."""
    probe = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("needs the right to mount a file system of its own")
    command = ["unshare", "-rm", "sh", "-c", f'{script} && exec "$@"', "sh", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False, timeout=120)
    return Ended(done.returncode, done.stdout, done.stderr)


def test_a_home_that_can_only_be_read(home: Path, tmp_path: Path) -> None:
    def read_only(*words: str) -> Ended:
        script = f'mount --bind -o ro "{home}" "{home}" && mount -o remount,ro,bind "{home}"'
        return mounted(script, PROGRAM, "--home", home, *words)

    for words in (["verify", "--rows"], ["export", "-o", str(tmp_path / "out")], ["gc", "--dry-run"]):
        ended = read_only("store", *words)
        assert ended.code == 0, ended.err
    for words in (["undo", "2"], ["store", "gc"]):
        ended = read_only(*words)
        assert ended.code == 3, ended.err
        assert "cannot be written" in ended.err


def test_a_full_disk_is_read_and_not_written(home: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    full = f'mount -t tmpfs -o size=8m tmpfs "{disk}" && cp -r "{home}" "{disk}/" && ! cat /dev/zero >"{disk}/rest"'
    full += " 2>/dev/null"
    given = PROGRAM, "--home", disk / "home"
    for words in (["bars", "ETHUSDT", "--points", "3"], ["store", "gc", "--dry-run"]):
        ended = mounted(full, *given, *words)
        assert (ended.code, "open for reading only" in ended.err) == (0, True), ended.err
    refused = mounted(full, *given, "undo", "2")
    assert (refused.code, "Free some space" in refused.err) == (3, True), refused.err
    assert "its disk is full" in mounted(full, *given, "doctor").out
