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
print(json.dumps(told))
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


def told_by(store: Store, asked: list[tuple[str, dict[str, Any]]], **environment: str) -> dict[str, Any]:
    words = [sys.executable, "-W", "error", "-c", SCRIPT, str(store.home), json.dumps(asked)]
    done = subprocess.run(
        words, capture_output=True, text=True, env={**os.environ, **environment}, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_digests_are_equal_and_verified_with_the_processor_features_off(store: Store, tmp_path: Path) -> None:
    spans = [row.intervals[0] for row in store.instruments(universe="demo")]
    year = max(span[2] for span in spans)
    asked = [
        (name, {**settings, **({"start": year - 4_000 * 3_600_000_000} if "start" in settings else {})})
        for name, settings in ASKED
    ]
    here = told_by(store, asked)
    plain = told_by(store, asked, NUMBA_CACHE_DIR=str(tmp_path / "kernels"), **PLAIN)
    features, bare = here.pop("features"), plain.pop("features")
    assert bare[:2] == [False, False]
    assert bare[2].startswith(str(tmp_path))
    assert features[2] != bare[2]
    assert list((tmp_path / "kernels").rglob("*.nbc"))
    assert plain == here
    assert [value for name, value in here.items() if name.startswith("verdict")] == ["identical"] * len(ASKED)
    # With the kernels that were just compiled for the plain processor: that took most of this test.
    verify_apart(store, tmp_path)


def verify_apart(store: Store, tmp_path: Path) -> None:
    """A run kept by one processor is verified by another."""
    run = store.backtest("SmaCross", universe="demo", fee="10bps").wait()
    words = [sys.executable, "-m", "tapehead", "--home", str(store.home), "--json", "verify", run.id]
    environment = {**os.environ, **PLAIN, "NUMBA_CACHE_DIR": str(tmp_path / "kernels")}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False, timeout=240)
    told = json.loads(done.stdout)
    assert run.receipt is not None
    assert told["digest"] == run.receipt.digest
    assert told["verdict"] in ("identical", "same decisions, metrics within 4 ulp (other CPU or libm)")
    assert told["changed"] == []
    assert done.returncode == 0
