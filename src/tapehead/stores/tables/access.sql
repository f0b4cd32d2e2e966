-- Statements of keys and of the audit log that every database understands.

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
WHERE number < :before AND (CAST(:who AS TEXT) IS NULL OR who = :who)
ORDER BY number DESC LIMIT :limit

-- name: prune_audit
DELETE FROM audit WHERE at < :before
    OR number <= (SELECT number FROM audit ORDER BY number DESC LIMIT 1 OFFSET :keep)
