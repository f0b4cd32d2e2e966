"""Commands that list, describe, import or check."""

import csv
import io
import json
import shlex
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tapehead.errors import AmbiguousFileError, ImportConflictError
from tests.unit.cli.conftest import Call
from tests.unit.cli.scripted import FIRST, RUN, ScriptedStore


def test_import_reports_what_is_not_zero_and_what_to_do_next(call: Call, store: ScriptedStore) -> None:
    called = call("import", "a.csv", "--venue", "binance", "--columns", "ts=date,close=c", "--unit", "ms")
    assert called.code == 0
    assert called.out.splitlines() == [
        "a.csv   100 rows, 97 bars kept, 1 symbol",
        "  interval 1h: 99.96 % of steps",
        "  defect                   count  first example (UTC)  what was done",
        "  no usable price or time      3  row 17 2019-01-01    set aside",
        "  bar missing, 1 hole          4                       nothing filled",
        "  set aside in all             3                       in quarantine",
        "  ! the same bytes as ETHUSDT",
        "1 instrument: 97 bars added, 0 unchanged, 0 superseded in 0.50 s",
        "Commit 1, which is the store's snapshot now.  Next:",
        "  tapehead undo 1",
        "      takes it back",
        "  tapehead instruments",
        "      what the store holds",
        "  tapehead coverage binance:BTCUSDT --quarantine",
        "      the rows set aside",
        "  tapehead backtest RsiReversion --symbols binance:BTCUSDT",
        "      a first run",
    ]
    assert max(map(len, called.out.splitlines())) <= 80
    assert store.asked[-1][1]["columns"] == {"ts": "date", "close": "c"}
    assert store.asked[-1][1]["paths"] == ("a.csv",)


def test_a_refused_import_repeats_what_was_decided(call: Call, store: ScriptedStore) -> None:
    path = "my bars/a'b.csv"
    store.refusal = AmbiguousFileError(path=path, cause="no kind", flag="--kind equity")
    said = call("import", path, "--tz", "Asia/Kolkata", "--columns", "close=c,open=o", "--strict").err
    words = shlex.split(said.partition("Decide it: tapehead ")[2])
    options = ["--tz", "Asia/Kolkata", "--columns", "close=c", "--columns", "open=o", "--strict"]
    assert [word for word in words if word not in options] == ["import", path, "--kind", "equity"]
    assert sorted(word for word in words[2:-2]) == sorted(options)


def test_each_way_out_repeats_what_it_does_not_decide(call: Call, store: ScriptedStore) -> None:
    ways = "Keep it apart: tapehead import a.csv --venue NAME. Or let it win: tapehead import a.csv --supersede"
    store.refusal = ImportConflictError(f"a.csv: 9 of 9 bars differ. {ways}", path="a.csv")
    said = call("import", "a.csv", "--venue", "binance", "--tz", "UTC").err
    assert "Keep it apart: tapehead import a.csv --tz UTC --venue NAME." in said
    assert said.endswith("Or let it win: tapehead import a.csv --venue binance --tz UTC --supersede\n")


def test_import_as_json_is_the_report(call: Call) -> None:
    document = json.loads(call("--json", "import", "a.csv").out)
    assert document["schema"] == "tapehead.import/1"
    assert document["total"]["rows"] == 100
    assert document["files"][0]["guesses"] == ["interval 1h: 99.96 % of steps"]


def test_a_dry_run_says_that_nothing_was_written(call: Call) -> None:
    assert call("import", "a.csv", "--dry-run").out.endswith("Dry run: nothing was written.\n")


@pytest.mark.parametrize("columns", ["ts", "time=t", "ts="])
def test_columns_are_pairs_of_known_names(call: Call, columns: str) -> None:
    called = call("import", "a.csv", "--columns", columns)
    assert called.code == 2
    assert "for instance --columns ts=date,close=c" in called.err


def test_instruments_with_coverage(call: Call) -> None:
    lines = call("instruments", "BTC").out.splitlines()
    assert lines[1] == "binance:BTCUSDT  crypto  1h        2019-01-01  2023-12-31 23:00  43,824"
    assert lines[-1] == "1 instrument, 43,824 bars"
    assert max(map(len, lines)) <= 80
    document = json.loads(call("instruments", "--json").out)
    assert document["schema"] == "tapehead.instruments/1"
    assert document["instruments"][0]["intervals"] == [
        {"interval": "1h", "first": "2019-01-01T00:00:00Z", "last": "2023-12-31T23:00:00Z", "rows": 43824}
    ]


def test_an_empty_store_says_what_to_do(call: Call, store: ScriptedStore) -> None:
    store.market = False
    assert "tapehead import PATH" in call("instruments").out
    assert call("instruments", "XYZ").out.startswith("No instrument fits.")


def test_universes(call: Call, store: ScriptedStore) -> None:
    assert call("universe", "list").out.splitlines()[1].split() == ["crypto", "2", "built", "in"]
    assert json.loads(call("universe", "list", "--json").out)["universe"] == [
        {"name": "crypto", "instruments": 2, "built_in": True, "where": None}
    ]
    assert json.loads(call("universe", "show", "crypto", "--json").out)["symbols"] == [
        "binance:BTCUSDT",
        "binance:ETHUSDT",
    ]
    assert "binance:ETHUSDT" in call("universe", "show", "crypto").out
    assert call("universe", "create", "majors", "--symbols", "BTCUSDT,ETHUSDT").code == 0
    assert store.asked[-1] == ("create_universe", ("majors", ("BTCUSDT", "ETHUSDT")))
    assert call("universe", "create", "liquid", "--where", "bars > 9").code == 0
    assert store.asked[-1] == ("create_universe", ("liquid", "bars > 9"))
    assert "neither is given" in call("universe", "create", "none").err
    assert call("universe", "delete", "majors").code == 0
    assert store.asked[-1] == ("delete_universe", "majors")
    unknown = call("universe", "show", "cryto")
    assert (unknown.code, unknown.err) == (2, "error: No universe 'cryto'. List them: tapehead universe list\n")


def test_strategies(call: Call) -> None:
    assert call("strategies").out.splitlines()[0] == "RsiReversion  Buy when RSI climbs."
    described = call("strategies", "RsiReversion").out.splitlines()
    assert described[-1].split() == ["period", "int", "14", "2", "200"]
    assert json.loads(call("--json", "strategies").out)["strategies"][0]["parameters"] == [
        {"name": "period", "kind": "int", "default": 14, "low": 2, "high": 200}
    ]
    unknown = call("strategies", "RsiRevesion")
    assert unknown.code == 2
    assert "Did you mean 'RsiReversion'?" in unknown.err


def test_runs_are_listed_and_removed(call: Call, store: ScriptedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = call("runs").out.splitlines()
    assert lines[1].split() == ["01JD8Q7K", "2019-01-01", "RsiReversion", "demo", "48", "completed"]
    monkeypatch.setenv("COLUMNS", "140")
    assert call("runs").out.splitlines()[1].endswith("completed   period=14 oversold=30 overbought=70")
    monkeypatch.setenv("COLUMNS", "80")
    assert call("runs", "list").out.splitlines() == lines
    document = json.loads(call("runs", "--json").out)
    assert document["runs"][0]["run"] == RUN
    assert len(document["runs"][0]["receipt"]) == 8
    assert call("runs", "rm", "01jd8q7k").out == f"Run {RUN} is removed.\n"
    assert store.asked[-1] == ("delete_run", RUN)
    assert call("runs", "rm", "02").code == 2


def test_what_costs_cannot_be_told_of_is_run_again_by_the_command_that_is_named(
    call: Call, store: ScriptedStore
) -> None:
    words = ("show", "01JD8Q7K", "SOLUSDT", "--costs")
    shown = call("--home", "/some home", *words).out.splitlines()
    assert shown[-2] == "A fee would change more than sizes here; run it at another fee:"
    named = shlex.split(shown[-1])
    assert named[1:] == [
        *("--home", "/some home", "backtest", "RsiReversion"),
        *("-p", "period=14", "-p", "oversold=30", "-p", "overbought=70"),
        *("--universe", "demo", "--interval", "1h", "--snapshot", "3", "--fee", "5bps"),
    ]
    assert call(*named[1:]).code == 0
    rules = replace(store.run_.spec.rules, fee=0.0005, stop_loss=0.05)
    symbols = ("binance:SOLUSDT", "binance:ETHUSDT")
    changed = replace(store.run_.spec, strategy="mine.py:Mine", universe=None, symbols=symbols, rules=rules)
    store.run_.spec = replace(changed, parameters={"word": "1e5"}, start=FIRST, adjust="split")
    store.run_.record = replace(store.run_.record, origin="/some/mine.py")
    told = json.loads(call("--json", *words).out)["trouble"]
    assert "another fee (no flag can say word: set it in the strategy's file): tapehead backtest" in told
    again = shlex.split(told.rpartition(": ")[2])[1:]
    assert call(*again).code == 0
    asked = {name: value for name, value in store.asked[-1][1].items() if value not in (None, {})}
    assert asked == {
        "strategy": "/some/mine.py:Mine", "symbols": symbols, "interval": "1h", "start": "2019-01-01",
        "snapshot": 3, "fee": "0.1%", "stop_loss": "5%", "adjust": "split", "fresh": False,
    }  # fmt: skip


def test_show_a_whole_run(call: Call) -> None:
    lines = call("show", "01JD8Q7K", "--top", "2").out.splitlines()
    assert lines[0] == "RsiReversion 14/30/70   48 instruments   1h   2019-01-01 to 2024-01-01 UTC"
    assert lines[4].split()[:3] == ["1", "SOLUSDT", "+412.6"]
    assert lines[6].strip() == "46 more; --top 48 shows all"
    assert any(line.startswith("  return        median -14.2 %") for line in lines)
    document = json.loads(call("show", "01JD8Q7K", "--json").out)
    assert document["schema"] == "tapehead.show/1"
    assert document["run"]["run"] == RUN
    assert len(document["results"]) == 48


def test_show_one_instrument(call: Call) -> None:
    lines = call("show", "01JD8Q7K", "SOLUSDT").out.splitlines()
    assert lines[0].startswith("binance:SOLUSDT   1h   2019-01-01 to 2019-02-11 16:00 UTC   1,000 bars")
    assert "  total_return          +412.6 %" in lines
    assert "  flags                 short_history" in lines
    document = json.loads(call("show", "01JD8Q7K", "SOLUSDT", "--json").out)
    assert document["result"]["metrics"]["total_return"] == 4.126


def test_show_adds_what_needs_the_whole_curve(call: Call, store: ScriptedStore) -> None:
    lines = call("show", "01JD8Q7K", "SOLUSDT").out.splitlines()
    assert "  ulcer                 7.9 %" in lines
    assert "  skew                  -  (zero_volatility)" in lines
    assert "growth" in lines
    assert max(map(len, lines)) <= 80
    document = json.loads(call("show", "01JD8Q7K", "SOLUSDT", "--rf", "2%", "--json").out)
    assert document["result"]["metrics"]["sharpe"] == 0.9
    assert document["result"]["why"] == {"skew": "zero_volatility"}
    store.run_.changed = True
    called = call("show", "01JD8Q7K", "SOLUSDT")
    assert called.code == 0
    assert "  ulcer" not in called.out
    assert "made again, its trades are others" in called.err
    assert "verify 01JD8Q7K" in json.loads(call("show", "01JD8Q7K", "SOLUSDT", "--json").out)["trouble"]
    assert call("show", "01JD8Q7K", "SOLUSDT", "--rf", "2%").code == 2


def test_show_as_another_tool(call: Call) -> None:
    lines = call("show", "01JD8Q7K", "SOLUSDT", "--compat", "backtesting.py").out.splitlines()
    assert lines[2:] == [
        "binance:SOLUSDT as backtesting.py 0.6.6 prints the same equity and trades",
        "  Start         2019-01-01 00:00:00",
        "  Sharpe Ratio  0.580623",
        "  SQN           -",
        "  of            backtesting.py",
    ]
    document = json.loads(call("show", "01JD8Q7K", "SOLUSDT", "--compat", "vectorbt", "--json").out)
    assert document["compat"]["Sharpe Ratio"] == 0.5806232244485349
    rows = list(csv.DictReader(io.StringIO(call("show", "01JD8Q7K", "SOLUSDT", "--compat", "vectorbt", "--csv").out)))
    assert rows[1] == {"name": "Sharpe Ratio", "value": "0.5806232244485349"}


def test_show_as_csv_keeps_every_digit(call: Call) -> None:
    rows = list(csv.DictReader(io.StringIO(call("show", "01JD8Q7K", "--csv").out)))
    assert len(rows) == 48
    assert rows[2]["instrument"] == "binance:X01USDT"
    assert float(rows[2]["total_return"]) == -0.142 - (1 - 18.5) / 1_000
    curve = list(csv.DictReader(io.StringIO(call("show", "01JD8Q7K", "SOLUSDT", "--equity", "--csv").out)))
    assert curve[0] == {"bar": "0", "time": "2019-01-01T00:00:00Z", "equity": "10000.0"}
    assert curve[-1]["bar"] == "999"


def test_show_the_receipt(call: Call) -> None:
    assert "digest      " + "ab" * 32 in call("show", "01JD8Q7K", "--receipt").out.splitlines()
    document = json.loads(call("show", "01JD8Q7K", "--receipt", "--json").out)
    assert document["receipt"]["digest"] == "ab" * 32


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--trades"], "--trades is of one instrument; name it: tapehead show 01JD8Q7K SYMBOL --trades"),
        (["NONSENSE", "--receipt"], "not of NONSENSE; leave that out: tapehead show 01JD8Q7K --receipt"),
        (["SOLUSDT", "--timings"], "--timings is of the whole run, not of SOLUSDT; leave that out: tapehead show"),
        (["--csv", "--receipt"], "--receipt is no table."),
        (["--csv", "--json"], "contradict each other"),
        (["--rf", "2%"], "--rf is of one instrument; name it: tapehead show 01JD8Q7K SYMBOL --rf 2%"),
        (["SOLUSDT", "--trades", "--compat", "vectorbt"], "--compat is about metrics, --trades shows none"),
        (["SOLUSDT", "--rf", "2%", "--compat", "vectorbt"], "leave it out: tapehead show 01JD8Q7K SOLUSDT --compat"),
    ],
)
def test_show_refuses_what_makes_no_sense(call: Call, words: list[str], sentence: str) -> None:
    called = call("show", "01JD8Q7K", *words)
    assert called.code == 2
    assert sentence in json.loads(called.err)["text"] if "--json" in words else sentence in called.err


@pytest.mark.parametrize(
    ("verdict", "code"),
    [("identical", 0), ("same decisions, metrics within 4 ulp (other CPU or libm)", 0), ("differs", 1)],
)
def test_verify_prints_its_verdict(call: Call, store: ScriptedStore, verdict: str, code: int) -> None:
    store.verdict = verdict
    called = call("verify", "01JD8Q7K")
    assert (called.code, called.out.splitlines()[0]) == (code, verdict)
    assert ("BTCUSDT trade 3" in called.out) == (code == 1)
    assert json.loads(call("verify", "01JD8Q7K", "--json").out)["schema"] == "tapehead.verify/1"


def test_doctor_names_the_cure_and_exits_1_when_a_check_fails(
    call: Call, store: ScriptedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("doctor").code == 0
    bad = SimpleNamespace(name="kernels", ok=False, text="not compiled", cure="Compile them: tapehead doctor")
    monkeypatch.setattr(store, "doctor", lambda **_: [bad])
    called = call("--home", "h", "doctor")
    assert called.code == 1
    assert called.out.splitlines() == [
        "FAIL  kernels  not compiled",
        "               Compile them: tapehead --home h doctor",
        "1 of 1 checks failed.",
    ]
    document = json.loads(call("--json", "doctor").out)
    assert (document["ok"], document["doctor"][0]["ok"]) == (False, False)


def test_doctor_compiles_where_it_is_asked(call: Call, store: ScriptedStore) -> None:
    assert call("doctor", "--warm").code == 0
    assert call("doctor").code == 0
    assert store.asked[-2:] == [("doctor", True), ("doctor", False)]


def test_demo_makes_the_market_then_runs_on_it(call: Call, store: ScriptedStore) -> None:
    called = call("--home", ".demo", "demo", "--instruments", "48", "--years", "5", "--seed", "7", "--no-serve")
    assert called.code == 0
    assert ("demo", (48, 5, 7)) in store.asked
    assert store.asked[-1][1] == {
        "strategy": "RsiReversion",
        "workers": None,
        "universe": "demo",
        "fee": "10bps",
        "fresh": True,
    }
    assert called.out.startswith("A synthetic market: 48 made-up instruments x 5 years of 1h bars, seed 7.\n")
    commands = [line.strip() for line in called.out.splitlines() if line.startswith("  tapehead ")]
    assert len(commands) == 4
    assert all(command.startswith("tapehead --home .demo ") for command in commands)


def test_demo_as_json_is_one_document(call: Call) -> None:
    document = json.loads(call("demo", "--json").out)
    assert (document["schema"], document["universe"], document["run"]) == ("tapehead.demo/1", "demo", RUN)
    assert document["completed"]["count"] == 48
