"""One imported market for the tests that only read it."""

from pathlib import Path

import pytest

from tests.acceptance.program import tapehead, write_bars


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home of a store with three instruments of hourly bars, venue binance."""
    folder = tmp_path_factory.mktemp("market")
    bars = write_bars(folder / "binance")
    ended = tapehead("import", bars, home=folder / "home")
    assert ended.code == 0, ended.err
    return folder / "home"
