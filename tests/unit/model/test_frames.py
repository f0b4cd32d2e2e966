"""Bars, trades and tables out to Arrow and pandas and back, and what is no table of bars."""

import datetime
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tapehead.errors import MissingPackageError, ParameterError
from tapehead.layout.columns import SUSPECT, TRADE_DTYPES, TRADED
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.table import Table
from tapehead.model.trades import Trades, no_trades

ROOT = Path(__file__).resolve().parents[3]
PEERS = ROOT / ".venv-peers" / "bin" / "python"
MINUTE = 60_000_000


def bars() -> Bars:
    """Three bars, one of them flagged."""
    made = Bars.from_arrays(
        [0, MINUTE, 3 * MINUTE], [1, 2, 3], [2, 3, 4], [0.5, 1, 2], [1.5, 2.5, 3.5], [5, 0, 7],
        interval="1m", symbol="S", venue="v",
    )  # fmt: skip
    columns: dict[str, Any] = {name: getattr(made, name) for name in ("ts", "open", "high", "low", "close", "volume")}
    return frozen_bars(made.series, {**columns, "flags": made.flags | np.array([0, 0, SUSPECT], np.uint8)})


def trades(n: int = 3) -> Trades:
    """Trades of rising numbers."""
    columns = {name: (np.arange(n) % 2 + 1).astype(dtype) for name, dtype in TRADE_DTYPES.items()}
    return Trades(**columns)


def test_bars_come_back_from_arrow_bit_for_bit() -> None:
    again = Bars.from_frame(pa.table(bars()))
    assert again.series == bars().series
    assert again.content() == bars().content()
    assert again.flags.tolist() == bars().flags.tolist()


def test_trades_are_a_stream_with_every_column() -> None:
    found = pa.table(trades())
    assert found.column_names == list(trades().columns())
    assert found["reason"].to_pylist()[0] == "stop"
    assert found["profit"].to_pylist() == trades().profit.tolist()
    assert pa.table(no_trades()).schema.equals(found.schema)
    assert pa.table(no_trades()).num_rows == 0
    assert pa.RecordBatchReader.from_stream(trades()).read_all().equals(found)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_any_unit_and_zone_of_time_is_read(unit: str) -> None:
    at = datetime.datetime(2021, 3, 1, 12, tzinfo=datetime.UTC)
    times = pa.array([at, at + datetime.timedelta(hours=1)]).cast(pa.timestamp(unit, "America/New_York"))
    prices = {name: pa.array([1.0, 2.0]) for name in ("open", "high", "low", "close")}
    found = Bars.from_frame(pa.table({"Date": times, **prices}), interval="1h", symbol="X")
    assert found.ts.tolist() == [int(at.timestamp()) * 1_000_000, int(at.timestamp() + 3_600) * 1_000_000]
    naive = pa.table({"Date": times.cast(pa.timestamp(unit, "UTC")).cast(pa.timestamp(unit)), **prices})
    assert Bars.from_frame(naive, interval="1h").ts.tolist() == found.ts.tolist()


def test_days_integers_decimals_and_other_names_are_read() -> None:
    days = pa.array([datetime.date(2021, 3, 1), datetime.date(2021, 3, 2)])
    table = pa.table(
        {
            "Date": days,
            "OPEN": pa.array([1, 2]),
            "High": pa.array([2.5, 3.5]).cast(pa.decimal128(10, 2)),
            "low": pa.array([1.0, 2.0], pa.float32()),
            "Adj Close": pa.array([1.5, 2.5]),
            "Volume": pa.array([10, 20]),
        }
    )
    found = Bars.from_frame(table, interval="1d", symbol="X", venue="y", columns={"close": "Adj Close"})
    assert found.series.instrument == "y:X"
    assert (found.open.tolist(), found.high.tolist(), found.close.tolist()) == ([1, 2], [2.5, 3.5], [1.5, 2.5])
    assert found.volume.tolist() == [10, 20]
    assert (np.diff(found.ts) == 86_400_000_000).all()


def test_a_mapping_of_arrays_and_our_own_table_are_read() -> None:
    columns = {"ts": [0, MINUTE], "open": [1, 2], "high": [2, 3], "low": [1, 1], "close": [2, 2], "symbol": ["A", "A"]}
    for frame in (columns, Table({name: np.array(values) for name, values in columns.items()})):
        found = Bars.from_frame(frame, interval="1m")
        assert (found.series.symbol, found.close.tolist(), found.flags[0]) == ("A", [2, 2], TRADED)


GOOD: dict[str, Any] = {"ts": [0, MINUTE], "open": [1, 2], "high": [2, 3], "low": [1, 1], "close": [2, 2]}


@pytest.mark.parametrize(
    ("frame", "given", "said"),
    [
        ([1, 2], {}, "frame=a list: frame must be a table of pandas, polars or Arrow, or a mapping of arrays"),
        (
            {"ts": [0]},
            {},
            "frame=no column open: frame must be a table with that column, or columns={'open': its name}",
        ),
        ({**GOOD, "Time": [0, 1]}, {}, "frame=both ts and Time for ts: frame must be read by columns={'ts': 'ts'}"),
        ({**GOOD, "close": ["1.5", "2.5"]}, {}, "frame=column 'close' of <U3: frame must be numbers in that column"),
        ({**GOOD, "close": [True, False]}, {}, "frame=column 'close' of bool"),
        ({**GOOD, "ts": ["2021-01-01", "2021-01-02"]}, {}, "frame=column 'ts' of <U10: frame must be times in that"),
        ({**GOOD, "ts": [0.0, 1.0]}, {}, "frame=column 'ts' of float64: frame must be times"),
        ({**GOOD, "close": [1.0, np.nan]}, {}, "close=nan at index 1: close must be finite; leave the bar out"),
        ({**GOOD, "ts": [MINUTE, 0]}, {}, "ts=not rising at index 1"),
        ({**GOOD, "symbol": ["A", "B"]}, {}, "frame=a table of 2 symbols: frame must be the bars of one symbol"),
        ({**GOOD, "flags": [1, 64]}, {}, "flags=64 at index 1: flags must be below 64"),
        (GOOD, {"columns": {"price": "close"}}, "columns=price: columns must be by one of ts, open"),
        (GOOD, {"columns": {"close": "last"}}, "frame=no column last"),
        (GOOD, {"interval": None}, "interval=None: interval must be given, such as 1h"),
    ],
)
def test_what_is_no_table_of_bars_is_named(frame: Any, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(said)):
        Bars.from_frame(frame, **{"interval": "1m", **given})


def test_a_null_is_named_by_its_place() -> None:
    at = pa.array([0, None], pa.timestamp("us"))
    prices = {name: pa.array([1.0, 2.0]) for name in ("open", "high", "low", "close")}
    with pytest.raises(ParameterError, match="frame=a null time at index 1"):
        Bars.from_frame(pa.table({"ts": at, **prices}), interval="1m")
    gone = {**prices, "close": pa.array([None, 2.0])}
    with pytest.raises(ParameterError, match="close=nan at index 0"):
        Bars.from_frame(pa.table({"ts": pa.array([0, MINUTE], pa.timestamp("us")), **gone}), interval="1m")


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_a_package_that_is_not_there_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=rf"to_{package}\(\) needs {package}, .* pip install {package}"):
        getattr(trades(), f"to_{package}")()


IN_PANDAS = """
import numpy as np, pandas as pd, warnings
warnings.simplefilter("error")
from tapehead import compute
from tapehead.model.bars import Bars
from tapehead.model.table import Table
from tapehead.model.trades import no_trades

bars = Bars.from_arrays([0, 60_000_000], [1, 2], [2, 3], [0.5, 1], [1.5, 2.5], [5, 0], interval="1m", symbol="S")
frame = bars.to_pandas()
assert list(frame.columns) == ["ts", "open", "high", "low", "close", "volume", "flags"], frame.columns
assert str(frame.ts.dt.tz) == "UTC" and frame.ts[1] == pd.Timestamp("1970-01-01T00:01Z")
assert frame.close.tolist() == [1.5, 2.5]
again = Bars.from_frame(frame, interval="1m", symbol="S", venue="memory")
assert again.content() == bars.content()
indexed = frame.set_index("ts")
for given in (indexed, indexed.tz_convert("Asia/Tokyo"), indexed.tz_localize(None), indexed.rename_axis("Date")):
    assert Bars.from_frame(given, interval="1m").ts.tolist() == [0, 60_000_000]
assert Bars.from_frame(frame.convert_dtypes(), interval="1m").close.tolist() == [1.5, 2.5]
both = pd.concat({"A": frame, "B": frame.assign(close=[3.0, 6.0])}, names=["symbol", None])
levels = compute(both.set_index("ts", append=True).droplevel(1), "roc(1)", by="symbol").to_pandas()
assert list(levels.columns) == ["symbol", "ts", "roc(1)"] and str(levels.ts.dt.tz) == "UTC", levels
assert levels.symbol.tolist() == ["A", "A", "B", "B"] and levels["roc(1)"][3] == 100.0
assert len(no_trades().to_pandas()) == 0
assert Table({"ts": np.array([5]), "equity": np.array([1.0])}).to_pandas().equity.tolist() == [1.0]
for wrong in (frame.close, frame.drop(columns="open")):
    try:
        Bars.from_frame(wrong, interval="1m")
    except ValueError as error:
        print(error)
"""


def test_pandas_gives_and_takes() -> None:
    if not PEERS.exists():
        pytest.skip(f"pandas is absent: {PEERS} (benchmarks/setup_peers.sh)")
    done = subprocess.run(
        [str(PEERS), "-c", IN_PANDAS], cwd=ROOT / "src", capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "frame=a pandas Series: frame must be a table of pandas, polars or Arrow, or a mapping of arrays.",
        (
            "frame=no column open: frame must be a table with that column, or columns={'open': its name}; "
            "it has ts, high, low, close, volume, flags."
        ),
    ]
