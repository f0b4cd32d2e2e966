-- name: find_tested
-- The last event of a completed run tells of its test.
SELECT t.run
FROM (
    SELECT r.run, convert_from(e.bytes, 'UTF8')::jsonb AS told
    FROM runs AS r JOIN LATERAL (
        SELECT bytes FROM events WHERE events.run = r.run ORDER BY number DESC LIMIT 1
    ) AS e ON true
    WHERE r.key_strategy = ? AND r.key_engine = ? AND r.state = 'completed' AND r.spec::jsonb ->> 'strategy' = ?
) AS t
WHERE t.told ->> 'event' = 'completed'
    AND t.told #>> '{look_ahead,whole}' IN ('true', '1')
    AND t.told #>> '{look_ahead,found}' IN ('false', '0')
    AND (t.told #>> '{look_ahead,cuts}')::bigint > 0
    AND t.told #>> '{look_ahead,stopped}' IS NULL
ORDER BY t.run DESC LIMIT 1

-- name: values_of_metric
SELECT (metrics::jsonb ->> ?)::float8 FROM results WHERE run = ?

-- name: results_by_metric
-- The value is null where the metric is undefined; those come last.
WITH ranked AS (
    SELECT instrument, "interval", parameters, metrics, why, flags, equity, final_equity, decisions, segments,
        elapsed_us, bars, first, last, NULL::bytea AS trades, (metrics::jsonb ->> :sort)::float8 AS value
    FROM results WHERE run = :run
)
SELECT * FROM ranked
WHERE CAST(:instrument AS TEXT) IS NULL
    OR (CAST(value IS NULL AS INT), -coalesce(value, 0.0), instrument, "interval", parameters)
        > (:undefined, :below, :instrument, :interval, :parameters)
ORDER BY value IS NULL, -coalesce(value, 0.0), instrument, "interval", parameters
LIMIT :limit

-- name: lock_run
-- Results name their run: those who add some are not kept out.
SELECT epoch FROM runs WHERE run = ? FOR NO KEY UPDATE

-- name: raise_epoch
UPDATE runs SET epoch = epoch + 1 WHERE run = ? RETURNING epoch

-- name: claim
SELECT pg_try_advisory_lock(?)

-- name: unclaim
SELECT pg_advisory_unlock(?)

-- name: end_claims
-- A session of ours whose connection broke, and which holds a lock all the same.
SELECT pg_terminate_backend(pid) FROM pg_locks
WHERE pid = ? AND locktype = 'advisory' AND granted AND objsubid = 1
    AND ((classid::bigint << 32) | objid::bigint) = ?
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())

-- name: forget_clients
DELETE FROM settled WHERE at < now() - interval '7 days'

-- name: claimed
SELECT EXISTS (
    SELECT 1 FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND ((classid::bigint << 32) | objid::bigint) = ?
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)

-- name: tile_begin
SELECT substring(columns FROM 1 FOR ?) FROM tiles WHERE id = ?

-- name: tile_part
SELECT substring(columns FROM ? FOR ?) FROM tiles WHERE id = ?

-- name: trial_context
-- Who adds to a context keeps the others out until the end of the transaction: of two, one would wait for the other's sets
-- and the other for these.
SELECT id FROM trial_contexts WHERE digest = ? FOR UPDATE

-- name: add_trial_sets
INSERT INTO trial_sets (context, digest) SELECT ?, unnest(?::bytea[]) ON CONFLICT DO NOTHING RETURNING digest

-- name: add_sets_of_many
-- Contexts in the order of their digests, made or locked, so that of two who add to the same ones the later waits at the
-- first of them; then the sets that are not there yet, by context.
WITH wanted AS (
    SELECT * FROM unnest(?::bytea[], ?::text[], ?::bytea[], ?::text[], ?::text[], ?::text[])
        AS t (digest, strategy, source, instrument, "interval", settings)
), placed AS (
    INSERT INTO trial_contexts (digest, strategy, source, instrument, "interval", settings)
    SELECT digest, strategy, source, instrument, "interval", settings FROM wanted ORDER BY digest
    ON CONFLICT (digest) DO UPDATE SET digest = excluded.digest
    RETURNING id, digest
), added AS (
    INSERT INTO trial_sets (context, digest)
    SELECT placed.id, given.digest
    FROM unnest(?::bytea[], ?::bytea[]) AS given (context, digest) JOIN placed ON placed.digest = given.context
    ORDER BY placed.id, given.digest
    ON CONFLICT DO NOTHING
    RETURNING context, digest
)
SELECT placed.digest, added.digest, placed.id FROM added JOIN placed ON placed.id = added.context
