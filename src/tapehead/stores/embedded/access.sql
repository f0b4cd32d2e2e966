-- name: schema
-- Times are us UTC; "scopes" are joined by commas; "digest" is SHA-256 of the whole key, whose text is nowhere kept.
CREATE TABLE keys (
    prefix TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    digest BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    used_at INTEGER
) STRICT, WITHOUT ROWID;
-- Rises with every change of a key but that of its last use, so that a service asks for one number instead of all keys.
CREATE TABLE generation (number INTEGER NOT NULL) STRICT;
INSERT INTO generation (number) VALUES (0);
CREATE TABLE audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    address TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    status INTEGER NOT NULL,
    request TEXT NOT NULL
) STRICT;

-- name: add_key
INSERT INTO keys (prefix, name, scopes, digest, created_at, expires_at, revoked_at, used_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)

-- name: keys
SELECT prefix, name, scopes, digest, created_at, expires_at, revoked_at, used_at
FROM keys ORDER BY created_at, prefix

-- name: taken
SELECT prefix, name FROM keys
WHERE prefix = :prefix
    OR (name = :name AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :at))

-- name: revoke
UPDATE keys SET revoked_at = ? WHERE prefix = ? AND revoked_at IS NULL

-- name: changed
UPDATE generation SET number = number + 1

-- name: generation
SELECT number FROM generation

-- name: note_use
UPDATE keys SET used_at = :at WHERE prefix = :prefix AND (used_at IS NULL OR used_at < :at)

-- name: add_audit
INSERT INTO audit (at, who, address, method, path, status, request) VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: audit
SELECT number, at, who, address, method, path, status, request FROM audit
WHERE number < :before AND (:who IS NULL OR who = :who)
ORDER BY number DESC LIMIT :limit

-- name: prune_audit
DELETE FROM audit WHERE at < :before
    OR number <= (SELECT number FROM audit ORDER BY number DESC LIMIT 1 OFFSET :keep)
