-- name: schema
-- Times are us UTC. A segment is held by the commits since <= c < until.
CREATE TABLE commits (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    note TEXT NOT NULL,
    segments INTEGER NOT NULL,
    unchanged INTEGER NOT NULL
) STRICT;
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    interval_us INTEGER NOT NULL,
    UNIQUE (venue, symbol, interval_us)
) STRICT;
-- "rows" counts the bars of the file, "added" those of them that no lower layer of the period held.
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
CREATE INDEX segments_of_data ON segments (data);
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
    PRIMARY KEY (venue, symbol)
) STRICT, WITHOUT ROWID;
CREATE TABLE universes (
    name TEXT PRIMARY KEY,
    symbols TEXT NOT NULL,
    built_in INTEGER NOT NULL
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
    UNIQUE (series, path, "row", reason, "values")
) STRICT;
CREATE TABLE leases (
    id INTEGER PRIMARY KEY,
    snapshot INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- name: head
SELECT coalesce(max(number), 0) FROM commits

-- name: add_commit
INSERT INTO commits (number, at, note, segments, unchanged) VALUES (?, ?, ?, ?, ?)

-- name: refs_of_all
SELECT s.venue, s.symbol, s.interval_us, g.period, g.layer, g.data, g.file, g.first, g.last, g."rows", g.since, g.until, g.added
FROM segments AS g JOIN series AS s ON s.id = g.series
WHERE g.since <= :snapshot AND (g.until IS NULL OR g.until > :snapshot)
ORDER BY g.series, g.period, g.layer

-- name: refs_of_one
SELECT s.venue, s.symbol, s.interval_us, g.period, g.layer, g.data, g.file, g.first, g.last, g."rows", g.since, g.until, g.added
FROM segments AS g JOIN series AS s ON s.id = g.series
WHERE s.venue = :venue AND s.symbol = :symbol AND s.interval_us = :interval_us
    AND g.since <= :snapshot AND (g.until IS NULL OR g.until > :snapshot)
ORDER BY g.period, g.layer

-- name: held_in_period
SELECT g.layer, g.data, g.file, g.first, g.last, g."rows"
FROM segments AS g JOIN series AS s ON s.id = g.series
WHERE s.venue = ? AND s.symbol = ? AND s.interval_us = ? AND g.period = ? AND g.until IS NULL
ORDER BY g.layer

-- name: file_of_data
SELECT file FROM segments WHERE data = ? LIMIT 1

-- name: add_series
INSERT OR IGNORE INTO series (venue, symbol, interval_us) VALUES (?, ?, ?)

-- name: series_id
SELECT id FROM series WHERE venue = ? AND symbol = ? AND interval_us = ?

-- name: end_period
UPDATE segments SET until = ? WHERE series = ? AND period = ? AND until IS NULL

-- name: add_segment
INSERT INTO segments (series, period, layer, data, file, first, last, "rows", added, since, until)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)

-- name: mend_file
UPDATE segments SET file = ? WHERE data = ? AND file <> ?

-- name: instruments
SELECT venue, symbol, kind, quote, settle, multiplier, tick, lot, calendar, has_volume, listed_at, delisted_at,
    basis
FROM instruments ORDER BY venue, symbol

-- name: instrument
SELECT venue, symbol, kind, quote, settle, multiplier, tick, lot, calendar, has_volume, listed_at, delisted_at,
    basis
FROM instruments WHERE venue = ? AND symbol = ?

-- name: save_instrument
INSERT OR REPLACE INTO instruments
    (venue, symbol, kind, quote, settle, multiplier, tick, lot, calendar, has_volume, listed_at, delisted_at,
    basis)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: universes
SELECT name, symbols, built_in FROM universes ORDER BY name

-- name: universe
SELECT name, symbols, built_in FROM universes WHERE name = ?

-- name: save_universe
INSERT OR REPLACE INTO universes (name, symbols, built_in) VALUES (?, ?, ?)

-- name: delete_universe
DELETE FROM universes WHERE name = ?

-- name: add_quarantined
INSERT OR IGNORE INTO quarantine (series, ts, path, "row", reason, "values", since) VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: add_lease
INSERT INTO leases (snapshot, pid, expires_at) VALUES (?, ?, ?)

-- name: end_lease
DELETE FROM leases WHERE id = ?

-- name: expire_leases
DELETE FROM leases WHERE expires_at <= ?

-- name: leased
SELECT DISTINCT snapshot FROM leases WHERE expires_at > ? ORDER BY snapshot
