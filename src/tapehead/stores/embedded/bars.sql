-- Statements of the manifest that SQLite is told otherwise; its schema stands in sql/.

-- name: tails
SELECT s.venue, s.symbol, s.interval_us, t.period, sum(t."rows"), c.last
FROM tail AS t INDEXED BY tail_held JOIN series AS s ON s.id = t.series JOIN coverage AS c ON c.series = t.series
WHERE t.until IS NULL GROUP BY t.series, t.period

-- name: add_coverage
-- By what one block brought: no look at the others.
INSERT INTO coverage (series, first, last, "rows", segments, newest) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (series) DO UPDATE SET
    first = min(first, excluded.first), last = max(last, excluded.last),
    "rows" = "rows" + excluded."rows", segments = segments + excluded.segments,
    newest = CASE WHEN excluded.last >= last THEN excluded.newest ELSE newest END

-- name: newest
-- Of the asked series, by their places among the asked: time and rest of the newest bar, and the head, of one moment.
SELECT a.key, c.last, c.newest, (SELECT coalesce(max(number), 0) FROM commits)
FROM json_each(:series) AS a
CROSS JOIN series AS s ON s.venue = json_extract(a.value, '$[0]') AND s.symbol = json_extract(a.value, '$[1]')
    AND s.interval_us = json_extract(a.value, '$[2]')
CROSS JOIN coverage AS c ON c.series = s.id

-- name: roll_ups
SELECT a.key, r.made_of, r.made, r.parts, r.columns
FROM json_each(:series) AS a
CROSS JOIN series AS s ON s.venue = json_extract(a.value, '$[0]') AND s.symbol = json_extract(a.value, '$[1]')
    AND s.interval_us = json_extract(a.value, '$[2]')
CROSS JOIN rollups AS r ON r.series = s.id AND r.interval_us = :coarse_us

-- name: add_lease
INSERT INTO leases (snapshot, boot, space, pid, began, ttl, expires) VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: end_lease
DELETE FROM leases WHERE id = ?

-- name: leases
SELECT id, snapshot, boot, space, pid, began, ttl, expires FROM leases ORDER BY snapshot

-- name: refs_of_many
-- What one look tells of the asked series: their blocks, what commits counted of them, and the head, each row with all.
-- The + keeps SQLite from walking along all that is older than the snapshot, CROSS JOIN from beginning elsewhere.
WITH asked AS MATERIALIZED (
    SELECT s.id, s.venue, s.symbol, s.interval_us
    FROM json_each(:series) AS a CROSS JOIN series AS s
    WHERE s.venue = json_extract(a.value, '$[0]') AND s.symbol = json_extract(a.value, '$[1]')
        AND s.interval_us = json_extract(a.value, '$[2]')
), blocks AS (
    SELECT g.id, series, period, layer, data, file, first, last, "rows", since, until
    FROM asked AS a CROSS JOIN segments AS g
    WHERE g.series = a.id AND +since <= :snapshot AND (until IS NULL OR +until > :snapshot)
    UNION ALL
    SELECT g.id, series, period, -1, data, file, first, last, "rows", since, until
    FROM asked AS a CROSS JOIN tail AS g
    WHERE g.series = a.id AND +since <= :snapshot AND (until IS NULL OR +until > :snapshot)
)
SELECT a.venue, a.symbol, a.interval_us, g.period, g.layer, g.data, g.file, g.first, g.last, g."rows", g.since, g.until,
    c.first, c.last, coalesce(c.segments, 0), (SELECT coalesce(max(number), 0) FROM commits)
FROM asked AS a LEFT JOIN coverage AS c ON c.series = a.id LEFT JOIN blocks AS g ON g.series = a.id
ORDER BY a.id, g.period, g.layer < 0, g.layer, g.since, g.id
