"""Bad input by the real command: exit code, value, bound, a next step that parses, and a store left as it was."""

import fcntl
import gzip
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.csv
import pyarrow.parquet
import pytest

from tapehead.errors import NetworkFileSystemError, UnknownStrategyError
from tapehead.library.store import open as open_store
from tapehead.stores.embedded.home import open_home
from tests.acceptance.program import Ended, tapehead, write_bars
from tests.house.commands import cut, fault_in

CRYPTO = ("--universe", "crypto")
DONE, INPUT, SURROUNDINGS = 0, 2, 3
BODY = "from tapehead import Signals, strategy\n\n\n@strategy\nclass Mine:\n    def signals(self, bars):\n        {}\n"
"""Line 7 is what the strategy does."""
STRATEGIES = {
    "nowhere.py": "import nowhere_to_be_found\n",
    "syntax.py": "x = 1\ny = = 2\n",
    "leaves.py": "import sys\n\nsys.exit(0)\n",
    "nothing.py": "x = 1\n",
    "raises.py": BODY.format("raise ValueError('no luck today')"),
    "short.py": BODY.format("return Signals(enter=bars.close[1:] > 0)"),
    "kind.py": BODY.format("return Signals(enter=bars.close)"),
    "other.py": BODY.format("return bars.close > 0"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("refusing")
    ended = tapehead("import", write_bars(folder / "binance", n_bars=1_200), home=folder / "home")
    assert ended.code == DONE, ended.err
    return folder / "home"


@pytest.fixture(scope="module")
def desk(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files that are wrong, each in its own way."""
    folder = tmp_path_factory.mktemp("desk")
    for name, text in STRATEGIES.items():
        (folder / name).write_text(text, encoding="utf-8")
    good = home.parent / "binance" / "BTCUSDT.csv"
    text = good.read_text(encoding="utf-8")
    (folder / "noclose.csv").write_text(text.replace("close", "cloze"), encoding="utf-8")
    rows = [line.partition(",")[2] for line in text.splitlines()]
    (folder / "notime.csv").write_text("\n".join(rows), encoding="utf-8")
    (folder / "text.parquet").write_text(text, encoding="utf-8")
    (folder / "cut.csv.gz").write_bytes(gzip.compress(text.encode())[:900])
    pyarrow.parquet.write_table(pyarrow.csv.read_csv(good), folder / "whole.parquet")
    whole = (folder / "whole.parquet").read_bytes()
    (folder / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    (folder / "parquet.csv").write_bytes(whole)
    (folder / "empty.csv").write_bytes(b"")
    (folder / "bytes.csv").write_bytes(bytes(range(256)) * 20)
    (folder / "folder").mkdir()
    return folder


def state(home: Path) -> dict[str, Any]:
    """All that a refused command may not change."""
    found: dict[str, Any] = {
        path.relative_to(home).as_posix(): path.read_bytes()
        for path in sorted((home / "segments").rglob("*"))
        if path.is_file()
    }
    for name in ("bars.db", "runs.db"):
        connection = sqlite3.connect(f"file:{home / name}?mode=ro", uri=True)
        dump = [line for line in connection.iterdump() if "lease" not in line]
        connection.close()
        found[name] = dump
    return found


def check_sentence(ended: Ended, code: int, *parts: str, began: bool = False) -> None:
    assert ended.code == code, ended
    assert began or ended.out == ""
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1
    assert "Traceback" not in ended.err
    for part in parts:
        assert part in ended.err
    for step in cut(re.sub(r"tapehead --home \S+ ", "tapehead ", ended.err)):
        assert fault_in(step) is None, step


STEP = "tapehead --home {home} "
REFUSED: dict[tuple[str, ...], tuple[str, ...]] = {
    ("backtest", "RsiRevesion", *CRYPTO): ("'RsiRevesion'", "Did you mean 'RsiReversion'?", STEP + "strategies"),
    ("backtest", "RsiReversion", *CRYPTO, "-p", "perod=14"): (
        "'perod'",
        "Did you mean 'period'?",
        "It has: period, oversold, overbought",
        STEP + "strategies RsiReversion",
    ),
    ("backtest", "RsiReversion", *CRYPTO, "-p", "period=1"): ("period=1:", "an integer from 2 to 200"),
    ("backtest", "RsiReversion", *CRYPTO, "-p", "period=14.5"): ("period=14.5:", "an integer from 2 to 200"),
    ("backtest", "RsiReversion", *CRYPTO, "-p", "oversold=nan"): ("oversold=nan:", "a number from 1 to 50"),
    ("backtest", "RsiReversion", *CRYPTO, "--fee", "100%"): ("fee=1.0:", "a fraction in [0, 1), such as 10bps"),
    ("backtest", "RsiReversion", *CRYPTO, "--size", "0%"): ("size=0.0:", "such as 50%"),
    ("backtest", "RsiReversion", *CRYPTO, "--start", "2021-01-20", "--end", "2021-01-10"): (
        "[2021-01-20T00:00:00Z, 2021-01-10T00:00:00Z) is empty",
        "--start 2021-01-10T00:00:00Z --end 2021-01-20T00:00:00Z",
    ),
    ("backtest", "RsiReversion", *CRYPTO, "--start", "2021-01-20", "--end", "2021-01-20"): (
        "is empty",
        "--start 2021-01-20T00:00:00Z --end 2021-01-20T01:00:00Z",
    ),
    ("backtest", "RsiReversion", *CRYPTO, "--start", "2031-01-01"): (
        "[2031-01-01T00:00:00Z, the last bar)",
        "the store holds [2021-01-01T00:00:00Z, 2021-02-20T00:00:00Z)",
    ),
    ("backtest", "RsiReversion", "--symbols", "SOLUSDT", "--end", "2021-01-03"): (
        "No bars for SOLUSDT 1h in [the first bar, 2021-01-03T00:00:00Z)",
        "the store holds [2021-02-07T12:00:00Z, 2021-02-20T00:00:00Z)",
        STEP + "import PATH --symbol SOLUSDT",
    ),
    ("backtest", "RsiReversion", "--symbols", "BTCUSDT", "--interval", "4h"): ("BTCUSDT 4h", "none of it"),
    ("backtest", "RsiReversion", "--symbols", "BTCUSD"): ("'BTCUSD'", "Did you mean 'BTCUSDT'?", STEP + "instruments"),
    ("backtest", "RsiReversion", "--universe", "cripto"): ("'cripto'", "Did you mean 'crypto'?", "universe list"),
    ("backtest", "RsiReversion", *CRYPTO, "--snapshot", "99"): ("snapshot=99", "1"),
    ("backtest", "absent.py:Mine", *CRYPTO): ("absent.py: there is no such file", STEP + "strategies"),
    ("backtest", "nowhere.py:Mine", *CRYPTO): ("nowhere.py", "line 1: ModuleNotFoundError", "nowhere_to_be_found"),
    ("backtest", "syntax.py:Mine", *CRYPTO): ("syntax.py", "line 2: invalid syntax", STEP + "strategies syntax.py"),
    ("backtest", "leaves.py:Mine", *CRYPTO): ("leaves.py", "line 3: SystemExit: 0"),
    ("backtest", "nothing.py:Mine", *CRYPTO): ("nothing.py", "no class in it is decorated with @strategy"),
    ("backtest", "raises.py:Min", *CRYPTO): ("'Min'", "Did you mean 'Mine'?"),
    ("import", "absent.csv"): ("absent.csv", "there is no such file", STEP + "import PATH"),
    ("import", "noclose.csv"): (
        "no column for the close price (close)",
        "it has: open_time, open, high, low, cloze, volume",
        "import noclose.csv --columns close=",
    ),
    ("import", "notime.csv"): ("no column for the time", "it has: open, high, low, close, volume"),
    ("import", "text.parquet"): ("text.parquet", "the name says Parquet, but the file holds text"),
    ("import", "parquet.csv"): ("parquet.csv", "the name says text, but the file holds Parquet"),
    ("import", "cut.parquet"): ("cut.parquet", "the file is cut"),
    ("import", "cut.csv.gz"): ("cut.csv.gz", "the file is cut"),
    ("import", "empty.csv"): ("empty.csv", "empty"),
    ("import", "bytes.csv"): ("bytes.csv", "no text, Parquet or Arrow"),
    ("import", "folder"): ("folder", "holds no file ending in"),
    ("import", "whole.parquet", "--tz", "Mars/Base"): ("tz=Mars/Base", "a zone of the IANA list"),
    ("import", "whole.parquet", "--interval", "7x"): ("interval=7x", "such as 15m, 1h or 1d"),
    ("universe", "show", "cripto"): ("'cripto'", "Did you mean 'crypto'?"),
    ("verify", "01ZZZZZZ"): ("No run '01ZZZZZZ'", STEP + "runs"),
}


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_refused(home: Path, desk: Path, words: tuple[str, ...]) -> None:
    before = state(home)
    ended = tapehead(*words, home=home, cwd=desk)
    check_sentence(ended, INPUT, *(part.format(home=home) for part in REFUSED[words]))
    assert state(home) == before


@pytest.mark.parametrize(
    ("file", "cause"),
    [
        ("raises.py", "ValueError: no luck today"),
        ("short.py", "enter has shape (1199,); there are 1200 bars"),
        ("kind.py", "enter has dtype float64; it must be bool"),
        ("other.py", "it must return Signals(enter=…, leave=…)"),
    ],
)
def test_a_strategy_at_fault_names_instrument_and_line(home: Path, desk: Path, file: str, cause: str) -> None:
    before = state(home)
    ended = tapehead("--json", "backtest", f"{file}:Mine", "--symbols", "BTCUSDT", home=home, cwd=desk)
    assert ended.code == INPUT
    told = json.loads(ended.err)
    assert told["schema"] == "tapehead.error/1"
    assert cause in told["text"]
    assert "binance:BTCUSDT" in told["text"]
    assert re.search(rf"{file}, line [67]\b", told["text"])
    assert ended.events[-1]["event"] == "failed"
    assert state(home) == before


def test_a_range_between_two_bars_is_found_out_by_reading(home: Path) -> None:
    before = state(home)
    range_of = ("--start", "2021-01-02T00:10", "--end", "2021-01-02T00:20")
    ended = tapehead("backtest", "RsiReversion", *CRYPTO, *range_of, home=home)
    check_sentence(
        ended,
        INPUT,
        "No bars for universe crypto 1h in [2021-01-02T00:10:00Z, 2021-01-02T00:20:00Z)",
        "the store holds [2021-01-01T00:00:00Z, 2021-02-20T00:00:00Z)",
        f"tapehead --home {home} instruments",
        began=True,
    )
    assert state(home) == before


def test_newer_formats(home: Path, tmp_path: Path) -> None:
    for name in ("bars.db", "runs.db"):
        newer = tmp_path / name.partition(".")[0]
        tapehead("import", home.parent / "binance", home=newer)
        connection = sqlite3.connect(newer / name)
        connection.execute("PRAGMA user_version = 99")
        connection.close()
        before = state(newer)
        for words in (("backtest", "RsiReversion", *CRYPTO), ("import", str(home.parent / "binance")), ("runs",)):
            ended = tapehead(*words, home=newer)
            check_sentence(ended, SURROUNDINGS, f"{newer / name} has format 99", "reads up to ", " doctor")
            assert state(newer) == before


@pytest.fixture
def locked(home: Path) -> Iterator[int]:
    descriptor = os.open(home / "writer.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    yield os.getpid()
    os.close(descriptor)


def test_a_locked_store_refuses_to_write_and_goes_on_reading(home: Path, tmp_path: Path, locked: int) -> None:
    more = write_bars(tmp_path / "binance", ("ADAUSDT",), 200)
    before = state(home)
    ended = tapehead("import", more, home=home)
    check_sentence(ended, SURROUNDINGS, f"The store {home} is being written by another process (pid {locked})")
    assert state(home) == before
    assert tapehead("instruments", home=home).code == DONE
    assert tapehead("backtest", "BuyAndHold", *CRYPTO, home=home).code == DONE


@pytest.mark.parametrize("below", ["", "below", "below/deeper"])
def test_a_home_that_cannot_be_made(tmp_path: Path, below: str) -> None:
    """A file in the way: unlike permissions, it stops the superuser too."""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    home = tmp_path / "file" / below
    for words in (("doctor",), ("import", "x.csv"), ("backtest", "RsiReversion", *CRYPTO), ("demo",)):
        ended = tapehead(*words, home=home)
        check_sentence(ended, SURROUNDINGS, f"{home} cannot be written: ", " doctor")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "in the way"


def test_a_database_that_is_none(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "bars.db").write_bytes(b"not a database at all, " * 100)
    ended = tapehead("runs", home=home)
    check_sentence(ended, SURROUNDINGS, "bars.db is not a database")


def test_a_network_file_system(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/share {tmp_path}/net nfs4 rw 0 0\n", encoding="utf-8")
    with pytest.raises(NetworkFileSystemError) as caught:
        open_home(tmp_path / "net" / "home", mounts=mounts)
    text = str(caught.value)
    assert f"{tmp_path}/net/home lies on a network file system (nfs4)" in text
    assert "PostgreSQL" in text
    assert [fault_in(step) for step in cut(text)] == [None]
    assert caught.value.exit_code == SURROUNDINGS
    assert not (tmp_path / "net").exists()
    assert open_home(tmp_path / "local", mounts=mounts).writable


def test_settings_of_the_environment(home: Path) -> None:
    ended = tapehead("runs", home=home, TAPEHEAD_MEMORY_MB="lots")
    check_sentence(ended, INPUT, "TAPEHEAD_MEMORY_MB=lots", "a whole number from 0 to 1,000,000")


def test_one_bad_file_of_several_stops_all(home: Path, desk: Path, tmp_path: Path) -> None:
    good = write_bars(tmp_path / "binance", ("ADAUSDT", "XRPUSDT"), 200)
    before = state(home)
    ended = tapehead("import", good, desk / "cut.parquet", home=home)
    check_sentence(ended, INPUT, "cut.parquet")
    assert state(home) == before


def test_the_same_sentences_in_python(home: Path) -> None:
    with open_store(home) as store, pytest.raises(UnknownStrategyError, match="Did you mean 'RsiReversion'"):
        store.backtest("RsiRevesion", universe="crypto")
