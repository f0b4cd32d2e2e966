"""compute: what goes in, in which order it comes out, and what is said of a question that is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import tapehead as th
from tapehead.errors import ParameterError, UnknownIndicatorError
from tapehead.indicators.catalogue import INDICATORS

DAY_US = 86_400_000_000
N = 90


def market(seed: int, n: int = N) -> dict[str, np.ndarray]:
    """Bars of one instrument as arrays."""
    rng = np.random.default_rng(seed)
    close = np.round(100 * np.exp(rng.normal(0, 0.01, n).cumsum()), 2)
    opening = np.concatenate([close[:1], close[:-1]])
    high, low = np.maximum(opening, close) + 0.5, np.minimum(opening, close) - 0.5
    volume = rng.integers(1, 99, n).astype(float)
    return {"ts": np.arange(n) * DAY_US, "open": opening, "high": high, "low": low, "close": close, "volume": volume}


def test_lines_of_bars_of_a_mapping_and_of_a_frame_are_the_same() -> None:
    held = market(1)
    asked = ("rsi", "bollinger(20, width=1.5)", "sma(volume, 5)", "mfi(period=9)")
    bars = th.Bars.from_arrays(**held, interval="1d")
    of_bars = th.compute(bars, *asked, fast="ema(high, 3)")
    frame = pa.table({name.title(): pa.array(values) for name, values in held.items()})
    for made in (
        of_bars,
        th.compute(held, *asked, fast="ema(high, 3)"),
        th.compute(frame, *asked, fast="ema(high, 3)"),
    ):
        assert [*made.columns][1:] == [
            "rsi",
            *(f"bollinger(20, width=1.5).{line}" for line in ("upper", "middle", "lower")),
            "sma(volume, 5)",
            "mfi(period=9)",
            "fast",
        ]
        np.testing.assert_array_equal(made["rsi"], th.rsi(held["close"]))
        np.testing.assert_array_equal(made["sma(volume, 5)"], th.sma(held["volume"], 5))
        np.testing.assert_array_equal(made["fast"], th.ema(held["high"], 3))
        bands = th.bollinger(held["close"], 20, 1.5)
        np.testing.assert_array_equal(made["bollinger(20, width=1.5).upper"], bands.upper)
        assert not made["rsi"].flags.writeable
    assert next(iter(of_bars.columns)) == "ts"
    table = pa.table(of_bars)
    assert table.num_rows == len(of_bars) == N
    assert str(table.schema.field("ts").type) == "timestamp[us, tz=UTC]"


def test_many_instruments_in_one_call_are_each_its_own_in_any_order() -> None:
    names = [f"S{place:03d}" for place in range(500)]
    held = {name: market(place, 30 + place % 40) for place, name in enumerate(names)}
    columns = {key: np.concatenate([one[key] for one in held.values()]) for key in ("ts", "high", "low", "close")}
    owner = np.concatenate([np.full(len(one["ts"]), name) for name, one in held.items()])
    asked = ("rsi(5)", "supertrend(10)")
    by_name = th.compute(held, *asked)
    assert np.array_equal(by_name["instrument"], owner)
    mixed = np.random.default_rng(2).permutation(len(owner))
    mixed = mixed[np.argsort(columns["ts"][mixed], kind="stable")]
    shuffled = {key: values[mixed] for key, values in columns.items()}
    made = th.compute({**shuffled, "symbol": owner[mixed]}, *asked, by="symbol")
    assert np.array_equal(made["symbol"], owner[mixed])
    for name in ("rsi(5)", "supertrend(10).line", "supertrend(10).rising"):
        np.testing.assert_array_equal(made[name], by_name[name][mixed])
    for name in names[::50]:
        np.testing.assert_array_equal(by_name["rsi(5)"][owner == name], th.rsi(held[name]["close"], 5))


def test_rows_of_several_instruments_are_not_taken_for_one() -> None:
    two = {key: np.concatenate([line, line]) for key, line in market(1).items()}
    owner = np.repeat(["A", "B"], N)
    with pytest.raises(ParameterError, match=r"row 91 of 0 after 7689600000000: .* by='Name'"):
        th.compute({**two, "Name": owner}, "sma(5)")
    dated = {**two, "ts": two["ts"].astype("datetime64[us]")}
    with pytest.raises(ParameterError, match=r"row 91 of 1970-01-01T00:00:00.000000 after 1970-03-31"):
        th.compute(dated, "sma(5)")
    made = th.compute({**two, "Name": owner}, "sma(5)", by="Name")["sma(5)"]
    assert np.isnan(made[N : N + 4]).all()


def test_a_null_is_not_known_and_the_rest_is() -> None:
    frame = pa.table({"close": pa.array([1.0, None, 2.0, 4.0])})
    assert th.compute(frame, "roc(1)")["roc(1)"].tolist()[3] == 100.0
    assert np.isnan(th.compute(frame, "roc(1)")["roc(1)"][:3]).all()


@pytest.mark.parametrize("row", INDICATORS, ids=lambda row: row.name)
def test_every_indicator_can_be_asked_for_by_its_name(row: Any) -> None:
    held = {**market(3, 240), "benchmark": market(4, 240)["close"]}
    inputs = [held["close" if name == "values" else name] for name in row.inputs]
    direct = getattr(th, row.name)(*inputs)
    made = th.compute(held, row.name)
    for line, want in zip(row.outputs or (None,), direct if row.outputs else (direct,), strict=True):
        np.testing.assert_array_equal(made[row.name if line is None else f"{row.name}.{line}"], want)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("rsi(14", r"a call such as rsi\(14\); this one cannot be read from character 4 on"),
        ("rsi(1)", "a call with an integer of at least 2 for period at character 5"),
        ("rsi(2.5)", "a call with an integer of at least 2 for period at character 5"),
        ("t3(5, 2)", "a call with a number of at least 0 and at most 1 for factor at character 7"),
        ("rsi('a')", "an integer of at least 2"),
        ("rsi(99999999999)", "an integer of at least 2 and at most 2,147,483,647 for period at character 5"),
        ("rsi(length=3)", r"a call without length at character 12, such as rsi\(values, period=14\)"),
        ("rsi(3, period=4)", "without period at character 15"),
        ("rsi(3, 4)", "a call with 1 number at most"),
        ("ad(3)", "a call with 0 numbers at most"),
        ("sma(rsi(14), 5)", r"of columns and numbers, not of another call at character 5, such as sma\(values"),
        ("rsi(close, high)", "columns first, then numbers"),
        ("rsi(3, close)", "such as rsi"),
        ("1 + 2", "the name of an indicator or a call of it"),
        ("sma(turnover, 5)", r"no column turnover.*it has ts, open, high, low, close, volume"),
        ("sma(500)", r"sma\(period\)=500.*shorter: there are 90 bars, and sma knows nothing of the first period - 1"),
        ("beta", "no column benchmark"),
    ],
)
def test_a_question_that_is_none(asked: str, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        th.compute(market(5), asked)


def test_an_unknown_name_says_what_is_near() -> None:
    with pytest.raises(UnknownIndicatorError, match=r"No indicator 'bolinger'. Did you mean 'bollinger'\?"):
        th.compute(market(5), "bolinger(20)")


def test_tables_that_are_none() -> None:
    held = market(6)
    for wrong, said in (
        (3, "frame=a int"),
        ({**held, "close": np.array(["a"] * N)}, "column close"),
        ({"Close": held["close"], "CLOSE": held["close"]}, "columns Close and CLOSE"),
    ):
        with pytest.raises(ParameterError, match=said):
            th.compute(wrong, "rsi")
    with pytest.raises(ParameterError, match=r"by=symbol: by must be one of the columns ts, open"):
        th.compute(held, "rsi", by="symbol")
    with pytest.raises(ParameterError, match="asked once each"):
        th.compute(held)
    with pytest.raises(ParameterError, match="asked once each"):
        th.compute(held, "rsi", "rsi")
    for wrong in (14, None, ["rsi"]):
        with pytest.raises(ParameterError, match="indicators must be text, each such as"):
            th.compute(held, wrong)  # type: ignore[arg-type]  # what is none is the test
    with pytest.raises(ParameterError, match="columns=clos: columns must be by our names, close among them"):
        th.compute(held, "rsi", columns={"clos": "open"})
    with pytest.raises(ParameterError, match="volume of 3 rows: table must be columns of one length; others have 90"):
        th.compute({**held, "volume": held["volume"][:3]}, "rsi", "sma(volume, 2)")
    with pytest.raises(ParameterError, match="there is 1 bar, and rsi knows"):
        th.compute({"close": [1.0]}, "rsi")
    made = th.compute({"Adj Close": held["close"]}, "rsi", columns={"close": "Adj Close"})
    np.testing.assert_array_equal(made["rsi"], th.rsi(held["close"]))
