-- A runs.db of format 2 with one finished run: the schema as Tapehead had it before sweeps were kept, and rows by hand.
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
INSERT INTO runs VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 'completed', x'00', x'01', x'02', x'03', x'04',
    '{"interval":"1h","parameters":{"period":14},"strategy":"RsiReversion","universe":"demo"}', '', 3, 5, 6, 0, NULL);
INSERT INTO results VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 'test:AAA', '1h', '{"period":14}',
    '{"total_return":0.25,"max_drawdown":-0.5,"fees_paid":1.5}', '{}', '["holes"]', x'', 12500.0, x'05', x'', 7, 8, 9, 10,
    NULL);
INSERT INTO events VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 1, CAST('{"event":"started"}' AS BLOB));
PRAGMA user_version = 2;
