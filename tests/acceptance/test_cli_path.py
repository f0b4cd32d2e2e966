"""The path a user walks: import, look, run, show, verify; each by the real command."""

import csv
import io
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.program import FIRST, PROGRAM, environment, tapehead, write_bars
from tests.unit.cli.screen import Screen, run_on_pty

RUN = ("backtest", "RsiReversion", "--universe", "crypto", "--fee", "10bps")
VARIES = [
    (re.compile(r"\b01[0-9A-HJKMNP-TV-Z]{6,24}\b"), "RUN"),
    (re.compile(r"receipt [0-9a-f]{8}"), "receipt HEX"),
    (re.compile(r"[\d.,]+ (?:ms|s)\b"), "TIME"),
    (re.compile(r"[\d.,]+ (?:[Mk] )?bars/s"), "RATE"),
    (re.compile(r"\d+ cuts? (?:x|in) \d+ instruments?"), "CUTS"),
]


def steady(text: str) -> str:
    """Text without what differs from run to run."""
    for pattern, word in VARIES:
        text = pattern.sub(word, text)
    return re.sub(r" +", " ", text)


def kept_run(out: str) -> str:
    found = re.search(r"Kept as run (\w+), receipt [0-9a-f]{8}\.", out)
    assert found is not None, out
    return found[1]


def test_import_tells_what_it_saw_and_a_second_one_adds_nothing(tmp_path: Path) -> None:
    bars, home = write_bars(tmp_path / "binance", ("BTCUSDT", "ETHUSDT"), 1_000), tmp_path / "home"
    first = tapehead("--json", "import", bars, home=home)
    assert first.code == 0, first.err
    total = first.document["total"]
    assert first.document["schema"] == "tapehead.import/1"
    assert (total["rows"], total["added"], total["symbols"], total["superseded"]) == (1_988, 1_988, 2, 0)
    other = write_bars(tmp_path / "other", ("SOLUSDT",), 1_000)
    assert f"tapehead --home {home} instruments" in tapehead("import", other, home=home, cwd=tmp_path).out
    second = tapehead("import", bars, home=home, cwd=tmp_path)
    assert second.code == 0
    assert "0 bars added" in second.out
    assert "Nothing is new: the store stays at snapshot 2." in second.out


def test_a_dry_run_leaves_nothing(tmp_path: Path) -> None:
    bars, home = write_bars(tmp_path / "binance", ("BTCUSDT",), 200), tmp_path / "home"
    ended = tapehead("import", bars, "--dry-run", home=home)
    assert ended.code == 0, ended.err
    assert ended.out.endswith("Dry run: nothing was written.\n")
    assert tapehead("--json", "instruments", home=home).document["instruments"] == []


def test_instruments_and_universes(market: Path) -> None:
    listed = tapehead("instruments", "--json", home=market).document["instruments"]
    assert [row["instrument"] for row in listed] == ["binance:BTCUSDT", "binance:ETHUSDT", "binance:SOLUSDT"]
    assert [row["intervals"][0]["rows"] for row in listed] == [3_000, 2_988, 2_100]
    assert listed[0]["intervals"][0]["first"] == "2021-01-01T00:00:00Z"
    assert "binance:BTCUSDT" in tapehead("instruments", "btc", home=market).out
    assert tapehead("universe", "create", "two", "--symbols", "BTCUSDT,ETHUSDT", home=market).code == 0
    names = [row["name"] for row in tapehead("universe", "list", "--json", home=market).document["universe"]]
    assert {"crypto", "two"} <= set(names)
    members = tapehead("universe", "show", "two", "--json", home=market).document["symbols"]
    assert members == ["binance:BTCUSDT", "binance:ETHUSDT"]
    assert tapehead("universe", "delete", "two", home=market).code == 0
    assert tapehead("universe", "show", "two", home=market).code == 2


def test_strategies_name_their_bounds(market: Path) -> None:
    listed = tapehead("strategies", "--json", home=market).document["strategies"]
    assert {"RsiReversion", "SmaCross", "BuyAndHold"} <= {row["name"] for row in listed}
    period = next(row for row in listed if row["name"] == "RsiReversion")["parameters"][0]
    assert period == {"name": "period", "kind": "int", "default": 14, "low": 2, "high": 200}
    assert "period" in tapehead("strategies", "RsiReversion", home=market).out


def test_a_run_is_drawn_in_eighty_columns_and_kept(market: Path) -> None:
    ended = tapehead(*RUN, "--fresh", home=market)
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[0] == "RsiReversion 14/30/70   3 instruments   1h   2021-01-01 to 2021-05-06 UTC"
    assert re.fullmatch(r"8,088 bars   fill next open   fee 10 bps a side, slippage 0   snapshot 1", lines[1])
    assert lines[2] == "survivorship: unknown"
    assert lines[4] == "   #  symbol         return %  sharpe  max dd %  trades  win %     pf  equity"
    assert {line[6:13] for line in lines[5:8]} == {"BTCUSDT", "ETHUSDT", "SOLUSDT"}
    assert re.match(r"3 done, 0 failed, \d warnings? in [\d.]+ s   first result ", lines[8])
    assert any(re.fullmatch(r"  ! ETHUSDT     12 bars missing in 1 hole, nothing filled", line) for line in lines)
    assert all(len(line) <= 80 or line.startswith("  ") for line in lines)
    run = kept_run(ended.out)
    assert tapehead("runs", home=market).out.splitlines()[1].startswith(run)
    shown = tapehead("show", run, home=market).out
    assert lines[5] in shown.splitlines()


def test_every_command_it_prints_runs(market: Path) -> None:
    out = tapehead(*RUN, home=market).out
    commands = re.findall(r"^  tapehead (.*?)(?:   .*)?$", out, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        assert command.startswith(f"--home {market} ")
        assert tapehead(*command.split()).code == 0


def test_the_terminal_shows_what_the_pipe_gets(market: Path) -> None:
    words = ("--home", market.name, *RUN, "--fresh")
    piped = tapehead(*words, cwd=market.parent).out
    ended = run_on_pty([str(PROGRAM), *words], environment(TERM="xterm-256color"), cwd=market.parent)
    assert ended.code == 0
    assert steady(Screen(80).feed(ended.written).text) == steady(piped)
    assert "\x1b[2m" in ended.written


def test_json_events_count_and_digest_agree(market: Path) -> None:
    ended = tapehead("--json", *RUN, "--fresh", home=market)
    assert ended.code == 0
    events = ended.events
    assert events[0]["event"] == "started"
    assert events[0]["spec"]["fee"] == 0.001
    results = [event for event in events if event["event"] == "result"]
    assert len(results) == events[-1]["count"] == 3
    assert events[-1]["event"] == "completed"
    run = events[-1]["run"]
    assert len(run) == 26
    assert [event["id"] for event in events] == [f"{run}/{n}" for n in range(1, len(events) + 1)]
    shown = tapehead("--json", "show", run, home=market).document
    metrics = {row["instrument"]: row["metrics"] for row in shown["results"]}
    assert metrics == {event["instrument"]: event["metrics"] for event in results}


def test_an_equal_run_answers_unless_fresh(market: Path) -> None:
    words = ("--json", "backtest", "SmaCross", "--symbols", "BTCUSDT", "-p", "fast=7")
    first, second, third = (tapehead(*words, *extra, home=market).events for extra in ((), (), ("--fresh",)))
    assert [events[-1]["reused"] for events in (first, second, third)] == [False, True, False]
    assert first[-1]["digest"] == second[-1]["digest"] == third[-1]["digest"]
    assert first[-1]["run"] == second[-1]["run"] != third[-1]["run"]


@pytest.mark.parametrize("extra", [("--executor", "serial"), ("--workers", "1"), ("--workers", "auto")])
def test_the_executor_changes_no_digest(market: Path, extra: tuple[str, ...]) -> None:
    plain = tapehead("--json", *RUN, "--fresh", home=market).events[-1]["digest"]
    assert tapehead("--json", *RUN, "--fresh", *extra, home=market).events[-1]["digest"] == plain


def test_show_one_instrument_its_trades_and_its_curve(market: Path) -> None:
    run = kept_run(tapehead(*RUN, home=market).out)
    shown = tapehead("show", run, "BTCUSDT", home=market).out
    assert re.search(r"^  trades +\d+ closed$", shown, re.MULTILINE)
    rows = list(csv.DictReader(io.StringIO(tapehead("show", run, "BTCUSDT", "--trades", "--csv", home=market).out)))
    document = tapehead("--json", "show", run, "BTCUSDT", "--trades", home=market).document
    assert len(rows) == len(document["trades"]) == document["result"]["metrics"]["trades"]
    assert [float(row["profit"]) for row in rows] == [trade["profit"] for trade in document["trades"]]
    assert rows[0]["entry_time"].startswith("2021-")
    holed = tapehead("--json", "show", run, "ETHUSDT", "--trades", home=market).document["trades"]
    late = next(trade for trade in holed if trade["entry_bar"] > 700)
    opened = FIRST + timedelta(hours=late["entry_bar"] + 12)
    assert late["entry_time"] == opened.strftime("%Y-%m-%dT%H:%M:%SZ")
    table = tapehead("show", run, "BTCUSDT", "--trades", home=market).out.splitlines()
    assert len(table) == 3 + len(rows)
    curve = list(csv.DictReader(io.StringIO(tapehead("show", run, "BTCUSDT", "--equity", "--csv", home=market).out)))
    assert [float(point["equity"]) for point in curve] == document["result"]["equity"]
    assert len(tapehead("show", run, "--csv", home=market).out.splitlines()) == 4


def test_verify_says_identical(market: Path) -> None:
    run = kept_run(tapehead(*RUN, "--fresh", home=market).out)
    ended = tapehead("verify", run, home=market)
    assert (ended.code, ended.out.splitlines()[0]) == (0, "identical")
    document = tapehead("--json", "verify", run, home=market).document
    assert (document["verdict"], document["run"][: len(run)]) == ("identical", run)
    receipt = tapehead("--json", "show", run, "--receipt", home=market).document["receipt"]
    assert receipt["digest"] == document["digest"]


def test_runs_are_removed_by_prefix(market: Path) -> None:
    run = tapehead("--json", "backtest", "BuyAndHold", "--symbols", "BTCUSDT", "--fresh", home=market).events[-1]["run"]
    assert tapehead("runs", "rm", run.lower(), home=market).code == 0
    ended = tapehead("show", run, home=market)
    assert ended.code == 2
    assert ended.err.startswith(f"error: No run '{run}'.")


def test_doctor_finds_nothing_wrong_here(market: Path) -> None:
    document = tapehead("--json", "doctor", home=market).document
    assert document["schema"] == "tapehead.doctor/1"
    assert document["ok"] == all(check["ok"] is not False for check in document["doctor"])
    assert {"home", "disk", "kernels", "versions"} <= {check["name"] for check in document["doctor"]}


def test_a_strategy_of_one_s_own_file(market: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    ended = tapehead("backtest", "mine.py:Mine", "--universe", "crypto", "-p", "period=9", home=market, cwd=tmp_path)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("Mine 9/")
    listed = tapehead("--json", "strategies", "mine.py", home=market, cwd=tmp_path).document["strategies"]
    assert [row["name"] for row in listed] == ["Mine"]


def test_bars_outside_the_range_are_not_counted(market: Path) -> None:
    words = ("backtest", "RsiReversion", "--universe", "crypto", "--start", "2021-02-10", "--end", "2021-03-10")
    shown = tapehead(*words, home=market).out.splitlines()[1]
    run = tapehead("--json", "runs", home=market).document["runs"][0]["run"]
    hours = sum(each["bars"] for each in tapehead("--json", "show", run, home=market).document["results"])
    assert shown.startswith(f"{hours:,} bars   fill next open")
    assert hours == 3 * 28 * 24
    assert tapehead("show", run, home=market).out.splitlines()[1] == shown


def test_a_small_demo(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    words = ("demo", "--instruments", "3", "--years", "1", "--seed", "7")
    first = tapehead(*words, home=home)
    assert first.code == 0, first.err
    assert first.out.startswith("A synthetic market: 3 made-up instruments x 1 year of 1h bars, seed 7.\n")
    assert "3 done, 0 failed" in first.out
    second = tapehead(*words, home=home)
    # How often a run tells of its progress is a matter of its speed, and which result comes first of the threads.
    told = [steady(each.out).partition("$ curl ") for each in (first, second)]
    assert told[0][0] == told[1][0]
    for _, _, answers in told:
        assert '{"alive":true}' in answers
        assert answers.count("event: started") == answers.count("event: completed") == 1
    assert "reused" not in second.out
    document = json.loads(tapehead("--json", "universe", "show", "demo", home=home).out)
    assert document["instruments"] == 3


MINE = '''
from tapehead import Signals, crossed_above, crossed_below, ema, param, strategy


@strategy
class Mine:
    """Long while the close is above its average."""

    period: int = param(20, low=2, high=400)
    band: float = param(0.0, low=0.0, high=1.0)

    def signals(self, bars):
        average = ema(bars.close, self.period)
        return Signals(enter=crossed_above(bars.close, average), leave=crossed_below(bars.close, average))
'''
