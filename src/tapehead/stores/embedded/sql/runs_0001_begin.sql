-- Times are us UTC; JSON is canonical; "digest" is that of the four digests of the key.
CREATE TABLE runs (
    run TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    digest BLOB NOT NULL,
    key_spec BLOB NOT NULL,
    key_strategy BLOB NOT NULL,
    key_engine BLOB NOT NULL,
    key_data BLOB NOT NULL,
    spec TEXT NOT NULL,
    origin TEXT NOT NULL,
    snapshot INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    failed INTEGER NOT NULL,
    receipt TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_of_key ON runs (digest, run);
-- "equity" holds float64, "segments" 32 bytes a hash, "trades" the columns of Trades one after another. Format 1 had
-- fewer columns of trades, without the mark before them: its rows are read as they are.
CREATE TABLE results (
    run TEXT NOT NULL REFERENCES runs (run),
    instrument TEXT NOT NULL,
    interval TEXT NOT NULL,
    parameters TEXT NOT NULL,
    metrics TEXT NOT NULL,
    why TEXT NOT NULL,
    flags TEXT NOT NULL,
    equity BLOB NOT NULL,
    final_equity REAL NOT NULL,
    decisions BLOB NOT NULL,
    segments BLOB NOT NULL,
    elapsed_us INTEGER NOT NULL,
    bars INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    trades BLOB,
    UNIQUE (run, instrument, interval, parameters)
) STRICT;
CREATE TABLE events (
    run TEXT NOT NULL,
    number INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;
