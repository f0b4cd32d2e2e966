"""The digest is that of the contract on every processor: the same run with this one's features switched off."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tapehead.library.store import Store
from tapehead.library.store import open as open_store

PLAIN = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL",
    "NUMBA_CPU_NAME": "generic",
    "OPENBLAS_CORETYPE": "Nehalem",
}
COUNTING = """
from numba.core import event

class Counted(event.Listener):
    compiled = 0

    def on_start(self, event):
        self.compiled += 1

    def on_end(self, event):
        pass

counted = Counted()
event.register("numba:compile", counted)
"""
SCRIPT = """
import json, sys
import numpy as np
from tapehead.library.store import open as open_store

told = {}
with open_store(sys.argv[1]) as store:
    for strategy, settings in json.loads(sys.argv[2]):
        run = store.backtest(strategy, universe="demo", fresh=True, **settings).wait()
        told[strategy + json.dumps(settings)] = [run.receipt.digest, run.receipt.key.digest().hex()]
        verified = store.verify(run.id, apart=False)
        told["verdict " + strategy + json.dumps(settings)] = verified.verdict
features = np._core._multiarray_umath.__cpu_features__
from tapehead.kernels.jit import CACHE_FOLDER
told["features"] = [features.get("X86_V3", False), features.get("X86_V4", False), str(CACHE_FOLDER)]
told["compiled"] = counted.compiled
print(json.dumps(told))
"""
TRADING = """\
import numpy as np
from tapehead.library.simulate import simulate
from tapehead.model.bars import Bars
from tapehead.strategies.buy_and_hold import BuyAndHold
from tapehead.strategies.rsi_reversion import RsiReversion
from tapehead.strategies.sma_cross import SmaCross
from tapehead.indicators.ema import ema

n = 600
close = 100 + 10 * np.sin(np.arange(n) / 15) + np.arange(n) % 7
traded = np.ones(n)
silent = traded.copy()
silent[::9] = 0
trades = 0
for volume in (None, traded, silent):
    for price in (close, np.round(close, 2)):
        bars = Bars.from_arrays(np.arange(n) * 3_600_000_000, price, price, price, price, volume, interval="1h")
        ema(bars.close, 9)
        for strategy in (SmaCross(), RsiReversion(), BuyAndHold()):
            for fill in ("next_open", "close"):
                run = simulate(bars, strategy.signals(bars), fee="10bps", fill=fill, max_wait=3, close_at_end=True)
                trades += len(run.trades)
print(trades, counted.compiled)
"""
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("RsiReversion", {"fee": "10bps", "slippage": "2bps"}),
    ("SmaCross", {"fill": "close", "fee": "0.1%", "size": "50%", "start": "2023-03-01"}),
    ("BuyAndHold", {"close_at_end": True}),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("cpu") / "home") as store:
        store.demo(instruments=6, years=1, seed=3)
        yield store


def said_by(arguments: list[str], **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def told_by(store: Store, asked: list[tuple[str, dict[str, Any]]], **environment: str) -> dict[str, Any]:
    words = ["-W", "error", "-c", COUNTING + SCRIPT, str(store.home), json.dumps(asked)]
    found: dict[str, Any] = json.loads(said_by(words, **environment))
    return found


def test_digests_are_equal_and_verified_with_the_processor_features_off(store: Store, tmp_path: Path) -> None:
    """One test, since compiling for that takes most of it; here warming leaves nothing to compile, there all is."""
    spans = [row.intervals[0] for row in store.instruments(universe="demo")]
    year = max(span[2] for span in spans)
    asked = [
        (name, {**settings, **({"start": year - 4_000 * 3_600_000_000} if "start" in settings else {})})
        for name, settings in ASKED
    ]
    plainly = {**PLAIN, "NUMBA_CACHE_DIR": str(tmp_path / "kernels")}
    assert "kernels compiled into" in said_by(["-m", "tapehead.kernels.warm"])
    here = told_by(store, asked)
    plain = told_by(store, asked, **plainly)
    features, bare = here.pop("features"), plain.pop("features")
    assert bare[:2] == [False, False]
    assert bare[2].startswith(str(tmp_path))
    assert features[2] != bare[2]
    assert here.pop("compiled") == 0
    assert plain.pop("compiled") > 10
    assert plain == here
    assert [value for name, value in here.items() if name.startswith("verdict")] == ["identical"] * len(ASKED)
    verify_apart(store, plainly)
    trades, compiled = map(int, said_by(["-c", COUNTING + TRADING]).split())
    assert trades > 50
    assert compiled == 0


def verify_apart(store: Store, plainly: dict[str, str]) -> None:
    """A run kept by one processor is verified by another."""
    run = store.backtest("SmaCross", universe="demo", fee="10bps").wait()
    told = json.loads(said_by(["-m", "tapehead", "--home", str(store.home), "--json", "verify", run.id], **plainly))
    assert run.receipt is not None
    assert told["digest"] == run.receipt.digest
    assert told["verdict"] in ("identical", "same decisions, metrics within 4 ulp (other CPU or libm)")
    assert told["changed"] == []
