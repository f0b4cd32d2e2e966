"""Presets: saved, run by name, over a service too, carried by a promotion; one whose strategy changed says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import tapehead
from tapehead.errors import ParameterError, PresetError, PromoteError, UnknownPresetError, UnknownStrategyError
from tapehead.library.promotion import foresee_store, promote_store
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tests.serving import serving_here
from tests.unit.library.market import RSI_BODY, open_market, write_strategy

ASKED = {"symbols": ["S00", "S01"]}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_market(tmp_path / "home", symbols=2, rows=500) as store:
        yield store


def promote(store: Store, to: Path) -> None:
    promote_store(store.house, to, forecast=foresee_store(store.house, to))


def test_a_preset_is_its_strategy_with_its_parameters(store: Store) -> None:
    made = store.save_preset("quick", "SmaCross", fast=5)
    assert (made.name, made.strategy, dict(made.parameters), made.changed) == (
        "quick",
        "SmaCross",
        {"fast": 5, "slow": 30},
        "",
    )
    assert store.presets() == [made] == [store.preset("preset:quick")]
    plain = store.backtest("SmaCross", fast=5, **ASKED).wait()
    named = store.backtest("preset:quick", **ASKED).wait()
    assert named.id == plain.id
    other = store.backtest("preset:quick", slow=20, fee="10bps", **ASKED)
    assert (dict(other.spec.parameters), other.spec.rules.fee) == ({"fast": 5, "slow": 20}, 0.001)
    swept = store.sweep("preset:quick", grid={"slow": [10, 20]}, **ASKED).wait()
    assert swept.spec.parameters == {"fast": 5}
    both = store.sweep(["preset:quick", "EmaCross"], grid={"EmaCross.fast": [3, 4], "SmaCross.slow": [9]}, **ASKED)
    assert both.spec.parameters["SmaCross.fast"] == 5
    shared = store.portfolio("preset:quick", max_positions=1, slow=20, **ASKED).wait()
    assert shared.id == store.portfolio("SmaCross", fast=5, slow=20, max_positions=1, **ASKED).id
    copy = store.save_preset("copy", "preset:quick", slow=40)
    assert dict(copy.parameters) == {"fast": 5, "slow": 40}
    store.delete_preset("copy")
    assert [one.name for one in store.presets()] == ["quick"]


def test_what_is_no_preset_is_told(store: Store) -> None:
    store.save_preset("quick", "SmaCross")
    for run in (store.backtest, store.portfolio):
        with pytest.raises(UnknownPresetError, match=r"No preset 'quik'\. Did you mean 'quick'\?"):
            run("preset:quik", **ASKED)
    with pytest.raises(UnknownPresetError):
        store.delete_preset("quik")
    for name in ("", "a b", "-x", "a/b", "a" * 65):
        with pytest.raises(PresetError, match="cannot name a preset"):
            store.save_preset(name, "SmaCross")
    with pytest.raises(ParameterError, match="fast"):
        store.save_preset("bad", "SmaCross", fast=0)
    with pytest.raises(UnknownStrategyError, match="Did you mean 'SmaCross'"):
        store.save_preset("bad", "SmaCros")
    assert [one.name for one in store.presets()] == ["quick"]


def test_one_of_a_file_says_that_the_file_changed(store: Store, tmp_path: Path) -> None:
    where = write_strategy(tmp_path / "mine.py", RSI_BODY)
    store.save_preset("own", where, period=10)
    assert store.preset("own").changed == ""
    (tmp_path / "mine.py").write_text((tmp_path / "mine.py").read_text().replace("70.0", "60.0"))
    assert store.preset("own").changed == "its strategy changed since it was saved"
    for run in (store.backtest("preset:own", **ASKED).wait(), store.portfolio("preset:own", **ASKED).wait()):
        assert run.receipt is not None
        assert "preset:own saved with other code" in run.receipt.stamps
    (tmp_path / "mine.py").unlink()
    assert store.preset("own").changed.startswith("its strategy cannot be run any more: ")


def test_a_promotion_carries_them_and_refuses_another_one_of_that_name(store: Store, tmp_path: Path) -> None:
    store.save_preset("quick", "SmaCross", fast=5)
    with open_store(tmp_path / "copy") as copy:
        copy.save_preset("own", "EmaCross")
    promote(store, tmp_path / "copy")
    with open_store(tmp_path / "copy") as copy:
        assert [one.name for one in copy.presets()] == ["own", "quick"]
        assert copy.preset("quick") == store.preset("quick")
        copy.save_preset("quick", "SmaCross", fast=6)
    with pytest.raises(PromoteError, match=r"its preset 'quick' is another one.*preset delete"):
        promote(store, tmp_path / "copy")


def test_a_service_keeps_and_runs_them_but_no_file_of_its_machine(store: Store, tmp_path: Path) -> None:
    where = write_strategy(tmp_path / "mine.py", RSI_BODY)
    store.save_preset("own", where)
    with serving_here(store.home) as service, tapehead.connect(service.url) as remote:
        made = remote.save_preset("quick", "SmaCross", {"fast": 5})
        assert made == store.preset("quick") == remote.preset("quick")
        assert [one.name for one in remote.presets()] == ["own", "quick"]
        run = remote.backtest("preset:quick", **ASKED).wait()
        assert run.spec.parameters == {"fast": 5, "slow": 30}
        shared = remote.portfolio("preset:quick", **ASKED).wait()
        assert shared.spec.parameters == {"fast": 5, "slow": 30}
        for strategy in ("preset:own", where):
            with pytest.raises(UnknownStrategyError, match="Over HTTP only those that are installed run"):
                remote.backtest(strategy, **ASKED)
        with pytest.raises(UnknownStrategyError):
            remote.save_preset("theirs", where)
        with pytest.raises(UnknownStrategyError, match="Did you mean 'SmaCross'"):
            remote.backtest("SmaCros", **ASKED)
        with pytest.raises(UnknownPresetError, match="Did you mean 'quick'"):
            remote.preset("quik")
        remote.delete_preset("quick")
        assert [one.name for one in store.presets()] == ["own"]
