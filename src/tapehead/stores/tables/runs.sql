-- Statements of runs, results, events and trials that every database understands.

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

-- name: finish_run
UPDATE runs SET state = ?, receipt = ?, failed = ?, finished_at = ? WHERE run = ?

-- name: reopen_run
UPDATE runs SET state = 'running', receipt = NULL, failed = 0, finished_at = NULL WHERE run = ?

-- name: run
SELECT run, state, key_spec, key_strategy, key_engine, key_data, spec, origin, snapshot, created_at, finished_at,
    (SELECT count(*) FROM results WHERE results.run = runs.run)
        + (SELECT CAST(coalesce(sum(cells), 0) AS BIGINT) FROM tiles WHERE tiles.run = runs.run),
    failed, receipt
FROM runs WHERE run = ?

-- name: runs
SELECT run, state, key_spec, key_strategy, key_engine, key_data, spec, origin, snapshot, created_at, finished_at,
    (SELECT count(*) FROM results WHERE results.run = runs.run)
        + (SELECT CAST(coalesce(sum(cells), 0) AS BIGINT) FROM tiles WHERE tiles.run = runs.run),
    failed, receipt
FROM runs WHERE run < ? ORDER BY run DESC LIMIT ?

-- name: runs_between
SELECT run FROM runs WHERE run >= ? AND run < ? ORDER BY run LIMIT 3

-- name: neighbours
SELECT run FROM (SELECT run FROM runs WHERE run < :run ORDER BY run DESC LIMIT 1) AS before
UNION ALL SELECT run FROM (SELECT run FROM runs WHERE run > :run ORDER BY run LIMIT 1) AS after

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

-- name: trades_of_run
-- No result but these has trades; of an instrument there is one.
SELECT instrument, trades FROM results
WHERE run = :run AND instrument > :after AND trades IS NOT NULL
ORDER BY instrument
LIMIT :limit

-- name: metrics_of_any
SELECT metrics FROM results WHERE run = ? LIMIT 1

-- name: results_by_instrument
SELECT instrument, interval, parameters, metrics, why, flags, equity, final_equity, decisions, segments, elapsed_us,
    bars, first, last, NULL AS trades, NULL AS value
FROM results
WHERE run = :run AND (CAST(:instrument AS TEXT) IS NULL
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
INSERT INTO trial_contexts (digest, strategy, source, instrument, interval, settings) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (digest) DO UPDATE SET digest = excluded.digest
RETURNING id

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
SELECT context, run, CAST(sum(trials) AS BIGINT) FROM trials GROUP BY context, run ORDER BY context, run

-- name: trials_of
SELECT id FROM trials WHERE context = ?

-- name: trials
SELECT context, run, added_at, sets, observations, blocks FROM trials WHERE id = ?

-- name: stored_line
SELECT engine, used_at, keys, figures FROM stored_lines WHERE interval = ? AND line = ?

-- name: stored_lines
SELECT interval, line, series, made_at, used_at, engine FROM stored_lines WHERE line <> '' ORDER BY interval, line

-- name: use_line
UPDATE stored_lines SET used_at = ? WHERE interval = ? AND line = ?

-- name: keep_line
INSERT INTO stored_lines (interval, line, engine, series, made_at, used_at, keys, figures)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (interval, line) DO UPDATE SET engine = excluded.engine, series = excluded.series,
    made_at = excluded.made_at, used_at = excluded.used_at, keys = excluded.keys, figures = excluded.figures

-- name: drop_lines
DELETE FROM stored_lines WHERE (interval, line) IN
    (SELECT interval, line FROM stored_lines WHERE line <> '' ORDER BY used_at DESC, interval, line LIMIT 1000000 OFFSET ?)

-- name: forget_markets
-- The row of an interval without a line's text tells who is in its market.
DELETE FROM stored_lines WHERE line = ''

-- name: forget_lines
DELETE FROM stored_lines
