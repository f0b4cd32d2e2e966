"""undo: a bar beside what went, or came back, tells of the hole that is there now."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tapehead.library.store import open as open_store

JANUARY, FEBRUARY = datetime(2024, 1, 31, 20, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)


def write_minutes(path: Path, start: datetime, rows: int) -> str:
    """Write minute bars from a moment on."""
    lines = [f"{(start + timedelta(minutes=row)).isoformat()},1,2,0.5,1.5,{row + 1}" for row in range(rows)]
    path.write_text("date,open,high,low,close,volume\n" + "\n".join(lines) + "\n")
    return str(path)


def test_bars_beside_an_undone_import_tell_of_the_hole_that_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "v"
    folder.mkdir()
    january = write_minutes(folder / "A.csv", JANUARY, 200)
    more = write_minutes(folder / "B.csv", JANUARY + timedelta(minutes=200), 40)
    february = write_minutes(folder / "C.csv", FEBRUARY, 60)
    with open_store(tmp_path / "home") as store:
        for path in (january, february):
            store.import_files(path, symbol="BTCUSDT")

        def marked() -> list[tuple[int, int]]:
            flags = store.bars("BTCUSDT", interval="1m").flags
            return [(at, int(flag)) for at, flag in enumerate(flags) if flag & 16]

        assert marked() == [(200, 17)]
        held = store.bars("BTCUSDT", interval="1m").flags.tobytes()
        assert store.undo(1).commit == 3
        assert marked() == []
        assert list(store.check(rows=True)) == []
        store.undo(3)
        assert store.bars("BTCUSDT", interval="1m").flags.tobytes() == held
        store.import_files(more, symbol="BTCUSDT")
        assert marked() == []
        store.undo(5)
        assert marked() == [(200, 17)]
        assert store.recount() == 0


def test_imports_of_several_periods_are_undone_in_any_order(tmp_path: Path) -> None:
    folder = tmp_path / "v"
    folder.mkdir()
    whole = [datetime(2024, month, 1, tzinfo=UTC) - timedelta(minutes=30) for month in (2, 3, 4)]
    paths = [write_minutes(folder / f"{at}.csv", start, 30) for at, start in enumerate(whole)]
    with open_store(tmp_path / "home") as store:
        for path in paths:
            store.import_files(path, symbol="BTCUSDT")
        assert [len(store.bars("BTCUSDT")), store.undo(1).commit] == [90, 4]
        assert store.bars("BTCUSDT").flags.tolist() == [1] * 30 + [17] + [1] * 29
        assert store.undo(2).commit == 5
        assert store.bars("BTCUSDT").flags.tolist() == [1] * 30
        assert store.undo(3).commit == 6
        assert store.instruments() == []
        for number in (6, 5, 4):
            store.undo(number)
        assert store.bars("BTCUSDT").flags.tolist() == ([1] * 30 + [17] + [1] * 29 + [17] + [1] * 29)
        assert list(store.check(rows=True)) == []
        assert store.recount() == 0


def test_an_undo_knows_the_sessions_of_its_instrument(tmp_path: Path) -> None:
    folder = tmp_path / "v"
    folder.mkdir()
    # Friday's last quarter and Monday's first: no bar of XNYS is missing between them, whatever the clock says.
    friday = write_minutes(folder / "A.csv", datetime(2024, 5, 31, 19, 30, tzinfo=UTC), 30)
    thursday = write_minutes(folder / "B.csv", datetime(2024, 5, 30, 19, 30, tzinfo=UTC), 30)
    monday = write_minutes(folder / "C.csv", datetime(2024, 6, 3, 13, 30, tzinfo=UTC), 30)
    with open_store(tmp_path / "home") as store:
        for path in (thursday, monday, friday):
            store.import_files(path, symbol="XYZ", kind="equity")
        before = store.bars("XYZ", interval="1m").flags.tolist()
        assert not before[60] & 16
        store.undo(3)
        assert store.bars("XYZ", interval="1m").flags[30] & 16
        store.undo(4)
        assert store.bars("XYZ", interval="1m").flags.tolist() == before
