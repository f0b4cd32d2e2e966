-- Values on this machine. Each statement stands behind its name; `schema` makes a new file.
-- `data` is the last column, so that a look at the others reads none of it; NULL where it was thrown out for room.
-- Two clocks: seconds since the machine was started (with suspends) hold while it runs, whatever is done to the clock
-- of the wall; across a start only that one is left.

-- name: schema
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS held (
    id INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    digest BLOB NOT NULL,
    version TEXT NOT NULL,
    boot TEXT NOT NULL,
    up_until REAL NOT NULL,
    made REAL NOT NULL,
    until REAL NOT NULL,
    used REAL NOT NULL,
    size INTEGER NOT NULL,
    data BLOB
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS held_key ON held (namespace, digest, version);
CREATE INDEX IF NOT EXISTS held_used ON held (used) WHERE size > 0;
CREATE INDEX IF NOT EXISTS held_used_in ON held (namespace, used) WHERE size > 0;
CREATE TABLE IF NOT EXISTS totals (
    namespace TEXT PRIMARY KEY,
    items INTEGER NOT NULL,
    size INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts (
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (namespace, name)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS held_in AFTER INSERT ON held WHEN new.size > 0 BEGIN
    INSERT INTO totals VALUES (new.namespace, 1, new.size)
    ON CONFLICT DO UPDATE SET items = items + 1, size = size + excluded.size;
END;
CREATE TRIGGER IF NOT EXISTS held_out AFTER DELETE ON held WHEN old.size > 0 BEGIN
    UPDATE totals SET items = items - 1, size = size - old.size WHERE namespace = old.namespace;
END;
CREATE TRIGGER IF NOT EXISTS held_evicted AFTER UPDATE OF size ON held WHEN old.size > 0 AND new.size = 0 BEGIN
    UPDATE totals SET items = items - 1, size = size - old.size WHERE namespace = old.namespace;
END;
PRAGMA user_version = 1;
COMMIT;

-- name: read
SELECT id, boot, up_until, made, until, data FROM held WHERE namespace = ? AND digest = ? AND version = ?;

-- name: other_version
SELECT 1 FROM held WHERE namespace = ? AND digest = ? LIMIT 1;

-- name: drop
DELETE FROM held WHERE namespace = ? AND digest = ? AND version = ? RETURNING size > 0;

-- name: add
INSERT INTO held (namespace, digest, version, boot, up_until, made, until, used, size, data)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: touch
UPDATE held SET used = ? WHERE id = ?;

-- name: total
SELECT coalesce(sum(size), 0) FROM totals;

-- name: items
SELECT items FROM totals WHERE namespace = ?;

-- name: oldest
SELECT id, size FROM held WHERE size > 0 ORDER BY used LIMIT 1;

-- name: oldest_in
SELECT id, size FROM held WHERE namespace = ? AND size > 0 ORDER BY used LIMIT 1;

-- name: evict
UPDATE held SET size = 0, data = NULL WHERE id = ?;

-- name: empty_expired
UPDATE held SET size = 0, data = NULL
WHERE size > 0 AND CASE WHEN boot = ? THEN up_until <= ? ELSE until <= ? END;

-- name: forget_old
DELETE FROM held WHERE size = 0 AND id NOT IN (SELECT id FROM held WHERE size = 0 ORDER BY id DESC LIMIT 10000);

-- name: clear
DELETE FROM held WHERE ?1 IS NULL OR namespace = ?1;

-- name: clear_counts
DELETE FROM counts WHERE ?1 IS NULL OR namespace = ?1;

-- name: clear_totals
DELETE FROM totals WHERE ?1 IS NULL OR namespace = ?1;

-- name: held_items
SELECT coalesce(sum(items), 0) FROM totals WHERE ?1 IS NULL OR namespace = ?1;

-- name: count
INSERT INTO counts VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value;

-- name: totals
SELECT namespace, items, size FROM totals;

-- name: counts
SELECT namespace, name, value FROM counts;
