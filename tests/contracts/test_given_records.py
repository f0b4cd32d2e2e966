"""Records of other programs, taken in by a folder and by PostgreSQL alike: trades at once, single bars in groups."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import tapehead as th
from tapehead.errors import ParameterError
from tapehead.library.store import Store
from tapehead.model.spec import run_digest
from tapehead.testing.samples import YEAR_2021
from tests.unit.library.market import HOUR_US, columns_of

N = 2_000
TRADES = 5_000


@pytest.fixture(params=["folder", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("TAPEHEAD_HOME", str(tmp_path / "hot"))
    place = tmp_path / "store" if request.param == "folder" else request.getfixturevalue("postgres")
    with th.open(place) as store:
        yield store


def fill(store: Store) -> None:
    for seed, symbol in enumerate(("AAA", "BBB")):
        held = columns_of(N, seed=seed)
        names = ("ts", "open", "high", "low", "close", "volume")
        bars = th.Bars.from_arrays(*(held[name] for name in names), interval="1h", symbol=symbol, venue="test")
        store.append(bars, kind="crypto")


def trades_of(store: Store) -> dict[str, np.ndarray]:
    """Many trades of both instruments, at closes, a few of them open."""
    drawn = np.random.default_rng(7)
    symbol = drawn.choice(["AAA", "BBB"], TRADES)
    close = np.where(symbol == "AAA", 0, 1)
    closes = np.stack([store.bars(f"test:{name}", "1h").close for name in ("AAA", "BBB")])
    entry = drawn.integers(0, N - 50, TRADES)
    exit_ = entry + drawn.integers(1, 50, TRADES)
    exit_time = (YEAR_2021 + exit_ * HOUR_US).view("datetime64[us]")
    exit_price = closes[close, exit_]
    exit_time[:5], exit_price[:5] = np.datetime64("NaT"), np.nan
    return {
        "instrument": symbol,
        "side": drawn.choice(["long", "short"], TRADES),
        "entry_time": YEAR_2021 + entry * HOUR_US,
        "entry_price": closes[close, entry],
        "exit_time": exit_time,
        "exit_price": exit_price,
        "quantity": drawn.uniform(0.1, 2.0, TRADES),
        "fees": drawn.uniform(0.0, 0.1, TRADES),
    }


DIGESTS: dict[str, str] = {}


def test_trades_are_kept_at_once_and_alike_everywhere(store: Store, request: pytest.FixtureRequest) -> None:
    fill(store)
    given = trades_of(store)
    run = store.keep_trades(given, name="other", cash=1e6)
    assert store.keep_trades(given, name="other", cash=1e6) == run
    record = store.run(run).record
    assert (record.state, record.count, record.failed, record.origin) == ("completed", 2, 0, "import")
    assert record.receipt is not None
    results = {one.instrument: one for one in store.run(run)}
    assert sum(len(one.trades) for one in results.values() if one.trades is not None) == TRADES - 5
    assert run_digest(one.line() for one in results.values()) == record.receipt.digest
    mine = given["instrument"] == "AAA"
    held = results["test:AAA"].trades
    assert held is not None
    order = np.argsort(given["entry_time"][mine & (np.arange(TRADES) >= 5)], kind="stable")
    assert np.array_equal(held.quantity, given["quantity"][mine & (np.arange(TRADES) >= 5)][order])
    # One commit brings them all, wherever it is: the second store finds the digest of the first.
    assert DIGESTS.setdefault("trades", record.receipt.digest) == record.receipt.digest
    with pytest.raises(ParameterError, match="in row 3"):
        store.keep_trades({**given, "quantity": np.where(np.arange(TRADES) == 2, -1.0, given["quantity"])}, cash=1e6)
    assert [each.run for each in store.runs()] == [run]
    store.delete_run(run)
    assert store.runs() == []


def test_single_bars_wait_in_groups_and_none_is_lost(store: Store) -> None:
    noon = datetime(2021, 1, 1, 12, tzinfo=UTC)
    first = int(noon.timestamp()) * 1_000_000
    with store.writer("binance", "BTCUSDT", "1m", rows=4, seconds=60, kind="crypto") as writer:
        for number in range(10):
            writer.write(first + number * 60_000_000, 1, 2, 0.5, 1 + number)
        assert len(writer) == 2
        assert store.bars("BTCUSDT", "1m").close.tolist() == [float(1 + number) for number in range(8)]
        with pytest.raises(ParameterError):
            writer.write(first + 10 * 60_000_000, 1, 2, 0.5, float("nan"))
    assert store.bars("BTCUSDT", "1m").close.tolist() == [float(1 + number) for number in range(10)]
    # A group that cannot be appended is kept, and comes with the next flush.
    writer = store.writer("binance", "BTCUSDT", "1m", rows=100)
    writer.write(first + 10 * 60_000_000, 1, 2, 0.5, 11)
    plain, writer._append = writer._append, _refuse
    with pytest.raises(ConnectionError):
        writer.flush()
    writer._append = plain
    assert len(writer) == 1
    assert writer.flush() is not None
    assert len(store.bars("BTCUSDT", "1m")) == 11


def _refuse(_bars: th.Bars) -> None:
    raise ConnectionError("away")
