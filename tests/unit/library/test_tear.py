"""What a tear sheet draws: points, marks, bars, months, the moving Sharpe ratio, the mean, and numbers as text."""

import datetime
import math
import random
import statistics
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.cli import numbers
from tapehead.library.tear import charts, figures, scales
from tapehead.library.tear.mean import Mean
from tapehead.library.tear.returns import bar_returns, drawdown, monthly, rolling_sharpe
from tapehead.library.tear.words import FLAGS, METRICS, flag_words, metric_word
from tapehead.simulation.simulate import SEEN

HOUR = 3_600_000_000
DAY = 24 * HOUR
finite = st.floats(-1e9, 1e9, allow_subnormal=False)


def at(text: str) -> int:
    """A time in us UTC."""
    return int(np.datetime64(text, "us").astype(np.int64))


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(finite, min_size=1, max_size=400), st.integers(4, 60))
def test_thinning_keeps_ends_and_extremes(values: list[float], points: int) -> None:
    kept = scales.thinned(np.array(values), points).tolist()
    assert len(kept) <= max(points, 4)
    assert {0, len(values) - 1} <= set(kept)
    shown = [values[place] for place in kept]
    assert (min(shown), max(shown)) == (min(values), max(values))
    assert kept == sorted(set(kept))


@settings(max_examples=100, derandomize=True, deadline=None)
@given(finite, st.floats(1e-6, 1e9))
def test_marks_are_round_rising_and_inside(low: float, span: float) -> None:
    found = scales.linear_marks(low, low + span)
    if len(found) > 1:
        step = found[1] - found[0]
        assert 2 <= len(found) <= 12
        assert low - step * 1e-6 <= found[0]
        assert found[-1] <= low + span + step * 1e-6
        assert all(b > a for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [(1.0, 1_000.0, [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]), (0.9, 1.3, [0.9, 1.0, 1.1, 1.2, 1.3])],
)
def test_logarithmic_marks(low: float, high: float, wanted: list[float]) -> None:
    found = scales.log_marks(low, high)
    assert set(np.round(found, 9)) <= set(wanted)
    assert 3 <= len(found) <= 8


@pytest.mark.parametrize(
    ("first", "last", "wanted"),
    [
        ("2019-01-01", "2024-01-01", ["2019", "2020", "2021", "2022", "2023", "2024"]),
        ("2021-01-15", "2021-05-02", ["2021-02", "2021-03", "2021-04", "2021-05"]),
        ("2021-01-15", "2021-01-18", ["01-15 00:00", "01-15 12:00", "01-16 00:00"]),
        ("1990-06-01", "2024-01-01", ["1995", "2000", "2005"]),
    ],
)
def test_times_are_named_by_their_unit(first: str, last: str, wanted: list[str]) -> None:
    found = scales.time_marks(at(first), at(last))
    assert [text for _, text in found][: len(wanted)] == wanted
    assert all(at(first) <= time <= at(last) for time, _ in found)
    assert len(found) <= 9


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=200))
def test_every_value_falls_into_a_bar_and_none_holds_both_signs(values: list[float]) -> None:
    edges, counts = scales.histogram(np.array(values))
    assert counts.sum() == len(values)
    assert (np.diff(edges) > 0).all()
    if edges[0] < 0 < edges[-1]:
        assert np.isclose(edges, 0.0, atol=1e-12).any()


def test_months_chain_to_the_whole_return() -> None:
    rng = random.Random(4)
    closes = np.array([at("2020-12-30T05:00") + HOUR * k for k in range(24 * 100)])
    equity = np.array([10_000 * math.exp(rng.gauss(0, 0.01)) for _ in closes])
    found = monthly(closes, equity, 10_000.0)
    assert found.years == [2020, 2021]
    known = [value for row in found.returns.tolist() for value in row if math.isfinite(value)]
    assert len(known) == 5
    assert math.prod(1 + value for value in known) == pytest.approx(equity[-1] / 10_000)
    assert math.prod(1 + value for value in found.totals.tolist()) == pytest.approx(equity[-1] / 10_000)
    wanted = last_of_month(closes.tolist(), equity.tolist(), (2021, 1)) / last_of_month(
        closes.tolist(), equity.tolist(), (2020, 12)
    )
    assert found.returns[1, 0] == pytest.approx(wanted - 1)


def last_of_month(closes: list[int], equity: list[float], month: tuple[int, int]) -> float:
    """Equity at the last close that belongs to a month; midnight belongs to the day before."""
    utc = datetime.UTC
    dates = [datetime.datetime.fromtimestamp((t - 1) // 1_000_000, utc) for t in closes]
    return next(e for d, e in reversed(list(zip(dates, equity, strict=True))) if (d.year, d.month) == month)


def test_a_month_without_a_bar_has_no_return_and_an_empty_account_none_after() -> None:
    closes = np.array([at("2021-01-10"), at("2021-03-10"), at("2021-04-10"), at("2021-05-10")])
    found = monthly(closes, np.array([110.0, 121.0, 0.0, 0.0]), 100.0)
    returns = found.returns[0].tolist()
    assert returns[0] == pytest.approx(0.1)
    assert returns[2:4] == [pytest.approx(0.1), -1.0]
    assert all(math.isnan(returns[month]) for month in (1, 4, 5))


def test_the_moving_sharpe_ratio_is_that_of_its_window() -> None:
    rng = random.Random(1)
    returns = [rng.gauss(0.0002, 0.01) for _ in range(1_000)]
    returns[200:330] = [0.0] * 130
    found = rolling_sharpe(np.array(returns), 252.0)
    assert found is not None
    assert (found.window, found.words) == (126, "half a year")
    for end, value in zip(found.ends.tolist(), found.sharpe.tolist(), strict=True):
        part = returns[end - 125 : end + 1]
        deviation = statistics.stdev(part)
        if deviation == 0:
            assert math.isnan(value)
        else:
            assert value == pytest.approx(statistics.fmean(part) / deviation * math.sqrt(252.0))


@pytest.mark.parametrize(
    ("bars", "periods", "window"), [(100, 252, None), (130, 252, 63), (9, 12, None), (61, 365.25, 30)]
)
def test_a_short_range_has_a_shorter_window_or_none(bars: int, periods: float, window: int | None) -> None:
    found = rolling_sharpe(np.full(bars, 0.01), periods)
    assert (found and found.window) == window


def test_returns_and_drawdown_begin_at_the_cash() -> None:
    equity = np.array([90.0, 120.0, 60.0])
    assert bar_returns(equity, 100.0).tolist() == pytest.approx([-0.1, 1 / 3, -0.5])
    assert drawdown(equity, 100.0).tolist() == pytest.approx([-0.1, 0.0, -0.5])


def test_the_mean_counts_cash_before_and_what_was_left_after() -> None:
    mean = Mean(0, 5 * HOUR, HOUR)
    assert (mean.closes // HOUR).tolist() == [1, 2, 3, 4, 5, 6]
    mean.add(np.arange(1, 7) * HOUR, np.array([10.0, 20, 30, 40, 50, 60]), None, 10.0)
    mean.add(np.array([3, 5]) * HOUR, np.array([300.0, 100.0]), np.array([200.0, 400.0]), 100.0)
    wanted = [(1 + 1) / 2, (2 + 1) / 2, (3 + 3) / 2, (4 + 3) / 2, (5 + 1) / 2, (6 + 1) / 2]
    assert mean.equity.tolist() == wanted
    assert mean.held.tolist() == [1.0, 1.0, 1.5, 1.5, 2.5, 2.5]


def test_the_grid_of_a_mean_is_bounded_and_reaches_the_last_close() -> None:
    mean = Mean(0, 1_000_000 * HOUR, HOUR)
    assert len(mean.closes) <= 200_000
    assert mean.closes[-1] >= 1_000_001 * HOUR


def test_days_of_a_mean_are_those_on_which_something_traded() -> None:
    mean = Mean(0, 9 * DAY, DAY)
    mean.add(np.array([1, 2, 3, 8, 9, 10]) * DAY, np.arange(1.0, 7.0), None, 1.0)
    closes, returns = mean.daily()
    assert (closes // DAY).tolist() == [1, 2, 3, 8, 9, 10]
    assert returns.tolist() == pytest.approx([0.0, 1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5])


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (math.nan, "–"), (math.inf, "–"), (-0.0, "0.00"), (-0.001, "0.00"), (1.5, "+1.50"),
     (-23.14, "−23.14"), (1_234.5, "+1,234"), (-12_345_678.0, "−12.3 M"), (9.9e15, "+9.9 P")],
)  # fmt: skip
def test_numbers_as_text(value: float | None, text: str) -> None:
    assert figures.signed(value) == text


def test_columns_and_labels_share_their_decimals() -> None:
    assert figures.column([1_933.004, 4_347.32, -0.5]) == ["1,933.004", "4,347.320", "−0.500"]
    assert figures.column([0.00001234, 2.0]) == ["0.00001234", "2.00000000"]
    assert figures.labels([-0.01, -0.005, 0.0], percent=True, sign=True) == ["−1.0", "−0.5", "0.0"]
    assert figures.labels([0.0, 50_000.0, 2e7]) == ["0", "50,000", "20.0 M"]


def test_a_long_hole_breaks_the_line_and_is_hatched() -> None:
    ts = np.concatenate([np.arange(100), np.arange(200, 300)]) * DAY
    chart = charts.time_chart(ts, [charts.Trace(np.arange(200.0), "equity")], label="x", marks=figures.labels)
    assert 'data-gap="101 days missing"' in chart
    assert chart.split('class="line equity"')[0].rpartition('d="')[2].count("M") == 2
    nights = np.arange(200) * DAY + np.repeat(np.arange(40) * 2 * DAY, 5)
    whole = charts.time_chart(nights, [charts.Trace(np.arange(200.0), "equity")], label="x", marks=figures.labels)
    assert "data-gap" not in whole


@pytest.mark.parametrize("log", [False, True])
def test_money_beyond_all_counting_is_not_drawn(log: bool) -> None:
    ts = np.arange(4, dtype=np.int64)
    huge = charts.Trace(np.array([1e308, 1.2e308, np.inf, 1.7e308]), "equity")
    assert "nothing to draw" in charts.time_chart(ts, [huge], label="x", marks=figures.labels, log=log)


@pytest.mark.parametrize("name", [*numbers.METRICS, *numbers.TAIL])
def test_a_sheet_draws_every_metric_as_the_terminal_does(name: str) -> None:
    word, (_, unit) = metric_word(name), {**numbers.METRICS, **numbers.TAIL}[name]
    assert word.meaning, f"{name} has no words in tear/words.py"
    assert word.unit.startswith("%") == unit.startswith("%")


def test_metrics_of_other_names_and_flags_have_words() -> None:
    assert metric_word("best_trade_return").unit == "%"
    assert metric_word("total_return_optimistic").title == "Total return, optimistic"
    assert metric_word("something_else").title == "Something else"
    assert all(word.title and word.meaning for word in METRICS.values())


def test_every_flag_of_the_engine_has_words() -> None:
    flags = {word for _, word in SEEN} | {"across_gap", "delisted", "side_ignored"}
    assert flags <= set(FLAGS)
    assert all(flag_words(flag) != flag.replace("_", " ") for flag in FLAGS)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("percent", "1.2"), ("signed_percent", "+1.2"), ("fine_percent", "1.23"), ("basis_points", "123.4"),
     ("signed", "+0.01"), ("ratio", "0.01"), ("signed_money", "+0.01"), ("count", "0"), ("days", "0.0")],
)  # fmt: skip
def test_each_kind_has_its_format(kind: figures.Kind, text: str) -> None:
    assert figures.drawn(kind, 0.01234) == text
    assert figures.drawn(kind, None) == "–"
