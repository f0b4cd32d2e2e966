-- name: schema
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

-- name: added_3
-- "lo" is the place of a tile's first set in the run's walk; "cells" have a result, "failed" have none for the strategy's
-- own fault; "bars" were scored for each; "columns" is as `model.tile` writes it.
CREATE TABLE tiles (
    id INTEGER PRIMARY KEY,
    run TEXT NOT NULL REFERENCES runs (run),
    instrument TEXT NOT NULL,
    lo INTEGER NOT NULL,
    hi INTEGER NOT NULL,
    cells INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    bars INTEGER NOT NULL,
    columns BLOB NOT NULL,
    UNIQUE (run, instrument, lo)
) STRICT;
-- Trials outlive their runs. "digest" is the first 16 bytes of SHA-256 of what it names; "sets" is a line of
-- canonical JSON a trial, compressed by zlib where it is long, "observations" int64, "blocks" float64 of shape (trials, 16, 4).
CREATE TABLE trial_contexts (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    strategy TEXT NOT NULL,
    source BLOB NOT NULL,
    instrument TEXT NOT NULL,
    interval TEXT NOT NULL,
    settings TEXT NOT NULL
) STRICT;
CREATE INDEX trial_contexts_of_series ON trial_contexts (instrument, interval);
CREATE TABLE trial_sets (
    context INTEGER NOT NULL REFERENCES trial_contexts (id),
    digest BLOB NOT NULL,
    PRIMARY KEY (context, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE trials (
    id INTEGER PRIMARY KEY,
    context INTEGER NOT NULL REFERENCES trial_contexts (id),
    run TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    trials INTEGER NOT NULL,
    sets BLOB NOT NULL,
    observations BLOB NOT NULL,
    blocks BLOB NOT NULL
) STRICT;
CREATE INDEX trials_of_context ON trials (context, run, trials);

-- name: find_tested
-- The last event of a completed run tells of its test.
SELECT runs.run
FROM runs JOIN events ON events.run = runs.run
    AND events.number = (SELECT max(number) FROM events AS last WHERE last.run = runs.run)
WHERE key_strategy = ? AND key_engine = ? AND state = 'completed' AND json_extract(spec, '$.strategy') = ?
    AND json_extract(CAST(events.bytes AS TEXT), '$.event') = 'completed'
    AND json_extract(CAST(events.bytes AS TEXT), '$.look_ahead.whole') = 1
    AND json_extract(CAST(events.bytes AS TEXT), '$.look_ahead.found') = 0
    AND json_extract(CAST(events.bytes AS TEXT), '$.look_ahead.cuts') > 0
    AND json_extract(CAST(events.bytes AS TEXT), '$.look_ahead.stopped') IS NULL
ORDER BY runs.run DESC LIMIT 1

-- name: values_of_metric
SELECT json_extract(metrics, '$.' || ?) FROM results WHERE run = ?

-- name: results_by_metric
-- The value is null where the metric is undefined; those come last.
WITH ranked AS (
    SELECT instrument, interval, parameters, metrics, why, flags, equity, final_equity, decisions, segments,
        elapsed_us, bars, first, last, NULL AS trades, json_extract(metrics, '$.' || :sort) AS value
    FROM results WHERE run = :run
)
SELECT * FROM ranked
WHERE :instrument IS NULL
    OR (value IS NULL, -coalesce(value, 0.0), instrument, interval, parameters)
        > (:undefined, :below, :instrument, :interval, :parameters)
ORDER BY value IS NULL, -coalesce(value, 0.0), instrument, interval, parameters
LIMIT :limit
