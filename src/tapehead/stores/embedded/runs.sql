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

-- name: add_run
INSERT INTO runs
    (run, state, digest, key_spec, key_strategy, key_engine, key_data, spec, origin, snapshot, created_at, failed)
VALUES (?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)

-- name: find_run
-- A run whose events are pruned has nothing to answer with.
SELECT run FROM runs WHERE digest = ? AND state = 'completed' AND failed = 0
    AND EXISTS (SELECT 1 FROM events WHERE events.run = runs.run)
ORDER BY run DESC LIMIT 1

-- name: running
SELECT run FROM runs WHERE state = 'running' ORDER BY run

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

-- name: finish_run
UPDATE runs SET state = ?, receipt = ?, failed = ?, finished_at = ? WHERE run = ?

-- name: reopen_run
UPDATE runs SET state = 'running', receipt = NULL, failed = 0, finished_at = NULL WHERE run = ?

-- name: run
SELECT run, state, key_spec, key_strategy, key_engine, key_data, spec, origin, snapshot, created_at, finished_at,
    (SELECT count(*) FROM results WHERE results.run = runs.run)
        + (SELECT coalesce(sum(cells), 0) FROM tiles WHERE tiles.run = runs.run),
    failed, receipt
FROM runs WHERE run = ?

-- name: runs
SELECT run, state, key_spec, key_strategy, key_engine, key_data, spec, origin, snapshot, created_at, finished_at,
    (SELECT count(*) FROM results WHERE results.run = runs.run)
        + (SELECT coalesce(sum(cells), 0) FROM tiles WHERE tiles.run = runs.run),
    failed, receipt
FROM runs WHERE run < ? ORDER BY run DESC LIMIT ?

-- name: runs_between
SELECT run FROM runs WHERE run >= ? AND run < ? ORDER BY run LIMIT 3

-- name: neighbours
SELECT run FROM (SELECT run FROM runs WHERE run < :run ORDER BY run DESC LIMIT 1)
UNION ALL SELECT run FROM (SELECT run FROM runs WHERE run > :run ORDER BY run LIMIT 1)

-- name: save_result
INSERT INTO results
    (run, instrument, interval, parameters, metrics, why, flags, equity, final_equity, decisions, segments, elapsed_us,
    bars, first, last, trades)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run, instrument, interval, parameters) DO UPDATE SET
    metrics = excluded.metrics, why = excluded.why, flags = excluded.flags, equity = excluded.equity,
    final_equity = excluded.final_equity, decisions = excluded.decisions, segments = excluded.segments,
    elapsed_us = excluded.elapsed_us, bars = excluded.bars, first = excluded.first, last = excluded.last,
    trades = excluded.trades

-- name: done
SELECT DISTINCT instrument, 0 FROM results WHERE run = :run
UNION SELECT instrument, lo FROM tiles WHERE run = :run

-- name: spec
SELECT spec FROM runs WHERE run = ?

-- name: save_tile
INSERT INTO tiles (run, instrument, lo, hi, cells, failed, bars, columns) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run, instrument, lo) DO UPDATE SET
    hi = excluded.hi, cells = excluded.cells, failed = excluded.failed, bars = excluded.bars, columns = excluded.columns

-- name: tile
SELECT columns FROM tiles WHERE run = ? AND instrument = ? AND lo = ?

-- name: tiles
SELECT id, instrument, lo, hi, cells, failed, bars FROM tiles WHERE run = ? ORDER BY instrument, lo

-- name: tiles_of_instrument
SELECT id, instrument, lo, hi, cells, failed, bars FROM tiles WHERE run = ? AND instrument = ? ORDER BY lo

-- name: result
SELECT instrument, interval, parameters, metrics, why, flags, equity, final_equity, decisions, segments, elapsed_us,
    bars, first, last, trades
FROM results WHERE run = ? AND instrument = ? ORDER BY interval, parameters LIMIT 1

-- name: metrics_of_any
SELECT metrics FROM results WHERE run = ? LIMIT 1

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

-- name: results_by_instrument
SELECT instrument, interval, parameters, metrics, why, flags, equity, final_equity, decisions, segments, elapsed_us,
    bars, first, last, NULL AS trades, NULL AS value
FROM results
WHERE run = :run AND (:instrument IS NULL
    OR (instrument, interval, parameters) > (:instrument, :interval, :parameters))
ORDER BY instrument, interval, parameters
LIMIT :limit

-- name: delete_results
DELETE FROM results WHERE run = ?

-- name: delete_tiles
DELETE FROM tiles WHERE run = ?

-- name: delete_events
DELETE FROM events WHERE run = ?

-- name: delete_run
DELETE FROM runs WHERE run = ?

-- name: last_event
SELECT coalesce(max(number), 0) FROM events WHERE run = ?

-- name: add_event
INSERT INTO events (run, number, bytes) VALUES (?, ?, ?)

-- name: events_after
SELECT number, bytes FROM events WHERE run = ? AND number > ? ORDER BY number LIMIT ?

-- name: prunable
-- Completed ones alone: any other may be resumed, and its log would then lack what it told before.
SELECT run FROM runs WHERE state = 'completed' AND created_at < :before
    AND run NOT IN (SELECT run FROM runs ORDER BY run DESC LIMIT :keep)
    AND EXISTS (SELECT 1 FROM events WHERE events.run = runs.run)
ORDER BY run

-- name: trial_context
SELECT id FROM trial_contexts WHERE digest = ?

-- name: add_trial_context
INSERT INTO trial_contexts (digest, strategy, source, instrument, interval, settings) VALUES (?, ?, ?, ?, ?, ?) RETURNING id

-- name: add_trial_set
INSERT INTO trial_sets (context, digest) VALUES (?, ?) ON CONFLICT DO NOTHING

-- name: add_trials
INSERT INTO trials (context, run, added_at, trials, sets, observations, blocks) VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: trial_contexts
SELECT id, strategy, source, instrument, interval, settings FROM trial_contexts

-- name: trial_contexts_of
SELECT id, strategy, source, instrument, interval, settings FROM trial_contexts
WHERE instrument = ? AND interval = ? ORDER BY id

-- name: count_trials
SELECT context, run, sum(trials) FROM trials GROUP BY context, run ORDER BY context, run

-- name: trials_of
SELECT id FROM trials WHERE context = ?

-- name: trials
SELECT context, run, added_at, sets, observations, blocks FROM trials WHERE id = ?
