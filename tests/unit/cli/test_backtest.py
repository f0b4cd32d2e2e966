"""`tapehead backtest` against a run that says what it is told to."""

import json

import pytest

from tapehead.cli.board import Board
from tapehead.cli.ink import Ink
from tapehead.cli.table import Glyphs, progress_line, table_lines
from tapehead.errors import StrategyError
from tapehead.model.events import Failed, Progress, Result, Started, Warned, to_bytes
from tests.unit.cli.conftest import Call
from tests.unit.cli.scripted import RUN, ScriptedStore, completed, drawn_events, drawn_results, result

DRAWING = """\
RsiReversion 14/30/70   48 instruments   1h   2019-01-01 to 2024-01-01 UTC
2,049,312 bars   fill next open   fee 10 bps a side, slippage 0   snapshot 3

   #  symbol         return %  sharpe  max dd %  trades  win %     pf  equity
   1  SOLUSDT          +412.6   +0.98     -71.3      88     58   1.41  ▁▂▂▃▄▆█▇
   2  BNBUSDT          +186.0   +0.77     -58.9     141     61   1.30  ▁▁▃▄▅▆▇█
   3  BTCUSDT           +62.4   +0.51     -48.2     147     63   1.22  ▂▁▃▅▄▆▇█
   4  ETHUSDT           +31.9   +0.40     -66.0     139     60   1.11  ▁▂▅▇█▅▄▅
   5  DOTUSDT   !        -4.1   +0.02     -74.8      92     55   0.97  ▃▅█▅▂▁▁▂
      43 more; --top 48 shows all
48 done, 0 failed, 2 warnings in 0.06 s   first result 4 ms   34 M bars/s
  return        median -14.2 %   4 of 48 above 0   3 of 48 beat buy and hold
  costs         10 bps a side cost 11.8 % at the median; it breaks even at 4 bps
  look-ahead    none: 8 cuts x 48 instruments, past unchanged bit for bit
  intrabar      2 of 4,477 trades depend on the order inside a bar
  ! DOTUSDT     27 bars missing in 4 holes, nothing filled
  ! SOLUSDT     starts 2020-08-11, 14,132 bars fewer than asked
Kept as run 01JD8Q7K, receipt 9f31c2e0.  Next:
  tapehead show 01JD8Q7K SOLUSDT      trades and metrics of one instrument
  tapehead verify 01JD8Q7K            make it again and compare every bit
"""


def test_it_looks_as_the_contract_draws_it(call: Call) -> None:
    called = call("backtest", "RsiReversion", "--universe", "demo", "--fee", "10bps", "--top", "5")
    assert called.out == DRAWING
    assert called.err == ""
    assert called.code == 0


def test_the_progress_line_is_the_contract_s() -> None:
    board = Board(total=48, done=38, bars_per_s=31e6, eta_ms=10.0)
    line = progress_line(board, 80, Ink(on=False), Glyphs())
    assert line == " ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸        38 of 48   31 M bars/s   0.01 s left"


def test_no_progress_line_is_wider_than_its_window() -> None:
    for width in (20, 40, 60, 80, 200):
        for done in (0, 1, 47, 48):
            board = Board(total=48, done=done, bars_per_s=31e6, eta_ms=1e7)
            assert len(progress_line(board, width, Ink(on=False), Glyphs())) <= width


def test_a_narrow_window_drops_columns_from_the_right(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "64")
    lines = call("backtest", "RsiReversion", "--universe", "demo", "--top", "5").out.splitlines()
    titles = next(line for line in lines if "symbol" in line)
    assert titles.endswith("win %")
    assert all(len(line) <= 64 for line in lines if line[:4].strip().isdigit())


def test_a_wide_window_does_not_stretch_the_table(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = call("backtest", "RsiReversion", "--universe", "demo", "--top", "5").out
    monkeypatch.setenv("COLUMNS", "200")
    assert call("backtest", "RsiReversion", "--universe", "demo", "--top", "5").out == wide


def test_rows_are_sorted_by_the_asked_metric_and_undefined_ones_come_last(call: Call, store: ScriptedStore) -> None:
    rows = [
        result(("AUSDT", 0.1, 1.0, -0.1, 1, 1.0, None, "▁█", ()), {"profit_factor": "no_losses"}),
        result(("BUSDT", None, 3.0, -0.1, 0, 0.0, None, "▁█", ()), {"total_return": "too_short"}),
        result(("CUSDT", 0.2, 2.0, -0.1, 1, 1.0, 1.0, "▁█", ())),
    ]
    store.run_.script = [Started(RUN, {}, 3, 1), *(Result(RUN, one, 1.0) for one in rows), completed(count=3)]

    def order(*words: str) -> list[str]:
        out = call("backtest", "RsiReversion", "--universe", "demo", *words).out
        return [line.split()[1] for line in out.splitlines() if line[:4].strip().isdigit()]

    assert order() == ["CUSDT", "AUSDT", "BUSDT"]
    assert order("--sort", "sharpe") == ["BUSDT", "CUSDT", "AUSDT"]
    assert order("--sort", "instrument") == ["AUSDT", "BUSDT", "CUSDT"]


def test_no_losses_are_infinity_and_nothing_defined_is_a_dash() -> None:
    why = {"profit_factor": "no_losses"}
    rows = [
        result(("AUSDT", None, 0.0, -0.0, 0, 0.0, None, "", ()), why),
        result(("BUSDT", 15.5, -0.001, 0.0, 12_345, 1.0, None, "▁", ())),
    ]
    board = Board.of(rows, "instrument")
    first, second = table_lines(board.best(2), 80, Ink(on=False), Glyphs())[1:]
    assert first.split() == ["1", "AUSDT", "-", "0.00", "0.0", "0", "0", "∞"]
    assert second.split() == ["2", "BUSDT", "+1,550", "0.00", "0.0", "12,345", "100", "-", "▄"]


def test_two_venues_of_one_symbol_are_told_apart() -> None:
    rows = [result(("AUSDT", 0.1, 0.0, 0.0, 0, 0.0, 1.0, "▁", ())) for _ in range(2)]
    object.__setattr__(rows[1], "instrument", "okx:AUSDT")
    lines = table_lines(Board.of(rows, "instrument").best(2), 80, Ink(on=False), Glyphs())
    assert "binance:AUS…" in lines[1]
    assert "okx:AUSDT" in lines[2]


def test_json_is_each_event_as_its_canonical_bytes(call: Call) -> None:
    called = call("--json", "backtest", "RsiReversion", "--universe", "demo")
    lines = called.out.splitlines()
    assert [line.encode() for line in lines] == [to_bytes(event, n) for n, event in enumerate(drawn_events(), 1)]
    assert json.loads(lines[-1])["event"] == "completed"
    assert called.err == ""


def test_a_failed_instrument_makes_exit_code_1(call: Call, store: ScriptedStore) -> None:
    row, failure = drawn_results()[0], Warned(RUN, "binance:ETHUSDT", "store.no_bars", "No bars for ETHUSDT.")
    store.run_.script = [Started(RUN, {}, 2, 1), Result(RUN, row, 1.0), failure, completed(count=1, failed=1)]
    called = call("backtest", "RsiReversion", "--universe", "demo")
    assert called.code == 1
    assert "1 done, 1 failed, 0 warnings in 0.06 s" in called.out
    assert "  ! ETHUSDT     No bars for ETHUSDT." in called.out


def test_a_strategy_that_fails_everywhere_is_bad_input(call: Call, store: ScriptedStore) -> None:
    text = str(StrategyError(strategy="Mine", instrument="binance:ETHUSDT", place="my.py:7", cause="boom"))
    failure = Warned(RUN, "binance:ETHUSDT", "strategy.failed", text)
    store.run_.script = [Started(RUN, {}, 1, 1), failure, completed(count=0, failed=1)]
    called = call("backtest", "my.py:Mine", "--universe", "demo")
    assert called.code == 2
    assert called.err == "error: Mine failed on binance:ETHUSDT at my.py:7: boom.\n"


def test_a_run_that_fails_as_a_whole_ends_with_the_code_of_its_error(call: Call, store: ScriptedStore) -> None:
    store.run_.script = [Started(RUN, {}, 1, 1), Failed(RUN, "store.disk_full", "No space left.", 0)]
    called = call("backtest", "RsiReversion", "--universe", "demo")
    assert (called.code, called.err) == (3, "error: No space left.\n")


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_ctrl_c_cancels_and_keeps_what_is_done(call: Call, store: ScriptedStore, flags: tuple[str, ...]) -> None:
    store.run_.stop_after = 12
    called = call(*flags, "backtest", "RsiReversion", "--universe", "demo")
    assert called.code == 130
    if flags:
        assert json.loads(called.out.splitlines()[-1])["event"] == "cancelled"
    else:
        assert "10 of 48 done, then stopped; they are kept" in called.out
        assert "tapehead show 01JD8Q7K " in called.out


def test_only_what_was_given_is_asked_for(call: Call, store: ScriptedStore) -> None:
    call("backtest", "RsiReversion", "--universe", "demo")
    assert store.asked[-1] == (
        "backtest",
        {"strategy": "RsiReversion", "workers": None, "universe": "demo", "parameters": {}, "fresh": False},
    )


def test_a_demo_that_stays_writes_no_document(call: Call, store: ScriptedStore) -> None:
    for words in (("--json", "demo", "--serve"), ("demo", "--serve", "--json")):
        called = call(*words)
        assert (called.code, called.out) == (2, "")
        assert "--serve and --json contradict each other" in called.err
    assert store.asked == []


def test_every_setting_goes_to_the_store(call: Call, store: ScriptedStore) -> None:
    words = "-p period=7 -p oversold=25.5 -p mode=fast --symbols BTCUSDT,okx:ETHUSDT --interval 1h --start 2021-01-01 "
    words += "--end 2022-01-01 --snapshot 3 --fee 10bps --slippage 2bps --fill close --size 50% --cash 5000 --both "
    words += "--close-at-end --max-wait 3 --executor serial --workers 1 --sort sharpe --top 3 --fresh "
    words += "--flip --lot 0.1 --tick 0.5 --stop-loss 5% --take-profit 10% --trail 3% --time-stop 9 --path ohlc "
    words += "--limit-through 0 --valid-bars 4 --day --on-conflict enter --min-notional 10 --leverage 3 "
    words += "--maintenance 1% --pyramid 2 --band 5% --borrow 3% --cash-rate 2% --entry-window 09:30-15:00 "
    words += "--square-off 15:45 --no-overnight"
    call("backtest", "my.py:Mine", *words.split())
    assert store.asked[-1][1] == {
        "strategy": "my.py:Mine",
        "parameters": {"period": 7, "oversold": 25.5, "mode": "fast"},
        "symbols": ("BTCUSDT", "okx:ETHUSDT"),
        "interval": "1h",
        "start": "2021-01-01",
        "end": "2022-01-01",
        "snapshot": 3,
        "fee": "10bps",
        "slippage": "2bps",
        "fill": "close",
        "size": "50%",
        "cash": 5000.0,
        "close_at_end": True,
        "max_wait": 3,
        "side": "both",
        "flip": True,
        "lot": 0.1,
        "tick": 0.5,
        "stop_loss": "5%",
        "take_profit": "10%",
        "trail": "3%",
        "time_stop": 9,
        "path": "ohlc",
        "limit_through": 0,
        "valid_bars": 4,
        "day": True,
        "on_conflict": "enter",
        "min_notional": 10.0,
        "leverage": 3.0,
        "maintenance": "1%",
        "pyramid": 2,
        "band": "5%",
        "borrow": "3%",
        "cash_rate": "2%",
        "entry_window": "09:30-15:00",
        "square_off": "15:45",
        "overnight": False,
        "executor": "serial",
        "workers": 1,
        "fresh": True,
    }


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["RsiReversion"], "neither is given"),
        (["RsiReversion", "--universe", "a", "--symbols", "B"], "both are given"),
        (["RsiReversion", "--universe", "a", "-p", "period"], "'period' is not name=value"),
        (["RsiReversion", "--universe", "a", "-p", "a=1", "-p", "a=2"], "a is given twice, 1 and 2"),
        (["RsiReversion", "--symbols", " , "], "it names no instrument"),
        (["RsiReversion", "--universe", "a", "--workers", "0"], "'0' is neither auto nor a number from 1 to 1,024"),
        (["RsiReversion", "--universe", "a", "--sort", "sharp"], "Did you mean 'sharpe'?"),
        (["RsiReversion", "--universe", "a", "--univrse", "b"], "Did you mean '--universe'?"),
        (["RsiReversion", "--universe", "a", "--max-wait", "-1"], "-1 is not in the range x>=0"),
        (["RsiReversion", "--universe", "a", "--executor", "serial", "--workers", "2"], "serial has one worker, not 2"),
        ([], "Missing argument"),
    ],
)
def test_bad_words_get_a_sentence_and_exit_code_2(
    call: Call, store: ScriptedStore, words: list[str], sentence: str
) -> None:
    called = call("backtest", *words)
    assert called.code == 2
    assert called.out == ""
    assert called.err.startswith("error: ")
    assert sentence in called.err
    assert called.err.count("\n") == 1
    assert not store.asked


def test_what_many_share_is_said_once(call: Call, store: ScriptedStore) -> None:
    warned = [Warned(RUN, f"binance:X{i}", "data.holes", "1 bar missing") for i in range(4)]
    alone = Warned(RUN, "binance:A", "data.short_history", "starts late")
    script = [Started(RUN, {}, 5, 1), Result(RUN, drawn_results()[0], 1.0), *warned, alone, completed(count=5)]
    store.run_.script = script
    lines = call("backtest", "RsiReversion", "--universe", "demo").out.splitlines()
    assert "  ! 4 of 5      1 bar missing" in lines
    assert "  ! A           starts late" in lines
    assert any("5 warnings" in line for line in lines)


def test_warnings_beyond_a_few_are_counted_and_shown_by_v(call: Call, store: ScriptedStore) -> None:
    warned = [Warned(RUN, f"binance:X{i}", "data.holes", f"hole {i}") for i in range(20)]
    store.run_.script = [Started(RUN, {}, 1, 1), Result(RUN, drawn_results()[0], 1.0), *warned, completed(count=1)]
    assert "  ! 12 more warnings; -v shows all" in call("backtest", "RsiReversion", "--universe", "demo").out
    out = call("-v", "backtest", "RsiReversion", "--universe", "demo").out
    assert sum(line.startswith("  ! X") for line in out.splitlines()) == 20


def test_a_reused_run_says_so(call: Call, store: ScriptedStore) -> None:
    row = drawn_results()[0]
    store.run_.script = [Started(RUN, {}, 1, 1), Result(RUN, row, 1.0), completed(count=1, reused=True)]
    out = call("backtest", "RsiReversion", "--universe", "demo").out
    assert "  reused        an equal run answered; --fresh computes it again" in out
    assert "bars/s" not in out


def test_a_tier_that_does_not_work_is_shown(call: Call, store: ScriptedStore) -> None:
    store.run_.script = [
        Started(RUN, {}, 0, 1),
        Progress(RUN, 0, 0, 0.0, 0.0),
        completed(count=0, degraded=("hot tier: no space",)),
    ]
    assert "  degraded      hot tier: no space" in call("backtest", "RsiReversion", "--universe", "demo").out


def test_compat_adds_the_table_of_another_tool(call: Call) -> None:
    lines = call("backtest", "RsiReversion", "--universe", "demo", "--compat", "vectorbt").out.splitlines()
    at = lines.index("binance:SOLUSDT as vectorbt 1.2.0 prints the same equity and trades")
    assert lines[at + 2] == "  Sharpe Ratio  0.580623"
    assert lines[at + 5].startswith("Kept as run ")
    events = [
        json.loads(line)
        for line in call(
            "backtest", "RsiReversion", "--universe", "demo", "--compat", "empyrical", "--json"
        ).out.splitlines()
    ]
    assert all(("compat" in event) == (event["event"] == "result") for event in events)
    assert next(event for event in events if event["event"] == "result")["compat"]["of"] == "empyrical"
