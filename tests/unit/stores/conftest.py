"""A store to try things on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.manifest import EmbeddedBars


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedBars]:
    held = EmbeddedBars(open_home(tmp_path / "home"), ParquetCodec(), lock_wait_s=0.1)
    yield held
    held.close()
