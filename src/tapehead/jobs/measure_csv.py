"""csv_bar_bytes: what a bar of this store takes as a line of CSV, measured on some of its own."""

from typing import Final

from tapehead.jobs.export_files import csv_text
from tapehead.jobs.read_period import read_layers
from tapehead.layout.columns import BAR_COLUMNS
from tapehead.ports.bars import BarStore, ChunkCache

_SERIES: Final = 4
_BARS: Final = 2_000
_LEASE_S: Final = 600.0
ALWAYS: Final = (-(2**62), 2**62)


def csv_bar_bytes(store: BarStore, tiers: ChunkCache) -> float:
    """Return the mean bytes of a line, over the newest bars of up to four series that stand far apart; 0.0 of none."""
    every = [cover.series for cover in store.coverage()]
    chosen = every[:: -(-len(every) // _SERIES)] if every else []
    size = bars = 0
    head = store.head()
    with store.lease(head, _LEASE_S):
        for refs in store.manifest(chosen, *ALWAYS, snapshot=head).refs.values():
            newest = [ref for ref in refs if ref.period == refs[-1].period]
            columns = {name: values[-_BARS:] for name, values in read_layers(tiers, newest).items()}
            size += len(csv_text(columns, BAR_COLUMNS[:-1]))
            bars += len(columns["ts"])
    return size / bars if bars else 0.0
