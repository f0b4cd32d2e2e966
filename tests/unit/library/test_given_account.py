"""Weights and facts that a user hands in: every form, kept with the run, made again without them, and bad ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import tapehead as th
from tapehead.errors import ParameterError, TapeheadError, UnknownSymbolError, WeightsError
from tapehead.library.account_tables import read_given
from tapehead.model.given import MOST_ROWS
from tapehead.model.instrument import Instrument
from tapehead.model.pooling import ACCOUNT, Pooling
from tapehead.model.rules import Rules
from tapehead.model.spec import RunSpec

DAYS = [date(2024, 1, 1) + timedelta(day) for day in range(60)]
PRICES = {"AAA": 10.0, "BBB": 50.0, "CCC": 20.0}
ROWS = [
    {"time": "2024-01-31", "symbol": "AAA", "weight": 0.5},
    {"time": "2024-01-31", "symbol": "test:BBB", "weight": 0.3},
    {"time": "2024-02-10T12:00", "symbol": "CCC", "weight": 1},
]
FACTS = [
    {"time": "2024-02-05", "symbol": "AAA", "kind": "dividend", "value": 1},
    {"time": "2024-02-20", "symbol": "CCC", "kind": "split", "value": 2.0},
    {"time": "2024-02-20", "symbol": "OTHER", "kind": "split", "value": 3.0},
]
WHOLE = {
    "2024-01-31T00:00:00Z": {"test:AAA": 0.5, "test:BBB": 0.3},
    "2024-02-10T12:00:00Z": {"test:CCC": 1.0},
}


def daily(symbol: str, price: float) -> th.Bars:
    """Bars of a day each, at one price."""
    ts = np.array(DAYS, "datetime64[us]").astype(np.int64)
    flat = np.full(len(DAYS), price)
    return th.Bars.from_arrays(ts, flat, flat, flat, flat, interval="1d", symbol=symbol, venue="test")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Four instruments; OTHER is in no run."""
    with th.open(tmp_path_factory.mktemp("given") / "home") as opened:
        for symbol, price in {**PRICES, "OTHER": 7.0}.items():
            opened.append(daily(symbol, price), kind="crypto")
        yield opened


def begun(store: Any, strategy: str = "BuyAndHold", **words: Any) -> Any:
    """A portfolio of the three."""
    return store.portfolio(strategy, symbols=list(PRICES), **words)


def columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Rows as columns."""
    return {name: [row[name] for row in rows] for name in rows[0]}


def written(tmp_path: Path, text: str) -> Path:
    """A file of text."""
    path = tmp_path / "given.csv"
    path.write_text(text, encoding="utf-8")
    return path


def text_of(rows: list[dict[str, Any]], delimiter: str = ",") -> str:
    """Rows as a file has them."""
    lines = [delimiter.join(rows[0]), *(delimiter.join(str(value) for value in row.values()) for row in rows)]
    return "\n".join(lines) + "\n"


def test_every_form_of_weights_is_the_same_run(store: Any, tmp_path: Path) -> None:
    """A zone that is named, a column by another name, a file or a frame: the key is that of what it says."""
    run = begun(store, weights=ROWS).wait()
    assert run.spec.portfolio.to_json() == {"weights": WHOLE}
    moments = [datetime.fromisoformat(row["time"]).replace(tzinfo=UTC) for row in ROWS]
    held = {**columns(ROWS), "time": moments}
    table = pa.table({**columns(ROWS), "weight": [0.5, 0.3, 1.0], "time": moments})
    parquet = tmp_path / "given.parquet"
    pyarrow.parquet.write_table(table, parquet)
    zoned = [
        {**row, "time": (moment + timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M+05:00")}
        for row, moment in zip(ROWS, moments, strict=True)
    ]
    forms: list[Any] = [
        written(tmp_path, "\ufeff" + text_of(ROWS, ";") + "\n"),
        str(parquet),
        columns(ROWS),
        zoned,
        WHOLE,
    ]
    forms += [
        held,
        table,
        {
            "Date": np.array([one.replace(tzinfo=None) for one in moments], "datetime64[us]"),
            "Ticker": held["symbol"],
            "Target": held["weight"],
        },
    ]
    forms.append({**held, "time": [int(one.timestamp()) * 1_000_000 for one in moments]})
    assert {begun(store, weights=form).id for form in forms} == {run.id}
    assert begun(store, weights=[{**ROWS[0], "weight": 0.4}, *ROWS[1:]]).wait().id != run.id


def test_given_weights_and_facts_are_traded_and_kept_with_the_run(store: Any, tmp_path: Path) -> None:
    """500 of A and 60 of B; a dividend of 1 on each A; all in C, which a split doubles at a price that stays."""
    weights, facts = written(tmp_path, text_of(ROWS)), tmp_path / "facts.csv"
    facts.write_text(text_of(FACTS))
    run = begun(store, weights=weights, facts=facts, fresh=True)
    run.start()
    run.cancel()
    list(run.events())
    weights.unlink()
    facts.unlink()
    run = store.resume(run.id).wait()
    rows = {row.instrument: row.metrics.get("profit") for row in run.results()}
    assert rows == {ACCOUNT: None, "test:AAA": 500.0, "test:BBB": 0.0, "test:CCC": 10_500.0}
    assert (run["account"].final_equity, run["account"].metrics["dividends"]) == (21_000.0, 500.0)
    trades = [(row["entry_bar"], row["exit_bar"], row["quantity"]) for row in run["account"].trades.rows()]
    assert trades == [(31, 42, 500.0), (31, 42, 60.0)]
    assert store.verify(run.id).verdict == "identical"
    run.report(tmp_path / "tear.html")
    sheet = (tmp_path / "tear.html").read_text(encoding="utf-8")
    assert "3 at 2 times, kept with the run" in sheet
    assert "2, kept with the run" in sheet
    assert "2024-02-10T12:00:00Z" not in sheet
    kept = store.run(run.id).spec
    assert RunSpec.from_json(kept.to_json()) == kept
    assert [row["symbol"] for row in kept.portfolio.to_json()["facts"]] == ["test:AAA", "test:CCC"]
    assert run.equity("account")["equity"][-1] == 21_000.0


def test_a_strategy_decides_when_a_given_weight_is_held(store: Any, tmp_path: Path) -> None:
    """In at the tenth bar, out at the fortieth: nothing before, nothing after."""
    path = tmp_path / "some.py"
    path.write_text(
        "import numpy as np\nfrom tapehead import Signals, strategy\n\n@strategy\nclass Some:\n"
        "    def signals(self, bars):\n        at = np.arange(len(bars))\n"
        "        return Signals(enter=at == 10, leave=at == 40)\n"
    )
    run = begun(store, f"{path}:Some", weights={"2024-01-01": {"AAA": 0.5}}).wait()
    trades = [(row["entry_bar"], row["exit_bar"], row["quantity"]) for row in run["account"].trades.rows()]
    assert trades == [(11, 41, 500.0)]


def test_a_short_needs_both_sides(store: Any) -> None:
    with pytest.raises(ParameterError, match=r"-0.5 in row 1, AAA.*--side both"):
        begun(store, weights={"2024-01-31": {"AAA": -0.5}})
    run = begun(store, weights={"2024-01-31": {"AAA": -0.5}}, side="both").wait()
    assert run["account"].metrics["exposure_mean"] > 0.2


MORNING = datetime.fromisoformat("2024-01-31T08:00")


def at_times(times: Any) -> dict[str, Any]:
    """A tenth of AAA at each."""
    return {"time": times, "symbol": ["AAA"] * len(times), "weight": [0.1] * len(times)}


TOO_MANY = {
    "time": ["2024-01-31"] * (MOST_ROWS + 1),
    "symbol": ["AAA"] * (MOST_ROWS + 1),
    "weight": [0.0] * (MOST_ROWS + 1),
}


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ("", ParameterError, "no column time"),
        ("time,symbol,weight\n", ParameterError, "no row"),
        ("time,symbol\n2024-01-31,AAA\n", ParameterError, "no column weight.*it has time, symbol"),
        ("time,date,symbol,weight\n2024-01-31,2024-01-31,AAA,1\n", ParameterError, "columns time and date"),
        ("time,symbol,weight\n2024-01-31,AAA\n", ParameterError, "2 fields in row 1"),
        ("time,symbol,weight\n2024-01-31,AAA,half\n", ParameterError, "half in row 1, AAA"),
        ("time,symbol,weight\n2024-01-31,AAA,\n", ParameterError, "nothing in row 1, AAA"),
        ("time,symbol,weight\n2024-01-31,AAA,inf\n", ParameterError, "inf in row 1, AAA"),
        ("time,symbol,weight\n2024-01-31,,0.1\n", ParameterError, "symbol nothing in row 1"),
        ("time,symbol,weight\nsoon,AAA,0.1\n", ParameterError, "time soon in row 1"),
        ("time,symbol,weight\n2024-01-31T00:00Z,AAA,1\n2024-02-01,AAA,1\n", ParameterError, "row 2.*all rows or none"),
        ("time,symbol,weight\n2024-01-31,AAA,0.1\n2024-01-31,test:AAA,0.1\n", ParameterError, "rows 1 and 2"),
        ("time,symbol,weight\n2024-01-31,OTHER,0.1\n", ParameterError, "OTHER in row 1: .*the run, such as AAA"),
        ("time,symbol,weight\n2024-01-31,AAB,0.1\n", UnknownSymbolError, "Did you mean 'AAA'"),
        (
            "time,symbol,weight\n2024-01-31,AAA,0.7\n2024-01-31,BBB,0.6\n",
            WeightsError,
            "sum to 1.3 at 2024-01-31T00:00:00Z.*--leverage 2",
        ),
        ({"2024-01-31": {"AAA": None}}, ParameterError, "nothing in row 1"),
        ({"2024-01-31": {"AAA": True}}, ParameterError, "True in row 1"),
        ({"time": [None], "symbol": ["AAA"], "weight": [1.0]}, ParameterError, "time nothing in row 1"),
        ({"time": ["2024-01-31"], "symbol": [7], "weight": [1.0]}, ParameterError, "symbol 7 in row 1"),
        ({"time": ["2024-01-31", "2024-02-01"], "symbol": ["AAA"], "weight": [1.0]}, ParameterError, "several lengths"),
        ({"time": "2024-01-31", "symbol": "AAA", "weight": 1.0}, ParameterError, "column time, which is one value"),
        (
            {"time": ["2024-01-31"], "symbol": "AAA", "weight": [1.0]},
            ParameterError,
            "column symbol, which is one value",
        ),
        (at_times([["2024-01-31"]]), ParameterError, r"time \['2024-01-31'\] in row 1"),
        (at_times(["2024-01-31", {}]), ParameterError, r"time {} in row 2"),
        (at_times([MORNING, MORNING.replace(tzinfo=UTC)]), ParameterError, "row 2.*all rows or none"),
        (at_times([MORNING.replace(tzinfo=UTC), MORNING.date()]), ParameterError, "row 2.*all rows or none"),
        (at_times(np.array(["2024-01-31", "NaT"], "M8[ns]")), ParameterError, "time nothing in row 2"),
        (pa.table(at_times(pa.array([MORNING, None]))), ParameterError, "time nothing in row 2"),
        (at_times([1706659200]), ParameterError, "1706659200 in row 1.* microseconds .*looks like seconds"),
        (at_times([1706659200000]), ParameterError, "looks like milliseconds"),
        (at_times(np.array([1706659200 * 10**9])), ParameterError, "looks like nanoseconds"),
        (at_times([20240131]), ParameterError, "20240131 looks like a date"),
        (at_times([7]), ParameterError, "microseconds since 1970[.]"),
        ([3], ParameterError, "int in row 1"),
        (3.5, ParameterError, "a float"),
        (TOO_MANY, ParameterError, "100,001 rows"),
        ("nowhere", ParameterError, "'nowhere', no such file.*equal, or a table"),
        ({"2030-01-01": {"AAA": 1.0}}, ParameterError, "first time 2030-01-01.*before the bars end"),
    ],
)
def test_bad_weights_get_a_sentence(store: Any, tmp_path: Path, given: Any, error: type[Exception], says: str) -> None:
    if isinstance(given, str) and given != "nowhere":
        given = written(tmp_path, given)
    with pytest.raises(error, match=says):
        begun(store, weights=given)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"kind": "merger"}, "merger in row 1, AAA.*split or dividend"),
        ({"value": 0}, "0 in row 1, AAA.*above 0"),
        ({"value": -1.0}, "-1.0 in row 1, AAA.*above 0"),
        ({"value": "x"}, "x in row 1, AAA.*above 0"),
        ({"symbol": "AAB"}, "Did you mean 'AAA'"),
    ],
)
def test_bad_facts_get_a_sentence(store: Any, row: dict[str, Any], says: str) -> None:
    with pytest.raises(TapeheadError, match=says):
        begun(store, facts=[{**FACTS[0], **row}])
    with pytest.raises(ParameterError, match="facts='', "):
        begun(store, facts="")
    with pytest.raises(ParameterError, match=r"AAA at 2024-02-05T00:00:00Z in rows 1 and 2.*once"):
        begun(store, facts=[FACTS[0], {**FACTS[0], "value": 2.0}])


@pytest.mark.parametrize(("basis", "kind"), [("all", "dividend"), ("all", "split"), ("split", "split"), ("split", "")])
def test_facts_that_prices_have_taken_out_are_refused(basis: Any, kind: str) -> None:
    one = Instrument("test", "AAA", basis=basis)
    facts = [{**FACTS[0], "kind": kind or "dividend"}]
    if not kind:
        assert len(read_given({"facts": facts}, [one], [one], Rules())["facts"].rows) == 1
        return
    with pytest.raises(ParameterError, match=f"{kind} in row 1, AAA.*taken out already"):
        read_given({"facts": facts}, [one], [one], Rules())


def test_an_account_without_tables_is_told_as_ever() -> None:
    assert Pooling().to_json() == {}
    assert Pooling.from_json({"weights": "equal", "rebalance": "month"}).weights == "equal"
