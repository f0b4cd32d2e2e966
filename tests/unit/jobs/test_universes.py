"""select and universes: which instruments a name or a list of symbols means."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tapehead.errors import AmbiguousSymbolError, UniverseError, UnknownSymbolError, UnknownUniverseError
from tapehead.jobs.universes import find_instrument, select, universe, universes
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.instrument import Instrument
from tests.unit.library.market import columns_of, house_of, put

HELD = [
    Instrument("binance", "BTCUSDT"),
    Instrument("binance", "ETHUSDT"),
    Instrument("okx", "BTCUSDT"),
    Instrument("demo", "BTCUSDT"),
    Instrument("demo", "DEMO1"),
    Instrument("xnys", "SPY", kind="equity", calendar="XNYS"),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home") as store:
        put(house_of(store), [(each, columns_of(30, seed=k)) for k, each in enumerate(HELD)])
        yield store


def test_kinds_and_all_never_hold_what_is_made_up(store: Store) -> None:
    bars = house_of(store).bars
    held = {each.name: tuple(each.symbols) for each in universes(bars)}
    real = ("binance:BTCUSDT", "binance:ETHUSDT", "okx:BTCUSDT")
    assert held == {"all": (*real, "xnys:SPY"), "crypto": real, "equity": ("xnys:SPY",)}
    assert [each.name for each in select(bars, "crypto", None)] == list(real)
    assert [each.name for each in select(bars, None, None)] == [*real, "xnys:SPY"]


def test_the_demo_universe_is_a_list_like_any_other(store: Store) -> None:
    made = store.create_universe("demo", ["demo:BTCUSDT", "DEMO1"])
    assert made.symbols == ("demo:BTCUSDT", "demo:DEMO1")
    assert [each.name for each in select(house_of(store).bars, "demo", None)] == ["demo:BTCUSDT", "demo:DEMO1"]
    assert not any(name.startswith("demo:") for name in universe(house_of(store).bars, "crypto").symbols)


def test_where_nothing_else_is_held_the_demo_is_meant_by_naming_nothing(tmp_path: Path, store: Store) -> None:
    assert all(each.venue != "demo" for each in select(house_of(store).bars, None, None))
    with open_store(tmp_path / "made up") as alone:
        alone.demo(instruments=2, years=1)
        bars = house_of(alone).bars
        assert [each.venue for each in select(bars, None, None)] == ["demo", "demo"]
        assert select(bars, "all", None) == []


def test_a_bare_symbol_is_taken_where_it_is_unique() -> None:
    assert find_instrument(HELD, "ETHUSDT").name == "binance:ETHUSDT"
    assert find_instrument(HELD, "okx:BTCUSDT").name == "okx:BTCUSDT"
    with pytest.raises(AmbiguousSymbolError, match=r"names 3 instruments: .*okx:BTCUSDT.*--symbols binance:BTCUSDT"):
        find_instrument(HELD, "BTCUSDT")


@pytest.mark.parametrize(
    ("asked", "hint"), [("ETHUSD", "ETHUSDT"), ("ethusdt", "ETHUSDT"), ("SPYY", "SPY"), ("QQQQQQQQ", None)]
)
def test_an_unknown_symbol_is_told_with_what_is_near(asked: str, hint: str | None) -> None:
    with pytest.raises(UnknownSymbolError) as caught:
        find_instrument(HELD, asked)
    assert f"No instrument '{asked}'" in str(caught.value)
    assert ("Did you mean" in str(caught.value)) == (hint is not None)
    assert hint is None or f"'{hint}'" in str(caught.value)


def test_symbols_are_sorted_and_each_comes_once(store: Store) -> None:
    chosen = select(house_of(store).bars, None, ["SPY", "ETHUSDT", "binance:ETHUSDT"])
    assert [each.name for each in chosen] == ["binance:ETHUSDT", "xnys:SPY"]


def test_an_unknown_universe_is_told_with_what_is_near(store: Store) -> None:
    with pytest.raises(UnknownUniverseError, match=r"No universe 'cripto'\. Did you mean 'crypto'\?"):
        store.universe("cripto")
    with pytest.raises(UnknownUniverseError, match=r"There are: all, crypto, equity\."):
        store.universe("zzz")


@pytest.mark.parametrize("name", ["all", "crypto", "fx", "option", "", " x", "a,b"])
def test_a_name_that_means_something_else_cannot_be_taken(store: Store, name: str) -> None:
    with pytest.raises(UniverseError):
        store.create_universe(name, ["SPY"])
    assert [each.name for each in store.universes()] == ["all", "crypto", "equity"]


def test_lists_are_kept_replaced_and_forgotten(store: Store) -> None:
    with pytest.raises(UniverseError, match="would be empty"):
        store.create_universe("mine", [])
    store.create_universe("mine", ["SPY"])
    store.create_universe("mine", ["ETHUSDT", "SPY"])
    assert tuple(store.universe("mine").symbols) == ("binance:ETHUSDT", "xnys:SPY")
    store.delete_universe("mine")
    with pytest.raises(UnknownUniverseError):
        store.universe("mine")
    with pytest.raises(UniverseError, match="built in"):
        store.delete_universe("crypto")
