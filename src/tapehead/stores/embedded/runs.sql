-- Statements of runs that SQLite is told otherwise; their schema stands in sql/.

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
