"""Eight processes read beside one that writes."""

import json

from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.testing.samples import sample_draft
from tests.unit.stores.processes import finish, start

SYMBOLS = ("AAA", "BBB", "CCC")
READER = """
import json, sys
from pathlib import Path
from tapehead.layout.columns import BAR_COLUMNS
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.home import open_home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.testing.bar_store import ALWAYS, read_columns
from tapehead.testing.samples import sample_columns, sample_series

codec, last, seen, faults = ParquetCodec(), int(sys.argv[2]), [], []
store = EmbeddedBars(open_home(Path(sys.argv[1])), codec)
series = [sample_series(symbol) for symbol in ("AAA", "BBB", "CCC")]
print("ready", flush=True)
while not seen or seen[-1] < last:
    manifest = store.manifest(series, *ALWAYS)
    expected = sample_columns(50, seed=manifest.snapshot)
    for one in series:
        found = read_columns(store, codec, manifest.refs[one])
        if any(found[name].tobytes() != expected[name].tobytes() for name in BAR_COLUMNS):
            faults.append([one.symbol, manifest.snapshot])
    if not seen or seen[-1] != manifest.snapshot:
        seen.append(manifest.snapshot)
store.close()
print(json.dumps({"seen": seen, "faults": faults}))
"""


def test_eight_processes_beside_a_writer_see_whole_snapshots(store: EmbeddedBars) -> None:
    last = 60
    store.commit([sample_draft(symbol, rows=50, seed=1) for symbol in SYMBOLS], note="1")
    readers = [start(READER, store.home.path, last) for _ in range(8)]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
    for seed in range(2, last + 1):
        store.commit([sample_draft(symbol, rows=50, seed=seed) for symbol in SYMBOLS], note=str(seed))
    found = [json.loads(finish(reader)) for reader in readers]
    assert [one["faults"] for one in found] == [[]] * 8
    for one in found:
        assert one["seen"] == sorted(one["seen"])
        assert one["seen"][-1] == last
    # A reader that met one snapshot only would prove nothing.
    assert max(len(one["seen"]) for one in found) > 3
