"""Numbers of the formats on disk; a number rises when an older Tapehead could not read what a newer one wrote."""

from typing import Final

BARS_FORMAT: Final = 4
"""`PRAGMA user_version` of bars.db; 3 added the newest bars and the roll-ups."""
RUNS_FORMAT: Final = 4
"""`PRAGMA user_version` of runs.db; 3 added the tiles of sweeps and the ledger of trials, 4 values of indicators."""
TILE_FORMAT: Final = 1
"""Written into the head of each tile of a sweep; see `model.tile`."""
ACCESS_FORMAT: Final = 1
"""`PRAGMA user_version` of access.db."""
DATABASE_STEP: Final = "0006"
"""Newest step of the schema in PostgreSQL; see `database.migrations`."""
SEGMENT_FORMAT: Final = 1
"""Written into the Parquet metadata of each segment."""
TAIL_FORMAT: Final = 1
"""Written into the header of each block of the tail."""
ROLL_UP_FORMAT: Final = 1
"""Part of the key of coarser bars that are kept; rises when they are made otherwise."""
HOT_FORMAT: Final = 1
"""Part of the name of the hot tier's folder."""
SHARED_FORMAT: Final = 1
"""Part of the keys of the tier in Redis."""
VALUES_FORMAT: Final = 1
"""Part of the keys of the values of functions in Redis."""
EQUITY_POINTS: Final = 64
"""Most points of the small equity line that a result carries."""
