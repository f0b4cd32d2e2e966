"""read_facts: how much a store holds."""

from tapehead.model.history import StoreFacts
from tapehead.stores.tables.database import Ground


def read_facts(ground: Ground) -> StoreFacts:
    """Return the figures of a store, those of the database as one moment has them."""
    database = ground.database
    with database.moment():
        head = int(database.execute("head").fetchone()[0])
        row = database.execute("facts").fetchone()
        rolled = database.execute("roll_up_facts").fetchone()
        named = [(bytes(data), bool(held)) for data, held in database.execute("data_held")]
    sizes = ground.segments.sizes()
    held_bytes = sum(sizes.get(data, 0) for data, held in named if held)
    kept_bytes = sum(sizes.get(data, 0) for data, held in named if not held)
    commits, instruments, series, segments, blocks, bars, tail_bars, quarantined, oldest = row
    return StoreFacts(
        snapshot=head,
        commits=commits,
        instruments=instruments,
        series=series,
        segments=segments,
        tail_blocks=blocks,
        bars=bars,
        tail_bars=tail_bars,
        segment_bytes=held_bytes,
        database_bytes=ground.database_bytes(),
        kept_bytes=kept_bytes,
        quarantined=quarantined,
        oldest_snapshot=oldest,
        roll_ups=rolled[0],
        roll_up_bars=rolled[1],
        roll_ups_behind=rolled[2],
    )
