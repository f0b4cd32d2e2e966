"""The real panel by the real commands: every trade and return of 72 symbols equals a twin that shares no code."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tapehead.library.store import open as open_store
from tests.acceptance.plain_twin import Bar, read_panel, rsi_decisions, sma_decisions, trade
from tests.acceptance.program import tapehead

PANEL = "crypto/binance_spot_1h_panel_2021-2023.parquet"
ROWS, SYMBOLS = 1_598_941, 72
COSTS = ("--fee", "10bps", "--slippage", "2bps")


class Imported(NamedTuple):
    """A home that holds the panel, what the import said, and the rows of the file."""

    home: Path
    report: dict[str, Any]
    bars: dict[str, list[Bar]]


@pytest.fixture(scope="module")
def imported(shared_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Imported:
    path = shared_data(PANEL)
    home = tmp_path_factory.mktemp("panel") / "home"
    ended = tapehead("--json", "import", path, home=home)
    assert ended.code == 0, ended.err
    return Imported(home, ended.document, read_panel(path))


def test_every_row_of_the_file_is_held(imported: Imported) -> None:
    total = imported.report["total"]
    assert (total["rows"], total["kept"], total["added"], total["symbols"]) == (ROWS, ROWS, ROWS, SYMBOLS)
    assert (total["quarantined"], total["superseded"], total["duplicates"]) == (0, 0, 0)
    listed = tapehead("--json", "instruments", home=imported.home).document["instruments"]
    held = {row["instrument"].partition(":")[2]: row["intervals"][0]["rows"] for row in listed}
    assert held == {symbol: len(bars) for symbol, bars in imported.bars.items()}


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("strategy", "decisions"), [("RsiReversion", rsi_decisions), ("SmaCross", sma_decisions)])
def test_every_symbol_equals_the_twin(
    imported: Imported, strategy: str, decisions: Callable[[list[Bar]], Iterator[str]]
) -> None:
    ended = tapehead("--json", "backtest", strategy, "--universe", "crypto", *COSTS, home=imported.home)
    assert ended.code == 0, ended.err
    events = ended.events
    done = events[-1]
    assert (done["event"], done["count"], done["failed"], done["bars"]) == ("completed", SYMBOLS, 0, ROWS)
    told = {event["instrument"]: event["metrics"] for event in events if event["event"] == "result"}
    assert len(told) == SYMBOLS
    latest = max(bars[-1].at for bars in imported.bars.values())
    columns = ("entry_bar", "exit_bar", "entry_price", "exit_price", "quantity", "profit", "reason")
    closed = delisted = 0
    with open_store(imported.home) as store:
        run = store.run(done["run"])
        for symbol, bars in imported.bars.items():
            want, total_return = trade(bars, decisions(bars), latest)
            kept = run[symbol]
            assert kept.trades is not None
            found = [tuple(row[name] for name in columns) for row in kept.trades.rows()]
            assert found == want, symbol
            metrics = told[kept.instrument]
            assert metrics["total_return"] == total_return, symbol
            assert metrics["trades"] == len(want), symbol
            closed += len(want)
            delisted += sum(row[-1] == "delist" for row in want)
    assert closed > 5_000
    assert delisted > 0


def test_show_gives_the_trades_of_one_symbol(imported: Imported) -> None:
    ended = tapehead("--json", "backtest", "SmaCross", "--universe", "crypto", *COSTS, home=imported.home)
    run = ended.events[-1]["run"]
    shown = tapehead("--json", "show", run, "USTUSDT", "--trades", home=imported.home).document
    bars = imported.bars["USTUSDT"]
    latest = max(rows[-1].at for rows in imported.bars.values())
    want, total_return = trade(bars, sma_decisions(bars), latest)
    assert [(row["entry_bar"], row["exit_bar"]) for row in shown["trades"]] == [row[:2] for row in want]
    assert shown["result"]["metrics"]["total_return"] == total_return
    assert tapehead("--json", "verify", run, home=imported.home).document["verdict"] == "identical"
