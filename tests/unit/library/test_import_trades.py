"""Trades of other programs out of files and tables: their names, times and words; what is wrong is refused by row."""

import json
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from tapehead.errors import AmbiguousFileError, FileFormatError, MadeElsewhereError, ParameterError, UnknownSymbolError
from tapehead.library.store import Store
from tapehead.library.trade_columns import read_trades
from tests.unit.library.market import open_market

ROOT = Path(__file__).parents[3]
KEEPERS = ROOT / ".venv-keepers/bin/python"
PEERS = ROOT / ".venv-peers/bin/python"
START = datetime(2021, 1, 1, tzinfo=UTC)
HEAD = "instrument,side,entry_time,entry_price,exit_time,exit_price,quantity,fees"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_market(tmp_path_factory.mktemp("trades") / "home", symbols=2) as store:
        yield store


@pytest.fixture(autouse=True)
def _empty(store: Store) -> Iterator[None]:
    yield
    for record in store.runs():
        store.delete_run(record.run)


def rows_of(store: Store) -> list[dict[str, Any]]:
    """Four trades at closes, the last one open."""
    close = store.bars("S00", "1h").close
    found = []
    for number in range(4):
        a, b = 30 * number, 30 * number + 11
        row: dict[str, Any] = {"instrument": "S00", "side": ("long", "short")[number % 2]}
        row |= {"entry_time": START + timedelta(hours=a), "entry_price": float(close[a])}
        row |= {"exit_time": START + timedelta(hours=b), "exit_price": float(close[b]), "quantity": 1.5, "fees": 0.25}
        found.append(row)
    found[-1]["exit_time"] = found[-1]["exit_price"] = None
    return found


def text_of(rows: list[dict[str, Any]], head: str, form: str) -> str:
    """Rows as CSV, times by a form of strftime."""
    lines = [head]
    for row in rows:
        values = [value.strftime(form) if isinstance(value, datetime) else value for value in row.values()]
        lines.append(",".join("" if value is None else str(value) for value in values))
    return "\n".join(lines) + "\n"


def test_files_of_every_kind_and_spelling_keep_one_run(store: Store, tmp_path: Path) -> None:
    rows = rows_of(store)
    wanted = store.keep_trades(rows, name="desk")
    files: dict[str, tuple[str, dict[str, Any]]] = {
        "offset.csv": (text_of(rows, HEAD, "%Y-%m-%dT%H:%M:%S+00:00"), {}),
        "wall.csv": (text_of(rows, HEAD, "%Y-%m-%d %H:%M"), {"tz": "UTC"}),
        "freqtrade.json": (
            json.dumps(
                [
                    {
                        "pair": "S00",
                        "is_short": row["side"] == "short",
                        "amount": 1.5,
                        "open_date": f"{row['entry_time']:%Y-%m-%d %H:%M:%S}+00:00",
                        "close_date": row["exit_time"] and f"{row['exit_time']:%Y-%m-%d %H:%M:%S}+00:00",
                        "open_rate": row["entry_price"],
                        "close_rate": row["exit_price"],
                        "fee": 0.25,
                        "exit_reason": row["exit_time"] and "exit_signal",
                        "stake_amount": 7,
                    }
                    for row in rows
                ]
            ),
            {},
        ),
        "backtesting.csv": (
            "Size,EntryBar,EntryPrice,ExitPrice,EntryTime,ExitTime,Commission\n"
            + "".join(
                f"{-1.5 if row['side'] == 'short' else 1.5},7,{row['entry_price']},{row['exit_price'] or ''},"
                f"{row['entry_time']:%s},{'' if row['exit_time'] is None else format(row['exit_time'], '%s')},0.25\n"
                for row in rows
            ),
            {"symbol": "test:S00", "unit": "s"},
        ),
        "vectorbt.csv": (
            "Column,Direction,Entry Timestamp,Exit Timestamp,Avg Entry Price,Avg Exit Price,Size,Entry Fees,Exit Fees,"
            "Status\n"
            + "".join(
                f"S00,{row['side'].title()},{row['entry_time']:%Y-%m-%dT%H:%MZ},"
                f"{row['exit_time'] or row['entry_time']:%Y-%m-%dT%H:%MZ},{row['entry_price']},"
                f"{row['exit_price'] or 1.0},1.5,0.15,0.1,{'Closed' if row['exit_time'] else 'Open'}\n"
                for row in rows
            ),
            {},
        ),
    }
    for name, (text, given) in files.items():
        (tmp_path / name).write_text(text)
        report = store.import_trades(tmp_path / name, name="desk", **given)
        assert (report.run, report.reused, report.trades, report.open) == (wanted, True, 3, 1), name
    table = pyarrow.Table.from_pylist(rows)
    parquet.write_table(table, tmp_path / "t.parquet")
    assert store.import_trades(tmp_path / "t.parquet", name="desk").run == wanted
    assert store.keep_trades(table, name="desk") == wanted
    assert len(store.runs()) == 1


def test_a_zone_moves_times_and_a_dry_run_keeps_nothing(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "wall.csv"
    shifted = [{**row, "entry_time": row["entry_time"] + timedelta(hours=10)} for row in rows_of(store)[:1]]
    shifted = [{**row, "exit_time": row["exit_time"] + timedelta(hours=10)} for row in shifted]
    path.write_text(text_of(shifted, HEAD, "%Y-%m-%d %H:%M"))
    first = store.import_trades(path, tz="Asia/Kolkata", dry_run=True)
    assert (first.run, first.dry_run, first.trades, store.runs()) == (None, True, 1, [])
    assert first.instruments[0].first == "2021-01-01T04:00:00Z"
    assert store.import_trades(path, tz="UTC", dry_run=True).instruments[0].first == "2021-01-01T10:00:00Z"


GOOD = "S00,long,2021-01-02T00:30Z,100,2021-01-03T00:30Z,101,1,0"
REFUSED: dict[str, tuple[str, type[Exception], str]] = {
    "empty": ("", FileFormatError, "the file is empty. Give one with trades: tapehead runs import PATH"),
    "no row": (f"{HEAD}\n", FileFormatError, "holds no row"),
    "no zone": (f"{HEAD}\nS00,long,2021-01-02 00:30,1,2021-01-03 00:30,1,1,0\n", AmbiguousFileError, "--tz ZONE"),
    "no time": (f"{HEAD}\n{GOOD}\n{GOOD.replace('2021-01-02T00:30Z', 'soon')}\n", FileFormatError, "'soon' in row 2"),
    "no number": (f"{HEAD}\n{GOOD}\n{GOOD.replace(',100,', ',dear,')}\n", FileFormatError, "'dear' in row 2"),
    "nan": (f"{HEAD}\n{GOOD}\n{GOOD.replace(',100,', ',nan,')}\n", ParameterError, "entry_price.*row 2"),
    "backwards": (f"{HEAD}\n{GOOD.replace('2021-01-03', '2021-01-01')}\n", ParameterError, "T.*row 1.*not before"),
    "unknown": (f"{HEAD}\n{GOOD.replace('S00', 'S99')}\n", UnknownSymbolError, "S99"),
    "no name": (f"{HEAD}\n{GOOD.removeprefix('S00')}\n", ParameterError, "instrument=none in row 1"),
    "no bar": (f"{HEAD}\n{GOOD.replace('2021', '2024')}\n", Exception, "2024|No bars"),
    "no column": (f"{HEAD.replace('quantity', 'many')}\n{GOOD}\n", ParameterError, "no column quantity"),
    "no side": (f"{HEAD.replace('side', 'way')}\n{GOOD}\n", ParameterError, "no column side"),
    "ragged": (f"{HEAD}\n{GOOD}\n{GOOD},7\n", FileFormatError, "line 3"),
    "twice": (f"{HEAD},symbol\n{GOOD},S00\n", ParameterError, "name it by columns, instrument=instrument"),
}


@pytest.mark.parametrize("wrong", list(REFUSED))
def test_a_file_that_holds_no_trades_is_refused_and_nothing_is_kept(store: Store, tmp_path: Path, wrong: str) -> None:
    text, error, said = REFUSED[wrong]
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(error, match=said):
        store.import_trades(tmp_path / "t.csv")
    assert store.runs() == []


def test_columns_are_named_or_left_out(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{HEAD.replace('quantity', 'many')},reason\n{GOOD},a whim\n")
    with pytest.raises(ParameterError, match="'a whim' in row 1"):
        store.import_trades(path, columns={"quantity": "many"})
    for columns, said in (({"quantity": "few"}, "quantity=few"), ({"size": "many"}, "given by one of instrument")):
        with pytest.raises(ParameterError, match=said):
            store.import_trades(path, columns=columns)
    assert store.import_trades(path, columns={"quantity": "many", "reason": "-"}, cash=1e6).trades == 1


def test_files_of_an_archive_that_name_their_columns_differently_are_refused(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "t.zip"
    for head, said in ((HEAD.replace("fees", "commission"), "differently"), (HEAD.replace("fees", "x"), "differently")):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.csv", f"{HEAD}\n{GOOD}\n")
            archive.writestr("b.csv", f"{head}\n{GOOD}\n")
        with pytest.raises(FileFormatError, match=f"{said}. Unpack it.*one at a time: tapehead runs import PATH"):
            store.import_trades(path)
    assert store.runs() == []


def test_a_symbol_does_not_stand_for_several_instruments(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{HEAD}\n{GOOD}\n{GOOD.replace('S00', 'S01')}\n")
    with pytest.raises(ParameterError, match=r"symbol=S01: .*the trades name several, here S00 and S01"):
        store.import_trades(path, symbol="S01")
    # vectorbt calls the only column of a frame as it was called there.
    path.write_text(f"{HEAD.replace('instrument', 'Column')}\n{GOOD.replace('S00', 'Close')}\n")
    report = store.import_trades(path, symbol="S01", cash=1e6, dry_run=True)
    assert [one.instrument for one in report.instruments] == ["test:S01"]


def test_one_long_cell_takes_the_room_of_one(store: Store) -> None:
    rows = [rows_of(store)[0]] * 200
    read = read_trades([*rows, {**rows[0], "instrument": "S" * 10_000}])
    assert read.instrument.nbytes < 10_000
    assert read.instrument.tolist()[:2] == ["S00", "S00"]


def test_overlapping_trades_of_both_sides_add_up(store: Store) -> None:
    rows = rows_of(store)[:2]
    both = [{**row, "entry_time": START, "entry_price": rows[0]["entry_price"]} for row in rows]
    result = store.run(store.keep_trades(both, cash=1e6))["S00"]
    assert result.trades is not None
    assert result.final_equity == pytest.approx(1e6 + float(result.trades.profit.sum()), rel=1e-12)


def test_what_only_the_other_program_knows_is_said_to_be_unknown(store: Store, tmp_path: Path) -> None:
    # By the name of a strategy that is installed, which made none of them.
    run = store.run(store.keep_trades(rows_of(store), name="RsiReversion"))
    assert run.header.strategy == "RsiReversion"
    assert run.header.stamps == ("made elsewhere: fills, sizes and fees are those of another program",)
    for ask in (lambda: run.explain("S00", 1), lambda: run.orders("S00"), lambda: run.costs("S00")):
        with pytest.raises(MadeElsewhereError, match=rf"by RsiReversion, .*show {run.id} test:S00 --trades"):
            ask()
    report = run.report(tmp_path / "r.html")
    text = Path(report.path).read_text()
    assert "another program made the trades" in text
    assert "tapehead verify" not in text


FRAMES = """
import sys
import numpy as np, pandas as pd
from tapehead.library.trade_columns import NEVER, read_trades

at = pd.to_datetime(["2021-01-01T01:30Z", "2021-01-02T00:00Z", "2021-01-03T00:00Z"])
frame = pd.DataFrame({
    "symbol": pd.Categorical(["A", "B", "A"]), "side": ["long", "short", "long"], "entry_time": at,
    "exit_time": [at[0] + pd.Timedelta("2h"), at[1] + pd.Timedelta("1h"), pd.NaT], "entry_price": [1.5, 2.5, 3.5],
    "exit_price": [2.5, 1.5, np.nan], "qty": [1, 2, 3], "pnl": [None, 0.5, None], "reason": ["stop", None, None],
})
wanted = read_trades(frame)
assert wanted.exit_time[2] == NEVER and wanted.entry_time[0] == 1609464600000000 and wanted.side.tolist() == [1, -1, 1]
assert wanted.profit[1] == 0.5 and wanted.reason.tolist() == [1, 0, 0] and wanted.instrument.tolist() == ["A", "B", "A"]
naive = frame.assign(**{name: frame[name].dt.tz_localize(None) for name in ("entry_time", "exit_time")})
tokyo = frame.assign(**{name: frame[name].dt.tz_convert("Asia/Tokyo") for name in ("entry_time", "exit_time")})
tables = {"naive": naive, "tokyo": tokyo, "indexed": frame.set_index("entry_time"), "nullable": frame.convert_dtypes()}
if len(sys.argv) > 1:
    import polars as pl
    tables = {"polars": pl.DataFrame(frame.assign(symbol=frame.symbol.astype(str), side=frame.side.astype(str)))}
    tables["lazy column"] = tables["polars"].with_columns(pl.col("symbol").cast(pl.Categorical))
for name, table in tables.items():
    found = read_trades(table)
    for ours, one, other in zip(wanted._fields, wanted, found):
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f"), (name, ours, one, other)
print(len(tables))
"""


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_real_frames_are_read_alike(package: str) -> None:
    place = KEEPERS if package == "polars" else PEERS
    if not place.exists():
        pytest.skip(f"{package} is absent: {place} (benchmarks/setup_peers.sh)")
    words = [str(place), "-c", FRAMES, *(["polars"] if package == "polars" else [])]
    done = subprocess.run(words, cwd=ROOT / "src", capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{2 if package == 'polars' else 4}\n"


def test_arrow_with_open_positions_is_read_as_rows_are(store: Store) -> None:
    rows = rows_of(store)
    one, other = read_trades(rows), read_trades(pyarrow.Table.from_pylist(rows))
    assert all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(one, other, strict=True))
