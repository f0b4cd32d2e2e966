"""LineStoreContract: what every place that keeps newest values must do, as tests for pytest to collect."""
# ruff: noqa: D102 - a test's name is its sentence

from pathlib import Path

import numpy as np

from tapehead.ports.lines import KEY_BYTES, MOST_LINES, KeptLine, LineStore

ENGINE, OTHER = b"e" * 32, b"o" * 32


def sample_line(series: int, seed: int = 0) -> KeptLine:
    """Return a line of some series, one value of it not known."""
    random = np.random.default_rng(seed)
    values = random.normal(size=series)
    values[:1] = np.nan
    return KeptLine(np.frombuffer(random.bytes(series * KEY_BYTES), f"V{KEY_BYTES}"), values)


def check_same(found: KeptLine, given: KeptLine) -> None:
    """Hold two lines against each other, bit for bit."""
    assert found.keys.tobytes() == given.keys.tobytes()
    assert found.values.tobytes() == given.values.tobytes()


class LineStoreContract:
    """Subclass it as `Test…` and say how to make an empty one."""

    def make(self, tmp_path: Path) -> LineStore:
        """Return an empty one below `tmp_path`."""
        raise AssertionError(f"a subclass says how one is made below {tmp_path}")

    def test_lines_come_back_bit_for_bit_to_the_engine_that_made_them(self, tmp_path: Path) -> None:
        store, rsi, none = self.make(tmp_path), sample_line(5), sample_line(0)
        store.keep("1d", {"rsi(close, period=14)": rsi, "close": none}, ENGINE)
        found = store.read("1d", ["rsi(close, period=14)", "close", "open"], ENGINE)
        assert set(found) == {"rsi(close, period=14)", "close"}
        check_same(found["rsi(close, period=14)"], rsi)
        assert not len(found["close"].values)
        assert not store.read("1d", ["close"], OTHER)
        assert not store.read("1h", ["close"], ENGINE)

    def test_a_line_takes_the_place_of_the_one_before_it(self, tmp_path: Path) -> None:
        store, later = self.make(tmp_path), sample_line(3, seed=2)
        store.keep("1d", {"close": sample_line(5)}, OTHER)
        assert [(one.line, one.series, one.current) for one in store.infos(ENGINE)] == [("close", 5, False)]
        store.keep("1d", {"close": later}, ENGINE)
        check_same(store.read("1d", ["close"], ENGINE)["close"], later)
        (info,) = store.infos(ENGINE)
        assert (info.interval, info.line, info.series, info.current) == ("1d", "close", 3, True)
        assert info.made_at == info.used_at > 0

    def test_only_so_many_are_kept_and_all_can_be_forgotten(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.keep("1h", {"oldest": sample_line(1)}, ENGINE)
        store.keep("1d", {f"sma(close, period={n})": sample_line(1) for n in range(MOST_LINES)}, ENGINE)
        assert len(store.infos(ENGINE)) == MOST_LINES
        assert not store.read("1h", ["oldest"], ENGINE)
        assert store.forget() == MOST_LINES
        assert not store.infos(ENGINE)

    def test_a_market_is_kept_beside_lines_and_is_none_of_them(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        assert store.market("1d") is None
        store.keep_market("1d", 3, b"first")
        store.keep_market("1d", 4, b"\x00later")
        store.keep("1d", {f"sma(close, period={n})": sample_line(1) for n in range(MOST_LINES + 1)}, ENGINE)
        assert store.market("1d") == b"\x00later"
        assert store.market("1h") is None
        assert len(store.infos(ENGINE)) == MOST_LINES
        assert store.forget() == MOST_LINES
        assert store.market("1d") is None
