"""cross: processes import the same series in opposite orders, one perhaps killed; nothing is lost or doubled."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import tapehead.library.store
from tests.torture.database import environ
from tests.torture.importing import FILES, ROWS, SYMBOLS, VENUE, judge_files, write_file
from tests.torture.points import Bench, Point
from tests.torture.processes import Child, Ended, ask
from tests.torture.waits import Waits

_FILE_BARS = ROWS * len(SYMBOLS)


def cross(point: Point, bench: Bench) -> list[str]:
    """Import files forwards and backwards at once, half of the time with one of the processes killed."""
    chance, database = point.chance, bench.database
    crowd, killed = chance.randrange(2, 4), chance.random() < 0.5
    share, after = chance.random(), chance.random() < 0.5
    with bench.folder() as folder:
        orders = [_files(folder / str(which), which % 2 == 1) for which in range(crowd)]
        if "crossing" not in bench.counted:
            with database.made() as url:
                ended = Child(_importing(url, folder / "counted", orders[0], None)).wait()
                assert ended.code == 0, ended.lines
                bench.counted["crossing"] = int(ended.lines[-1])
        with database.made() as url:
            Child(lambda _: _open_once(url, folder)).wait()
            dies = (int(share * bench.counted["crossing"]), after) if killed else None
            children = [
                Child(_importing(url, folder / f"home{which}", files, None if which else dies))
                for which, files in enumerate(orders)
            ]
            every = [child.wait() for child in children]
            if any(
                one.code not in ({0, -signal.SIGKILL} if not which and killed else {0})
                for which, one in enumerate(every)
            ):
                return [
                    f"the imports ended with {[one.code for one in every]}",
                    *(line for one in every for line in one.lines[-1:]),
                ]
            return ask(lambda: _judge(url, folder, orders[-1], every))


def _files(folder: Path, backwards: bool) -> list[Path]:
    """Write files of the same bars, each forwards or backwards in its symbols, and return them in that order."""
    folder.mkdir()
    step = -1 if backwards else 1
    return [write_file(folder / f"part{number}.csv", number, SYMBOLS[::step]) for number in range(FILES)][::step]


def _open_once(url: str, folder: Path) -> None:
    """Make the tables."""
    environ(str(folder))
    tapehead.library.store.open(url).close()


def _importing(
    url: str, home: Path, files: Sequence[Path], dies: tuple[int, bool] | None
) -> Callable[[Callable[[object], None]], None]:
    """Return work that imports file by file and tells how many bars were new and known, and last how often it waited.

    It may kill itself before or after one of its waits for the server.
    """

    def work(tell: Callable[[object], None]) -> None:
        home.mkdir()
        environ(str(home))
        waits = Waits()
        with tapehead.library.store.open(url) as store:
            waits.begin()
            if dies is not None:
                waits.at(dies[0], lambda: os.kill(os.getpid(), signal.SIGKILL), after=dies[1])
            for path in files:
                total = store.import_files(path, venue=VENUE).total
                tell(f"{total.added} {total.unchanged}")
        tell(waits.count)

    return work


def _judge(url: str, folder: Path, files: Sequence[Path], every: Sequence[Ended]) -> list[str]:
    """Count what was told, what is there, and the commits."""
    environ(str(folder))
    told = [tuple(map(int, line.split())) for one in every for line in one.lines if " " in line]
    new = [added for added, _ in told if added]
    wrong = []
    if any(added not in {0, _FILE_BARS} or added + known != _FILE_BARS for added, known in told):
        wrong.append(f"imports told of {told}")
    # The one that was killed may have made a commit of which it could not tell.
    unsaid = FILES - len(new)
    if unsaid not in {0, int(any(one.code for one in every))}:
        wrong.append(f"{len(new)} of {FILES} files were told of as new")
    wrong += judge_files(url, files, FILES)
    with tapehead.library.store.open(url) as store:
        if (made := [one.kind for one in store.log()]) != ["import"] * FILES:
            wrong.append(f"{FILES} files became {made}")
    return wrong
