-- A strategy with every one of its parameters, JSON in their order, under a name; "source" is hex SHA-256 of its code then.
CREATE TABLE presets (
    name TEXT PRIMARY KEY,
    strategy TEXT NOT NULL,
    parameters TEXT NOT NULL,
    source TEXT NOT NULL,
    saved_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
