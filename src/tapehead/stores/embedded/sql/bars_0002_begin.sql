-- Times are us UTC. What has since and until is held by the commits since <= c < until; until NULL: still.
CREATE TABLE commits (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    note TEXT NOT NULL,
    segments INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    undoes INTEGER,
    undone_by INTEGER,
    swept INTEGER NOT NULL,
    -- What the blocks it holds hash to together; NULL for those of format 1.
    seal INTEGER,
    -- JSON, compressed by zlib. Last: a look at the other columns then never walks through it.
    report BLOB
) STRICT;
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    interval_us INTEGER NOT NULL,
    UNIQUE (venue, symbol, interval_us)
) STRICT;
-- "rows" counts the bars of the file, "added" those of them that nothing below it in its period held.
CREATE TABLE segments (
    id INTEGER PRIMARY KEY,
    series INTEGER NOT NULL REFERENCES series (id),
    period INTEGER NOT NULL,
    layer INTEGER NOT NULL,
    data BLOB NOT NULL,
    file BLOB NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    "rows" INTEGER NOT NULL,
    added INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER
) STRICT;
CREATE INDEX segments_of_period ON segments (series, period, layer);
CREATE INDEX segments_held ON segments (series, period, layer) WHERE until IS NULL;
CREATE INDEX segments_of_data ON segments (data);
CREATE INDEX segments_since ON segments (since);
CREATE INDEX segments_until ON segments (until);
-- Blocks of new bars. They lie over the segments of their period, one over the other in order of since, then id.
CREATE TABLE tail (
    id INTEGER PRIMARY KEY,
    series INTEGER NOT NULL REFERENCES series (id),
    period INTEGER NOT NULL,
    data BLOB NOT NULL,
    file BLOB NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    "rows" INTEGER NOT NULL,
    added INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    columns BLOB NOT NULL
) STRICT;
CREATE INDEX tail_of_period ON tail (series, period);
CREATE INDEX tail_held ON tail (series, period, "rows") WHERE until IS NULL;
CREATE INDEX tail_of_data ON tail (data);
CREATE INDEX tail_since ON tail (since);
CREATE INDEX tail_until ON tail (until);
-- What the head holds of each series: "segments" counts segments and blocks of the tail.
CREATE TABLE coverage (
    series INTEGER PRIMARY KEY REFERENCES series (id),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    "rows" INTEGER NOT NULL,
    segments INTEGER NOT NULL
) STRICT;
CREATE TABLE instruments (
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    kind TEXT NOT NULL,
    quote TEXT NOT NULL,
    settle TEXT NOT NULL,
    multiplier REAL NOT NULL,
    tick REAL NOT NULL,
    lot REAL NOT NULL,
    calendar TEXT NOT NULL,
    has_volume INTEGER NOT NULL,
    listed_at INTEGER,
    delisted_at INTEGER,
    basis TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    PRIMARY KEY (venue, symbol, since)
) STRICT, WITHOUT ROWID;
CREATE INDEX instruments_since ON instruments (since);
CREATE INDEX instruments_until ON instruments (until);
-- "data" are the columns ts (int64), split, dividend (float64) one after the other, little-endian.
CREATE TABLE factors (
    id INTEGER PRIMARY KEY,
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    source TEXT NOT NULL,
    data BLOB NOT NULL
) STRICT;
CREATE INDEX factors_of_instrument ON factors (venue, symbol);
CREATE INDEX factors_since ON factors (since);
CREATE INDEX factors_until ON factors (until);
-- Open times first <= t < "end" in which, the source says, there is no bar. Ranges held of one series never touch.
CREATE TABLE empties (
    id INTEGER PRIMARY KEY,
    series INTEGER NOT NULL REFERENCES series (id),
    first INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER
) STRICT;
CREATE INDEX empties_of_series ON empties (series, first);
CREATE INDEX empties_since ON empties (since);
CREATE INDEX empties_until ON empties (until);
CREATE TABLE universes (
    name TEXT PRIMARY KEY,
    symbols TEXT NOT NULL,
    built_in INTEGER NOT NULL,
    "where" TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    series INTEGER NOT NULL REFERENCES series (id),
    ts INTEGER,
    path TEXT NOT NULL,
    "row" INTEGER NOT NULL,
    reason TEXT NOT NULL,
    "values" TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER
) STRICT;
-- Of rows still held alone: what an undo took back may come again.
CREATE UNIQUE INDEX quarantine_held ON quarantine (series, path, "row", reason, "values") WHERE until IS NULL;
CREATE INDEX quarantine_since ON quarantine (since);
CREATE INDEX quarantine_until ON quarantine (until);
-- Who reads a snapshot: process "pid", begun at "began", of the process space "space", on the machine's start "boot".
-- "expires" counts us of that machine's clock since its start, which nobody sets.
CREATE TABLE leases (
    id INTEGER PRIMARY KEY,
    snapshot INTEGER NOT NULL,
    boot TEXT NOT NULL,
    space TEXT NOT NULL,
    pid INTEGER NOT NULL,
    began INTEGER NOT NULL,
    ttl INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT;
