"""A portfolio as a run: kept, reused, verified, its rows and its sum, and every sentence of bad input."""

from __future__ import annotations

import html
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tapehead as th
from tapehead.errors import (
    CurrencyError,
    ParameterError,
    PortfolioError,
    SharedAccountError,
    TapeheadError,
    UnknownIndicatorError,
    WeightsError,
)
from tapehead.model.events import Cancelled, Completed
from tapehead.model.instrument import Instrument
from tapehead.model.pooling import ACCOUNT, Pooling
from tests.unit.library.market import columns_of, house_of, put

TARGETS = """
import numpy as np
from tapehead import Signals, strategy

@strategy
class Half:
    def signals(self, bars):
        return Signals(target=np.full(len(bars), 0.5))
"""
ON_BAR = """
from tapehead import bar_strategy

@bar_strategy
class Asked:
    def on_bar(self, bar, position, orders):
        orders.buy()
"""
WARMED = """
import sys
import numpy as np
from tapehead.kernels import moments, portfolio
from tapehead.kernels.jit import readonly

def loaded():
    rooms = {room.__name__: vars(room) for room in (moments, portfolio)}
    kernels = {(name, one.__name__): one for name, room in rooms.items() for one in room.values()
               if hasattr(one, "signatures") and one.__module__ == name}
    return {name: len(one.signatures) for name, one in kernels.items() if one.signatures}

for room in (moments, portfolio):
    room.warm(readonly(np.linspace(1.0, 2.0, 16)))
warm = loaded()
import tapehead as th
with th.open(sys.argv[1]) as store:
    store.portfolio("SmaCross", universe="demo", max_positions=2, fresh=True).wait()
print(len(warm), loaded() == warm)
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Six instruments, a year of hours each."""
    with th.open(tmp_path_factory.mktemp("shared")) as opened:
        opened.demo(instruments=6, years=1)
        yield opened


@pytest.fixture(scope="module")
def run(store: Any) -> Any:
    """A portfolio that went to its end."""
    words: dict[str, Any] = {"universe": "demo", "size": "40%", "fee": "10bps", "max_positions": 3, "rank": "roc(24)"}
    return store.portfolio("SmaCross", **words).wait()


def test_the_shares_of_all_sum_to_the_profit(run: Any) -> None:
    rows = {row.instrument: row for row in run.results()}
    account = rows.pop(ACCOUNT)
    assert len(rows) == 6
    profit = account.final_equity - 10_000.0
    assert math.isclose(sum(row.metrics["profit"] for row in rows.values()), profit, rel_tol=1e-9)
    assert account.metrics["trades"] == sum(row.metrics["trades"] for row in rows.values()) > 50
    assert account.metrics["positions_most"] == 3
    assert account.metrics["total_return"] == pytest.approx(profit / 10_000.0)
    assert set(run["account"].trades.tag.tolist()) == {1, 2, 3, 4, 5, 6}


def test_it_is_kept_reused_and_made_again_to_the_last_bit(store: Any, run: Any) -> None:
    words: dict[str, Any] = {"universe": "demo", "size": "40%", "fee": "10bps", "max_positions": 3, "rank": "roc(24)"}
    again = store.portfolio("SmaCross", **words)
    assert again.id == run.id
    assert [event.reused for _, event in again.events() if isinstance(event, Completed)] == [True]
    checked = store.verify(run.id, apart=False)
    assert (checked.verdict, checked.compared) == ("identical", 7)
    kept = store.run(run.id)
    assert kept.spec.portfolio == Pooling(max_positions=3, rank="roc(24)")
    other = store.portfolio("SmaCross", **words | {"max_positions": 2}).wait()
    assert other.id != run.id


def test_its_end_tells_the_return_of_the_account_and_counts_instruments_alone(store: Any, run: Any) -> None:
    words: dict[str, Any] = {"universe": "demo", "size": "40%", "fee": "10bps", "max_positions": 3, "rank": "roc(24)"}
    again = store.portfolio("SmaCross", **words)
    (done,) = [event for _, event in again.events() if isinstance(event, Completed)]
    assert again.id == run.id
    rows = {row.instrument: row.metrics["total_return"] for row in run.results()}
    account = rows.pop(ACCOUNT)
    assert done.outcome == {"median_return": account, "profitable": sum(gain > 0 for gain in rows.values())}


def test_the_account_is_measured_and_its_instruments_say_whose_money_it_is(run: Any) -> None:
    equity = run.equity("account")["equity"]
    assert equity[-1] == run["account"].final_equity
    assert run.metrics("account").ulcer > 0.0
    assert np.array_equal(run.times("account"), run.equity("account").ts)
    symbol = next(row.instrument for row in run.results() if row.instrument != ACCOUNT)
    for ask in (run.account, run.equity):
        with pytest.raises(SharedAccountError, match="tapehead show"):
            ask(symbol)
    assert (run.costs(symbol), run.costs("account"), run.cost_basis("account")) == ([], [], None)


def test_trades_of_the_account_name_their_instruments(store: Any, run: Any) -> None:
    """As they come, as they are kept, as a table, and over their bytes."""
    for one in (run, store.run(run.id)):
        trades = one["account"].trades
        names = sorted(row.instrument for row in one.results() if row.instrument != ACCOUNT)
        assert trades.to_arrow()["instrument"].to_pylist() == [names[tag - 1] for tag in trades.tag]
        assert trades.digest() == one["account"].decisions
    for name in names:
        own = [row["profit"] for row in run[name].trades.rows()]
        assert [row["profit"] for row in trades.rows() if row["instrument"] == name] == own
    assert run.money_points("account") == dict.fromkeys(names, 1.0)


def test_trades_of_the_run_are_those_of_its_instruments_each_once(run: Any) -> None:
    table, account = run.trades(), run["account"].trades
    assert set(table.instrument.tolist()) == {row["instrument"] for row in account.rows()}
    assert sorted(table.profit.tolist()) == sorted(account.profit.tolist())


def test_what_is_asked_of_one_that_goes_on_waits_for_it(store: Any) -> None:
    words: dict[str, Any] = {"universe": "demo", "max_positions": 2, "fresh": True}
    for ask in (lambda one: one.shares(), lambda one: one.equity("account"), lambda one: one.trades()):
        begun = store.portfolio("SmaCross", start="2019-10-01", **words).start()
        assert len(ask(begun).to_arrow()) > 0
        assert begun.record.state == "completed"


def test_orders_of_the_account_are_those_of_its_instruments(run: Any) -> None:
    whole, times = run.orders("account"), run.times("account")
    assert np.all(np.diff(whole.decided) >= 0)
    trades = run["account"].trades
    rows = {name: [row for row in whole.rows() if row["instrument"] == name] for name in set(whole.instrument.tolist())}
    assert {status for each in rows.values() for status in (row["status"] for row in each)} >= {"filled", "no_place"}
    for name, found in rows.items():
        own, opens = list(run.orders(name).rows()), run.times(name)
        assert [row["price"] for row in found if row["status"] == "filled"] == [
            row["price"] for row in own if row["status"] == "filled"
        ]
        assert [times[row["decided"]] for row in found] == [opens[row["decided"]] for row in own]
        closed = [row for row in found if 0 <= row["trade"] < len(trades)]
        assert {str(trades.instrument[row["trade"]]) for row in closed} == {name}
        assert all(row["bar"] in (trades.entry_bar[row["trade"]], trades.exit_bar[row["trade"]]) for row in closed)


def test_a_trade_is_explained_by_what_its_fills_found(run: Any) -> None:
    """The cash before the first fill of an instant is that at the end of the instant before it, to the last bit."""
    course, trades = run.equity("account"), run["account"].trades
    places, firsts = set(), 0
    for number in range(1, len(trades) + 1, 7):
        told = run.explain("account", number)
        assert told == run.explain(told["instrument"], told["number"])
        assert told["instrument"] == trades.instrument[number - 1]
        entry, leave = told["account"]["entry"], told["account"]["exit"]
        assert entry["cash_after"] == pytest.approx(entry["cash"] - entry["value"] - entry["fee"])
        assert entry["value"] == pytest.approx(told["trade"]["entry_price"] * told["trade"]["quantity"])
        assert entry["rank"] == told["decision"]["lines"]["rank"]
        assert (entry["positions"] + entry["places_free"], told["paths"]) == (3, {})
        for bar, side in ((trades.entry_bar[number - 1], entry), (trades.exit_bar[number - 1], leave)):
            if not side["before"]:
                firsts += 1
                assert side["cash"] == course.cash[bar - 1]
        mine = entry["queue"][entry["queue_place"] - 1]
        assert (mine["instrument"], mine["value"]) == (told["instrument"], entry["value"])
        keys = [(-one["rank"], one["instrument"]) for one in entry["queue"]]
        assert keys == sorted(keys)
        places |= {one["status"] for one in entry["queue"]} | {entry["all_cash"]}
    assert firsts > 20
    assert {"filled", True, False} <= places
    with pytest.raises(ParameterError, match="trade must be a number from 1 to"):
        run.explain("account", len(trades) + 1)


def test_each_instrument_tells_what_it_brought_and_cost(store: Any, run: Any) -> None:
    shares, rows = run.shares(), {row.instrument: row for row in run.results()}
    account = rows.pop(ACCOUNT)
    assert shares.instrument.tolist() == sorted(rows)
    assert float(shares.profit.sum()) == pytest.approx(account.final_equity - 10_000.0)
    assert float(shares.share.sum()) == pytest.approx(1.0)
    for place, name in enumerate(shares.instrument.tolist()):
        metrics = rows[name].metrics
        assert (shares.profit[place], shares.trades[place]) == (metrics["profit"], metrics["trades"])
        assert shares.fees[place] == metrics["fees_paid"]
        turned = [row["status"] for row in run.orders(name).rows()]
        assert (shares.no_cash[place], shares.no_place[place]) == (turned.count("no_cash"), turned.count("no_place"))
    with pytest.raises(ParameterError, match="a portfolio"):
        store.backtest("SmaCross", symbols=["BTCUSDT"]).wait().shares()


def test_the_sheet_of_a_portfolio_tells_of_its_account_and_its_shares(store: Any, run: Any, tmp_path: Path) -> None:
    """Live or kept the same bytes; the figures are those that the run kept."""
    made = run.report(tmp_path / "live.html")
    store.run(run.id).report(tmp_path / "kept.html", "account")
    assert (tmp_path / "live.html").read_bytes() == (tmp_path / "kept.html").read_bytes()
    text = (tmp_path / "live.html").read_text(encoding="utf-8")
    assert (made.instruments, text.count("data-trade=")) == (6, 500)
    for told in ("one account", "Equity of the account", "Invested and cash", "Positions held",
                 "Share of each instrument", "no break-even fee", "max positions"):  # fmt: skip
        assert told in text
    for row in run.results():
        if row.instrument != ACCOUNT:
            assert f'data-row="{row.instrument}"' in text
            assert f'data-value="{row.metrics["profit"]!r}"' in text
    assert "curves are missing" not in text
    assert "cannot be made again" not in text


def test_a_weight_is_explained_with_those_it_was_solved_with(store: Any) -> None:
    words: dict[str, Any] = {"universe": "demo", "weights": "equal", "rebalance": "week", "max_positions": 2}
    made = store.portfolio("BuyAndHold", rank="roc(168)", fee="10bps", **words).wait()
    told = made.explain("account", 2)
    entry, fills = told["account"]["entry"], told["account"]["fills"]
    assert (entry["weight"], entry["sizing"], told["decision"]["lines"]["target"]) == (0.5, "weight", 0.5)
    assert entry["value"] == pytest.approx(0.5 * entry["equity"], rel=0.01)
    assert len(fills) == told["trade"]["fills"]
    assert sum(one["units_after"] - one["units"] for one in fills) == pytest.approx(0.0)


def test_warming_leaves_nothing_of_a_portfolio_to_compile(store: Any) -> None:
    """In a process of its own, since here other tests have called the kernels with whatever they had."""
    done = subprocess.run([sys.executable, "-c", WARMED, str(store.home)], capture_output=True, text=True, check=True)
    count, equal = done.stdout.split()
    assert (int(count) >= 4, equal) == (True, "True")


def test_without_a_size_each_place_has_one_share(store: Any) -> None:
    shared = store.portfolio("SmaCross", universe="demo", max_positions=4).wait()
    assert shared.spec.rules.size == 0.25
    assert shared["account"].metrics["positions_most"] == 4
    assert store.portfolio("SmaCross", universe="demo", max_positions=4, size="25%").id == shared.id
    whole = store.portfolio("SmaCross", universe="demo", max_positions=4, size="100%")
    assert (whole.spec.rules.size, store.portfolio("SmaCross", universe="demo").spec.rules.size) == (1.0, 1.0)


def test_equal_weights_of_the_best_are_rebalanced(store: Any) -> None:
    words: dict[str, Any] = {"universe": "demo", "weights": "equal", "rebalance": "week", "max_positions": 2}
    made = store.portfolio("BuyAndHold", rank="roc(168)", **words).wait()
    account = made["account"]
    assert account.metrics["positions_most"] == 2
    assert 0.9 < account.metrics["exposure_mean"] <= 1.001
    assert len(account.trades) > 10


def daily(symbol: str, days: list[date], price: float) -> th.Bars:
    """Bars of a day each, at one price."""
    ts = np.array(days, "datetime64[us]").astype(np.int64)
    flat = np.full(len(days), price)
    return th.Bars.from_arrays(ts, flat, flat, flat, flat, interval="1d", symbol=symbol, venue="test")


def test_equal_weights_bear_a_bar_that_misses_at_the_end_of_a_month(tmp_path: Path) -> None:
    """B has none on the last day of January, none in all of February; each has half wherever both trade."""
    days = [date(2024, 1, 1) + timedelta(day) for day in range(100)]
    some = [day for day in days if day != date(2024, 1, 31) and day.month != 2]
    with th.open(tmp_path / "apart") as opened:
        for symbol, own, price in (("AAA", days, 10.0), ("BBB", some, 50.0)):
            opened.append(daily(symbol, own, price), kind="crypto")
        made = opened.portfolio("BuyAndHold", universe="all", weights="equal", rebalance="month").wait()
        account = made["account"]
        assert account.metrics["positions_most"] == 2
        assert account.metrics["cash_least"] == pytest.approx(0.0, abs=1e-6)
        assert opened.verify(made.id, apart=False).verdict == "identical"
        words: dict[str, Any] = {"universe": "all", "weights": "equal", "rebalance": "month"}
        half = opened.portfolio("BuyAndHold", **words, leverage=0.5, size="50%").wait()
        assert half["account"].metrics["cash_least"] == pytest.approx(5_000.0)


def test_a_month_before_the_start_gives_no_weights(tmp_path: Path) -> None:
    """However many bars a rank reads before the start: the end of February is the first date."""
    days = [date(2024, 1, 1) + timedelta(day) for day in range(100)]
    with th.open(tmp_path / "early") as opened:
        for symbol in ("AAA", "BBB"):
            opened.append(daily(symbol, days, 10.0), kind="crypto")
        words: dict[str, Any] = {"universe": "all", "weights": "equal", "rebalance": "month", "start": "2024-02-01"}
        for rank in ("", "roc(5)"):
            made = opened.portfolio("BuyAndHold", rank=rank, **words).wait()
            cash = made.equity("account")["cash"]
            assert int(np.argmax(np.asarray(cash) < 1.0)) == 29


def test_a_cancelled_portfolio_keeps_no_half_and_is_begun_anew(store: Any) -> None:
    begun = store.portfolio("SmaCross", universe="demo", size="20%", fresh=True)
    begun.start()
    begun.cancel()
    assert [type(event) for _, event in begun.events()][-1] is Cancelled
    assert begun.results() == []
    whole = store.resume(begun.id).wait()
    assert len(whole.results()) == 7
    assert store.verify(whole.id, apart=False).verdict == "identical"


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        ({"max_positions": 0}, ParameterError, "at least 1"),
        ({"rank": "roc(63"}, ParameterError, "rank"),
        ({"rank": "rok(63)"}, UnknownIndicatorError, "Did you mean 'roc'"),
        ({"rebalance": "fortnight"}, ParameterError, "month"),
        ({"weights": "equal"}, ParameterError, "--rebalance month"),
        ({"weights": "mine", "rebalance": "month"}, ParameterError, "equal"),
        ({"settle": "T+2"}, ParameterError, "T\\+0 or T\\+1"),
        ({"settle": "T+1", "leverage": 2.0}, ParameterError, "leverage"),
        ({"currency": "dollars"}, ParameterError, "USD"),
        ({"path": "both"}, ParameterError, "one past"),
        ({"start": "2050-01-01"}, TapeheadError, "the store holds"),
    ],
)
def test_bad_input_gets_a_sentence(store: Any, words: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        store.portfolio("SmaCross", universe="demo", **words)


def test_weights_beyond_the_leverage_are_refused_with_date_and_sum(store: Any, tmp_path: Path) -> None:
    path = tmp_path / "half.py"
    path.write_text(TARGETS)
    with pytest.raises(WeightsError, match=r"sum to 3 at 20.*leverage of 1.*--weights equal"):
        store.portfolio(f"{path}:Half", universe="demo").wait()


def test_a_strategy_that_is_asked_bar_by_bar_is_refused(store: Any, tmp_path: Path) -> None:
    path = tmp_path / "asked.py"
    path.write_text(ON_BAR)
    made = store.portfolio(f"{path}:Asked", universe="demo")
    with pytest.raises(TapeheadError):
        made.wait()
    assert {one.code for one in made.warnings} == {PortfolioError.code}


def test_a_currency_without_a_rate_is_refused_and_one_with_is_settled(tmp_path: Path) -> None:
    """The euro a dollar is worth doubles over the year, and what the currency makes stands in the shares."""
    path = tmp_path / "rates" / "USDTEUR.csv"
    path.parent.mkdir()
    days = (date(2018, 12, 1) + timedelta(day) for day in range(2_000))
    lines = [f"{day},{p},{p},{p},{p},5" for k, day in enumerate(days) for p in [round(0.5 + k / 1000, 3)]]
    path.write_text("date,open,high,low,close,volume\n" + "\n".join(lines) + "\n")
    with th.open(tmp_path / "home") as opened:
        opened.demo(instruments=2, years=1)
        with pytest.raises(CurrencyError, match="USDTEUR or EURUSDT"):
            opened.portfolio("BuyAndHold", universe="demo", currency="EUR", size="50%")
        opened.import_files(path, interval="1d", venue="fx", kind="crypto")
        plain = opened.portfolio("BuyAndHold", universe="demo", size="50%").wait()["account"]
        made = opened.portfolio("BuyAndHold", universe="demo", currency="EUR", size="50%").wait()
        account, rows = made["account"], [row for row in made.results() if row.instrument != ACCOUNT]
        assert account.final_equity > 1.2 * plain.final_equity
        assert sum(row.metrics["profit"] for row in rows) == pytest.approx(account.final_equity - 10_000.0)
        assert opened.verify(made.id, apart=False).verdict == "identical"


def shaped(symbol: str, rows: list[tuple[float, float, float, float]]) -> th.Bars:
    """Bars of a day each: open, high, low and close."""
    ts = np.array([date(2024, 1, 1) + timedelta(day) for day in range(len(rows))], "datetime64[us]").astype(np.int64)
    return th.Bars.from_arrays(ts, *np.array(rows, np.float64).T, interval="1d", symbol=symbol, venue="test")


def written(path: Path, body: str) -> str:
    """A strategy `Mine` in a file; `at` counts its bars."""
    path.write_text(
        "import numpy as np\nfrom tapehead import Signals, strategy\n\n@strategy\nclass Mine:\n"
        f"    def signals(self, bars):\n        at = np.arange(len(bars))\n        return Signals({body})\n"
    )
    return f"{path}:Mine"


def test_what_is_sold_with_others_finds_the_equity_of_the_account(tmp_path: Path) -> None:
    """Three are reduced at one open, and sold at another, at one price and free: equity is 1000 all the while."""
    mine = written(tmp_path / "mine.py", "target=np.where(at < 3, 0.3, np.where(at < 6, 0.1, 0.0))")
    with th.open(tmp_path / "home") as opened:
        for symbol in ("AAA", "BBB", "CCC"):
            opened.append(shaped(symbol, [(10.0,) * 4] * 9), kind="crypto")
        run = opened.portfolio(mine, universe="all", cash=1_000).wait()
        for number in (1, 2, 3):
            told = run.explain("account", number)["account"]
            assert [one["equity"] for one in told["fills"]] == pytest.approx([1_000.0] * 3)
            assert [one["value"] for one in told["fills"]] == pytest.approx([300.0, 200.0, 100.0])


def test_an_addition_that_is_sold_in_its_own_bar_is_no_price(tmp_path: Path) -> None:
    """30 at 10 and 28.1 at 11, all sold at the stop in that bar: no value is told, equity is cash and worth before."""
    mine = written(tmp_path / "mine.py", "enter=at < 2, stop=np.where(at == 1, 11.0, np.nan)")
    words: dict[str, Any] = {"pyramid": 3, "stop_loss": "10%", "size": "30%", "cash": 1_000}
    with th.open(tmp_path / "home") as opened:
        opened.append(shaped("AAA", [(10.0,) * 4, (10.0,) * 4, (10.0, 11.5, 9.2, 9.3), (9.3,) * 4]), kind="crypto")
        run = opened.portfolio(mine, universe="all", **words).wait()
        trade, told = next(run["account"].trades.rows()), run.explain("account", 1)["account"]
    assert (trade["fills"], trade["quantity"]) == (3, pytest.approx(30.0 + 0.3 * 1_030.0 / 11.0))
    first, last = told["fills"]
    assert (first["value"], last["value"]) == (pytest.approx(300.0), None)
    assert (last["cash"], last["equity"], last["units"], last["units_after"]) == pytest.approx(
        (700.0, 1_000.0, 30.0, 0.0)
    )
    assert (last["locked"], last["taken"]) == (0.0, 0)


def test_weights_fill_as_weights_whatever_limit_the_strategy_named(tmp_path: Path) -> None:
    mine = written(tmp_path / "mine.py", "enter=at < 4, leave=at == 5, limit=np.full(len(bars), 9.0)")
    with th.open(tmp_path / "home") as opened:
        opened.append(shaped("AAA", [(10.0,) * 4] * 9), kind="crypto")
        run = opened.portfolio(mine, universe="all", weights={"2024-01-01": {"AAA": 0.5}}).wait()
        told = run.explain("account", 1)
    assert told["entry"]["rule"].startswith("market order")
    assert told["decision"]["lines"]["limit"] == 9.0


def test_an_instrument_in_an_unknown_currency_has_no_rate(tmp_path: Path) -> None:
    with th.open(tmp_path / "home") as opened:
        put(house_of(opened), [(Instrument("test", "AAA"), hourly(9, 9, 10, 12))])
        with pytest.raises(CurrencyError, match="test:AAA is in a currency that is not known, the account in EUR"):
            opened.portfolio("BuyAndHold", symbols=["AAA"], currency="EUR")
        assert opened.portfolio("BuyAndHold", symbols=["AAA"]).wait()["account"].final_equity > 10_000.0


@pytest.mark.parametrize("server", ["", "postgres"])
def test_known_and_unknown_currencies_do_not_mix_until_they_are_told(
    tmp_path: Path, server: str, request: pytest.FixtureRequest
) -> None:
    """2,000 euros are 2,500 dollars of a share that doubles, 5,000, and these are as many euros when 1.25 is 1."""
    for folder, symbol, first, last in (("sp", "AAA", 15, 30), ("sp", "BBB", 15, 30), ("fx", "EURUSD", 1.25, 1)):
        (tmp_path / folder).mkdir(exist_ok=True)
        days = [date(2018, 12, 5 if folder == "sp" else 1) + timedelta(day) for day in range(40)]
        prices = [first if k < 20 else last for k in range(40)]
        lines = [f"{day},{p},{p},{p},{p},5" for day, p in zip(days, prices, strict=True)]
        (tmp_path / folder / f"{symbol}.csv").write_text("date,open,high,low,close,volume\n" + "\n".join(lines) + "\n")
    asked: dict[str, Any] = {"size": "20%", "interval": "1d"}
    with th.open(request.getfixturevalue(server) if server else tmp_path / "home") as opened:
        head = opened.import_files(tmp_path / "sp", tmp_path / "fx").snapshot
        shares, every = {**asked, "symbols": ["AAA", "BBB"]}, {**asked, "symbols": ["AAA", "BBB", "EURUSD"]}
        assert opened.portfolio("BuyAndHold", **shares).wait()["AAA"].metrics["profit"] == pytest.approx(2_000.0)
        step = "tapehead import FILE --venue sp --quote "
        for words, own in ((every, ""), (every, "USD"), (shares, "EUR")):
            says = rf"sp:AAA is in a currency that is not known \(nor is that of 1 other\).*{step}{own or 'USD'}$"
            with pytest.raises(CurrencyError, match=says):
                opened.portfolio("BuyAndHold", currency=own or None, **words)
        told = opened.import_files(tmp_path / "sp", quote="USD")
        assert (told.snapshot, told.total.added, told.total.unchanged) == (head + 1, 0, 80)
        assert {row.instrument.quote for row in opened.instruments()} == {"USD"}
        euros = opened.portfolio("BuyAndHold", currency="EUR", **shares).wait()
        assert [euros[name].metrics["profit"] for name in ("AAA", "BBB")] == pytest.approx([3_000.0] * 2)
        assert opened.portfolio("BuyAndHold", **every).wait()["EURUSD"].metrics["profit"] == pytest.approx(-400.0)
        assert opened.verify(euros.id, apart=False).verdict == "identical"


def hourly(*prices: float) -> Any:
    """Columns of bars of an hour each, of one price."""
    held = columns_of(len(prices))
    return held | {name: np.array(prices, np.float64) for name in ("open", "high", "low", "close")}


def test_a_return_is_on_the_money_that_was_paid(tmp_path: Path) -> None:
    """80 units at 10 and a rate of 1.25, sold at 12 and 1.5: 440 on 1000; a fifth of one of 50 a point: 100 on 1000.

    The rates are those of the bars before, which are over.
    """
    mine = written(tmp_path / "mine.py", "enter=at == 1, leave=at == 3")
    with th.open(tmp_path / "home") as opened:
        many = [
            (Instrument("test", "AAA", quote="USD"), hourly(9, 9, 10, 10, 12, 12, 12)),
            (Instrument("test", "BBB", quote="EUR", multiplier=50.0), hourly(100, 100, 100, 100, 110, 110, 110)),
            (Instrument("fx", "USDEUR", quote="EUR"), hourly(1.25, 1.25, 1.3, 1.5, 1.7, 1.7, 1.7)),
        ]
        put(house_of(opened), many)
        run = opened.portfolio(mine, symbols=["AAA", "BBB"], currency="EUR", size="10%").wait()
        assert run["account"].trades.profit.tolist() == pytest.approx([440.0, 100.0])
        assert [run[name].metrics["best_trade_return"] for name in ("AAA", "BBB")] == pytest.approx([0.44, 0.1])
        metrics = run["account"].metrics
        assert [metrics[f"{name}_trade_return"] for name in ("best", "worst")] == pytest.approx([0.44, 0.1])
        other, beside = run.compat("account", "vectorbt"), run.compat("account", "backtesting.py")
        assert (other["Best Trade [%]"], other["Worst Trade [%]"]) == pytest.approx((44.0, 10.0))
        assert {other["Max Gross Exposure [%]"], other["Benchmark Return [%]"], beside["Beta"]} == {None}
        run.report(tmp_path / "made.html", "account")
        (tmp_path / "mine.py").unlink()
        opened.run(run.id).report(tmp_path / "left.html", "account")
    for name in ("made", "left"):
        page = (tmp_path / f"{name}.html").read_text(encoding="utf-8")
        rows = re.findall(r"<tr data-trade.*?</tr>", page)
        assert [f">{gain}</td>" in row for gain, row in zip(("+44.00", "+10.00"), rows, strict=True)] == [True, True]
        assert "Prices in each instrument's currency, returns and money in EUR" in html.unescape(page)
