-- name: tails
SELECT s.venue, s.symbol, s.interval_us, t.period, CAST(sum(t."rows") AS BIGINT), c.last
FROM tail AS t JOIN series AS s ON s.id = t.series JOIN coverage AS c ON c.series = t.series
WHERE t.until IS NULL GROUP BY s.venue, s.symbol, s.interval_us, t.series, t.period, c.last ORDER BY t.series, t.period

-- name: add_coverage
INSERT INTO coverage (series, first, last, "rows", segments, newest) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (series) DO UPDATE SET
    first = least(coverage.first, excluded.first), last = greatest(coverage.last, excluded.last),
    "rows" = coverage."rows" + excluded."rows", segments = coverage.segments + excluded.segments,
    newest = CASE WHEN excluded.last >= coverage.last THEN excluded.newest ELSE coverage.newest END

-- name: newest
-- Of the asked series, by their places among the asked: time and rest of the newest bar, and the head, of one moment.
SELECT a.place - 1, c.last, c.newest, (SELECT coalesce(max(number), 0) FROM commits)
FROM jsonb_array_elements(CAST(:series AS JSONB)) WITH ORDINALITY AS a (v, place)
JOIN series AS s ON s.venue = a.v ->> 0 AND s.symbol = a.v ->> 1 AND s.interval_us = CAST(a.v ->> 2 AS BIGINT)
JOIN coverage AS c ON c.series = s.id

-- name: roll_ups
SELECT a.place - 1, r.made_of, r.made, r.parts, r.columns
FROM jsonb_array_elements(CAST(:series AS JSONB)) WITH ORDINALITY AS a (v, place)
JOIN series AS s ON s.venue = a.v ->> 0 AND s.symbol = a.v ->> 1 AND s.interval_us = CAST(a.v ->> 2 AS BIGINT)
JOIN rollups AS r ON r.series = s.id AND r.interval_us = :coarse_us

-- name: add_lease
INSERT INTO leases (snapshot, expires) VALUES (?, clock_timestamp() + make_interval(secs => ?)) RETURNING id

-- name: end_lease
DELETE FROM leases WHERE id = ? OR expires <= clock_timestamp()

-- name: leases
SELECT DISTINCT snapshot FROM leases WHERE expires > clock_timestamp() ORDER BY snapshot

-- name: share_leases
-- A sweep waits for those who take a lease just now, and they for it.
SELECT pg_advisory_xact_lock_shared(:key)

-- name: close_leases
SELECT pg_advisory_xact_lock(:key)

-- name: try_writer
SELECT pg_try_advisory_xact_lock(:key)

-- name: writer
-- Who holds the lock of the writer, of this database.
SELECT a.application_name, a.pid, coalesce(a.client_addr::text, 'this machine')
FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = :key AND l.mode = 'ExclusiveLock'
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())

-- name: has_bytes
SELECT sha256(bytes) = ? FROM segment_bytes WHERE data = ?

-- name: write_bytes
INSERT INTO segment_bytes (data, bytes) VALUES (?, ?) ON CONFLICT (data) DO UPDATE SET bytes = excluded.bytes

-- name: read_bytes
SELECT bytes FROM segment_bytes WHERE data = ?

-- name: read_many_bytes
-- In the order of the asked, one after the other as they are looked up: no sort holds them all.
SELECT CASE WHEN a.layer < 0
    THEN (SELECT t.columns FROM tail AS t WHERE t.data = a.data LIMIT 1)
    ELSE (SELECT b.bytes FROM segment_bytes AS b WHERE b.data = a.data)
END
FROM (
    SELECT data, layer FROM unnest(?::bytea[], ?::bigint[]) WITH ORDINALITY AS u (data, layer, place) ORDER BY place
) AS a

-- name: sizes
SELECT data, octet_length(bytes) FROM segment_bytes

-- name: sizes_of
SELECT data, octet_length(bytes) FROM segment_bytes WHERE data = ANY(?)

-- name: drop_bytes
DELETE FROM segment_bytes WHERE data = ?

-- name: database_bytes
SELECT CAST(coalesce(sum(pg_total_relation_size(c.oid)), 0) AS BIGINT)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'tapehead' AND c.relkind IN ('r', 'p') AND c.relname <> 'segment_bytes'

-- name: refs_of_many
-- What one look tells of the asked series: their blocks, what commits counted of them, and the head, each row with all.
-- LATERAL: by the index of each series, for nothing is known here of how many are asked for.
SELECT s.venue, s.symbol, s.interval_us, g.period, g.layer, g.data, g.file, g.first, g.last, g."rows", g.since, g.until,
    c.first, c.last, coalesce(c.segments, 0), (SELECT coalesce(max(number), 0) FROM commits)
FROM (SELECT DISTINCT v ->> 0 AS venue, v ->> 1 AS symbol, CAST(v ->> 2 AS BIGINT) AS interval_us
    FROM jsonb_array_elements(CAST(:series AS JSONB)) AS v) AS a
JOIN series AS s ON s.venue = a.venue AND s.symbol = a.symbol AND s.interval_us = a.interval_us
LEFT JOIN coverage AS c ON c.series = s.id
LEFT JOIN LATERAL (
    SELECT id, period, layer, data, file, first, last, "rows", since, until FROM segments
    WHERE series = s.id AND since <= :snapshot AND (until IS NULL OR until > :snapshot)
    UNION ALL
    SELECT id, period, -1, data, file, first, last, "rows", since, until FROM tail
    WHERE series = s.id AND since <= :snapshot AND (until IS NULL OR until > :snapshot)
) AS g ON TRUE
ORDER BY s.id, g.period, g.layer < 0, g.layer, g.since, g.id
