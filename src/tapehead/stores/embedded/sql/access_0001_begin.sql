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
