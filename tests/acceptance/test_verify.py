"""`tapehead verify`: identical by a process of its own, and the first thing that differs when something was touched."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.program import Ended, tapehead, write_bars

STRATEGY = '''from tapehead import Signals, crossed_above, crossed_below, param, rsi, strategy


@strategy
class Mine:
    """Wilder's strength."""

    period: int = param(14, low=2, high=200)

    def signals(self, bars):
        strength = rsi(bars.close, self.period)
        return Signals(enter=crossed_above(strength, 30.0), leave=crossed_below(strength, 70.0))
'''


@pytest.fixture
def home(tmp_path: Path) -> Path:
    bars = write_bars(tmp_path / "binance", n_bars=1_500)
    ended = tapehead("import", bars, home=tmp_path / "home")
    assert ended.code == 0, ended.err
    return tmp_path / "home"


def kept(home: Path, *words: str) -> str:
    """Run a backtest and return its id."""
    ended = tapehead("--json", "backtest", *words, "--universe", "crypto", "--fee", "10bps", home=home)
    assert ended.code == 0, ended.err
    run: str = ended.events[-1]["run"]
    return run


def verify(home: Path, run: str) -> tuple[Ended, dict[str, Any]]:
    ended = tapehead("--json", "verify", run, home=home)
    return ended, ended.document


def tamper(home: Path, run: str, column: str, change: Callable[[Any], Any]) -> None:
    connection = sqlite3.connect(home / "runs.db")
    where = "WHERE run = ? AND instrument = 'binance:ETHUSDT'"
    (value,) = connection.execute(f"SELECT {column} FROM results {where}", (run,)).fetchone()  # noqa: S608 - words of this test
    with connection:
        done = connection.execute(f"UPDATE results SET {column} = ? {where}", (change(value), run))  # noqa: S608 - words of this test
    assert done.rowcount == 1
    connection.close()


def test_identical(home: Path) -> None:
    run = kept(home, "RsiReversion")
    ended, told = verify(home, run)
    assert ended.code == 0
    assert told["schema"] == "tapehead.verify/1"
    assert (told["verdict"], told["compared"], told["first_difference"], told["changed"]) == ("identical", 3, "", [])
    spoken = tapehead("verify", run[:12].lower(), home=home)
    assert spoken.code == 0
    assert "identical" in spoken.out


@pytest.mark.parametrize(
    ("column", "change", "words"),
    [
        ("final_equity", lambda value: value * (1 + 2**-50), "final_equity was "),
        ("metrics", lambda text: json.dumps({**json.loads(text), "win_rate": 0.875}), "win_rate was 0.875, is "),
        ("trades", lambda data: data[:-1] + bytes([data[-1] ^ 1]), "tag was "),
        ("equity", lambda data: data[:40] + b"\x00" * 8 + data[48:], "equity[5] was 0.0, is "),
    ],
)
def test_one_stored_number_that_was_changed(home: Path, column: str, change: Callable[[Any], Any], words: str) -> None:
    run = kept(home, "RsiReversion")
    tamper(home, run, column, change)
    ended, told = verify(home, run)
    assert (ended.code, told["verdict"]) == (1, "differs")
    assert told["first_difference"].startswith("binance:ETHUSDT: ")
    assert words in told["first_difference"]
    spoken = tapehead("verify", run, home=home)
    assert spoken.code == 1
    assert "differs" in spoken.out
    assert "ETHUSDT" in spoken.out


def test_a_changed_strategy_file_is_named(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(STRATEGY)
    run = kept(home, f"{file}:Mine")
    assert verify(home, run)[1]["changed"] == []
    file.write_text(STRATEGY.replace("Wilder's", "His"))
    ended, told = verify(home, run)
    assert (ended.code, told["verdict"], told["changed"]) == (0, "identical", ["the source of mine.py:Mine"])
    file.write_text(STRATEGY.replace("30.0", "29.0"))
    ended, told = verify(home, run)
    assert (ended.code, told["verdict"], told["changed"]) == (1, "differs", ["the source of mine.py:Mine"])
    spoken = tapehead("verify", run, home=home)
    assert spoken.code == 1
    assert "mine.py" in spoken.out
    file.unlink()
    gone = tapehead("verify", run, home=home)
    assert gone.code == 2
    assert str(file) in gone.err


@pytest.mark.parametrize("harm", ["delete", "zero", "cut"])
def test_hot_files_are_never_asked(home: Path, harm: str) -> None:
    run = kept(home, "SmaCross")
    hot = [path for path in (home / "hot").rglob("*") if path.is_file() and path.stat().st_size > 1_000]
    assert hot
    for path in hot:
        if harm == "delete":
            path.unlink()
        else:
            size = path.stat().st_size
            path.write_bytes(bytes(size if harm == "zero" else size // 2))
    ended, told = verify(home, run)
    assert (ended.code, told["verdict"]) == (0, "identical")
    again = tapehead(
        "--json", "backtest", "SmaCross", "--universe", "crypto", "--fee", "10bps", "--fresh", home=home
    ).events[-1]
    assert again["digest"] == told["digest"]


def test_later_bars_change_no_verdict(home: Path, tmp_path: Path) -> None:
    run = kept(home, "RsiReversion")
    more = write_bars(tmp_path / "binance", ("BTCUSDT", "ADAUSDT"), 2_000)
    assert tapehead("import", more, home=home).code == 0
    ended, told = verify(home, run)
    assert (ended.code, told["verdict"], told["compared"], told["changed"]) == (0, "identical", 3, [])


def test_a_damaged_segment_is_told_with_its_instrument(home: Path) -> None:
    run = kept(home, "RsiReversion")
    for segment in (home / "segments").rglob("*.parquet"):
        data = bytearray(segment.read_bytes())
        data[len(data) // 2] ^= 255
        segment.chmod(0o644)
        segment.write_bytes(bytes(data))
    ended, told = verify(home, run)
    assert (ended.code, told["verdict"]) == (1, "differs")
    assert "binance:BTCUSDT: kept but not made again" in told["first_difference"]
    assert "damaged" in told["first_difference"]


def test_a_cancelled_run_and_an_unknown_one(home: Path) -> None:
    ended = tapehead("verify", "01ZZZZZZ", home=home)
    assert ended.code == 2
    assert "No run '01ZZZZZZ'" in ended.err
