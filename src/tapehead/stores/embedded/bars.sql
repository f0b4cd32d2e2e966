-- name: schema
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

-- name: before_1
-- An upgrade of format 1: its tables step aside, those of the schema are made, after_1 fills them. Leases go: nothing
-- that format 1 could do swept anything.
DROP INDEX segments_of_period;
DROP INDEX segments_of_data;
DROP TABLE leases;
ALTER TABLE commits RENAME TO old_commits;
ALTER TABLE series RENAME TO old_series;
ALTER TABLE segments RENAME TO old_segments;
ALTER TABLE instruments RENAME TO old_instruments;
ALTER TABLE universes RENAME TO old_universes;
ALTER TABLE quarantine RENAME TO old_quarantine;

-- name: after_1
INSERT INTO commits (number, at, kind, note, segments, unchanged, swept)
SELECT number, at,
    CASE WHEN note = 'append' THEN 'append' WHEN note LIKE 'synthetic market: %' THEN 'market' ELSE 'import' END,
    note, segments, unchanged, 0
FROM old_commits;
INSERT INTO series SELECT id, venue, symbol, interval_us FROM old_series;
INSERT INTO segments
SELECT id, series, period, layer, data, file, first, last, "rows", added, since, until FROM old_segments;
INSERT INTO coverage
SELECT series, min(first), max(last), sum(added), count(*) FROM segments WHERE until IS NULL GROUP BY series;
-- Format 1 did not note when an instrument came: it came with its first bars.
INSERT INTO instruments
SELECT i.venue, i.symbol, kind, quote, settle, multiplier, tick, lot, calendar, has_volume, listed_at, delisted_at, '',
    coalesce((
        SELECT min(g.since) FROM segments AS g JOIN series AS s ON s.id = g.series
        WHERE s.venue = i.venue AND s.symbol = i.symbol
    ), 1),
    NULL
FROM old_instruments AS i;
INSERT INTO universes SELECT name, symbols, built_in, '' FROM old_universes;
INSERT INTO quarantine SELECT id, series, ts, path, "row", reason, "values", since, NULL FROM old_quarantine;
DROP TABLE old_quarantine;
DROP TABLE old_universes;
DROP TABLE old_instruments;
DROP TABLE old_segments;
DROP TABLE old_series;
DROP TABLE old_commits;

-- name: tails
SELECT s.venue, s.symbol, s.interval_us, t.period, sum(t."rows"), c.last
FROM tail AS t INDEXED BY tail_held JOIN series AS s ON s.id = t.series JOIN coverage AS c ON c.series = t.series
WHERE t.until IS NULL GROUP BY t.series, t.period

-- name: add_coverage
-- By what one block brought: no look at the others.
INSERT INTO coverage (series, first, last, "rows", segments) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (series) DO UPDATE SET
    first = min(first, excluded.first), last = max(last, excluded.last),
    "rows" = "rows" + excluded."rows", segments = segments + excluded.segments

-- name: add_lease
INSERT INTO leases (snapshot, boot, space, pid, began, ttl, expires) VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: end_lease
DELETE FROM leases WHERE id = ?

-- name: leases
SELECT id, snapshot, boot, space, pid, began, ttl, expires FROM leases ORDER BY snapshot
