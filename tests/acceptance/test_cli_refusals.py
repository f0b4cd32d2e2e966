"""Bad input gets a sentence with a next step and exit code 2, surroundings 3; nothing is written."""

import json
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tapehead.library.store import open as open_store
from tests.acceptance.program import PROGRAM, environment, tapehead, write_bars
from tests.unit.stores.processes import rest_of

CRYPTO = ("--universe", "crypto")
BROKEN = {
    "raises.py": "raise RuntimeError('boom')\n",
    "syntax.py": "def (\n",
    "empty.py": "x = 1\n",
    "fails.py": (
        "from tapehead import Signals, strategy\n\n\n@strategy\nclass Fails:\n    def signals(self, bars):\n"
        "        return Signals(enter=bars.close > bars.missing)\n"
    ),
    "short.py": (
        "from tapehead import Signals, strategy\n\n\n@strategy\nclass Short:\n    def signals(self, bars):\n"
        "        return Signals(enter=bars.close[1:] > 0)\n"
    ),
}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("backtest", "RsiRevesion", *CRYPTO), "Did you mean 'RsiReversion'?"),
        (("backtest", "RsiReversion", *CRYPTO, "-p", "perod=14"), "Did you mean 'period'?"),
        (("backtest", "RsiReversion", *CRYPTO, "-p", "period=1"), "an integer from 2 to 200"),
        (("backtest", "RsiReversion", *CRYPTO, "-p", "period=x"), "an integer from 2 to 200"),
        (("backtest", "RsiReversion", "--universe", "cryto"), "Did you mean 'crypto'?"),
        (("backtest", "RsiReversion", "--symbols", "BTCUSD"), "Did you mean 'BTCUSDT'?"),
        (("backtest", "RsiReversion", *CRYPTO, "--start", "2021-02-01", "--end", "2021-01-01"), "is empty"),
        (("backtest", "RsiReversion", *CRYPTO, "--start", "2031-01-01"), "No bars for"),
        (("backtest", "RsiReversion", *CRYPTO, "--start", "soon"), "such as 2021-04-01"),
        (("backtest", "RsiReversion", *CRYPTO, "--interval", "7x"), "such as 15m, 1h or 1d"),
        (("backtest", "RsiReversion", *CRYPTO, "--fee", "10"), "a fraction in [0, 1), such as 10bps"),
        (("backtest", "RsiReversion", *CRYPTO, "--fee", "ten"), "such as 10bps or 0.1%"),
        (("backtest", "RsiReversion", *CRYPTO, "--size", "200%"), "such as 50%"),
        (("backtest", "RsiReversion", *CRYPTO, "--snapshot", "99"), "99"),
        (("backtest", "absent.py:Mine", *CRYPTO), "absent.py"),
        (("backtest", "raises.py:Mine", *CRYPTO), "boom"),
        (("backtest", "syntax.py:Mine", *CRYPTO), "syntax.py"),
        (("backtest", "empty.py:Mine", *CRYPTO), "empty.py"),
        (("backtest", "fails.py:Fails", *CRYPTO), "line 7"),
        (("backtest", "short.py:Short", *CRYPTO), "there are"),
        (("show", "ZZZZ"), "No run 'ZZZZ'"),
        (("universe", "create", "majors", "--symbols", "NOPE"), "No instrument 'NOPE'"),
        (("universe", "delete", "crypto"), "crypto"),
        (("import", "absent.csv"), "absent.csv"),
        (("import", "text.csv"), "text.csv"),
        (("import", "cut.parquet"), "cut.parquet"),
    ],
)
def test_a_sentence_and_nothing_written(market: Path, tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    for name, text in BROKEN.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "text.csv").write_text("no bars here\njust words\n", encoding="utf-8")
    (tmp_path / "cut.parquet").write_bytes(b"PAR1" + bytes(40))
    before = _state(market)
    ended = tapehead(*words, home=market, cwd=tmp_path)
    assert ended.code == 2, ended
    assert ended.err.startswith("error: ")
    assert sentence in ended.err
    assert "Traceback" not in ended.err
    assert _state(market) == before


def _state(home: Path) -> tuple[list[str], list[str]]:
    """What a store holds that a refused command may not change."""
    with open_store(home) as store:
        return [record.run for record in store.runs(500)], [repr(row) for row in store.instruments()]


@pytest.mark.parametrize(
    ("words", "code"),
    [(("backtest", "RsiRevesion", *CRYPTO), "strategy.unknown"), (("backtest", "RsiReversion"), "input.usage")],
)
def test_a_refusal_as_json(market: Path, words: tuple[str, ...], code: str) -> None:
    ended = tapehead("--json", *words, home=market)
    told = json.loads(ended.err)
    assert (ended.code, ended.out, told["schema"], told["code"]) == (2, "", "tapehead.error/1", code)


def test_a_home_that_is_a_file_is_surroundings(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file", encoding="utf-8")
    for words in (("doctor",), ("runs",)):
        ended = tapehead(*words, home=tmp_path / "home")
        assert ended.code == 3
        assert ended.err.startswith("error: ")
        assert "doctor" in ended.err


def test_an_empty_store_says_where_bars_come_from(tmp_path: Path) -> None:
    ended = tapehead("backtest", "RsiReversion", *CRYPTO, home=tmp_path / "home")
    assert ended.code == 2
    assert "tapehead" in ended.err


def test_ctrl_c_keeps_what_is_done(market: Path, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    words = ["--home", str(market), "--json", "backtest", "slow.py:Slow", *CRYPTO, "--workers", "1", "--fresh"]
    process = subprocess.Popen(
        [str(PROGRAM), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=tmp_path,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["event"] == "result":
            break
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    rest, err = rest_of(process)
    assert process.returncode == 130, err
    assert time.monotonic() - begun < 30
    last = json.loads(rest.splitlines()[-1])
    assert last["event"] == "cancelled"
    assert 1 <= last["count"] < 3
    run = last["id"].partition("/")[0]
    shown = tapehead("--json", "show", run, home=market).document
    assert shown["run"]["state"] == "cancelled"
    assert len(shown["results"]) == last["count"]


def test_one_failing_instrument_is_a_warning_and_exit_code_1(market: Path, tmp_path: Path) -> None:
    (tmp_path / "picky.py").write_text(PICKY, encoding="utf-8")
    ended = tapehead("backtest", "picky.py:Picky", *CRYPTO, home=market, cwd=tmp_path)
    assert ended.code == 1
    assert "2 done, 1 failed" in ended.out
    assert re.search(r"^  ! ETHUSDT .*no Ether", re.sub(r"\n {16}", " ", ended.out), re.MULTILINE)


def test_a_reader_that_leaves_is_quiet(market: Path) -> None:
    line = f"{PROGRAM} --home {market} --json backtest RsiReversion --universe crypto --fresh | head -1"
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, env=environment(), check=False, timeout=120
    )
    assert json.loads(done.stdout)["event"] == "started"
    assert done.stderr == ""


def test_the_home_may_come_from_the_environment(tmp_path: Path) -> None:
    home = tmp_path / "home"
    bars = write_bars(tmp_path / "binance", ("BTCUSDT",), 50)
    ended = tapehead("import", bars, TAPEHEAD_HOME=str(home))
    assert ended.code == 0, ended.err
    assert "  tapehead instruments" in ended.out
    assert list(home.iterdir())
    assert len(tapehead("--json", "instruments", home=home).document["instruments"]) == 1


SLOW = '''
import time

from tapehead import Signals, crossed_above, rsi, strategy


@strategy
class Slow:
    """Takes its time."""

    def signals(self, bars):
        time.sleep(2.0)
        return Signals(enter=crossed_above(rsi(bars.close, 14), 30.0))
'''
PICKY = '''
from tapehead import Signals, crossed_above, rsi, strategy


@strategy
class Picky:
    """Will not have one of them."""

    def signals(self, bars):
        if bars.series.symbol == "ETHUSDT":
            raise ValueError("no Ether here")
        return Signals(enter=crossed_above(rsi(bars.close, 14), 30.0))
'''
