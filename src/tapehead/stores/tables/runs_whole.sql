-- Rows of runs as they are, in order of their keys: one store holds just what another held.

-- name: marks_of_runs
-- Of each run what says whether two copies are equal, as far as a look without its rows can; and its size.
SELECT r.run, r.state, coalesce(r.finished_at, 0), r.failed, r.receipt IS NOT NULL,
    (SELECT coalesce(max(number), 0) FROM events AS e WHERE e.run = r.run),
    (SELECT count(*) FROM results AS o WHERE o.run = r.run),
    (SELECT count(*) FROM tiles AS t WHERE t.run = r.run),
    (SELECT CAST(coalesce(sum(
        length(parameters) + length(metrics) + length(why) + length(flags) + length(equity) + length(segments)
            + coalesce(length(trades), 0)
    ), 0) AS BIGINT) FROM results AS o WHERE o.run = r.run)
        + (SELECT CAST(coalesce(sum(length(columns)), 0) AS BIGINT) FROM tiles AS t WHERE t.run = r.run)
        + (SELECT CAST(coalesce(sum(length(bytes)), 0) AS BIGINT) FROM events AS e WHERE e.run = r.run)
FROM runs AS r ORDER BY r.run

-- name: row_of_run
SELECT run, state, digest, key_spec, key_strategy, key_engine, key_data, spec, origin, snapshot, created_at,
    finished_at, failed, receipt
FROM runs WHERE run = ?

-- name: put_into_runs
INSERT INTO runs (
    run, state, digest, key_spec, key_strategy, key_engine, key_data, spec, origin, snapshot, created_at, finished_at,
    failed, receipt
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: page_of_results
SELECT run, instrument, interval, parameters, metrics, why, flags, equity, final_equity, decisions, segments,
    elapsed_us, bars, first, last, trades
FROM results WHERE run = ? AND (instrument, interval, parameters) > (?, ?, ?)
ORDER BY instrument, interval, parameters LIMIT ?

-- name: page_of_tiles
SELECT run, instrument, lo, hi, cells, failed, bars, columns
FROM tiles WHERE run = ? AND (instrument, lo) > (?, ?) ORDER BY instrument, lo LIMIT ?

-- name: page_of_events
SELECT run, number, bytes FROM events WHERE run = ? AND number > ? ORDER BY number LIMIT ?
