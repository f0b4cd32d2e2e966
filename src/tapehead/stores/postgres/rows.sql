-- Rows of bars: which series have some, what was edited, and the table itself, whose reads name a range of time so that
-- the partitions of other months are never looked at.

-- name: head_and_marks
SELECT (SELECT coalesce(max(number), 0) FROM commits), EXISTS (SELECT FROM marks)

-- name: may_write
SELECT has_table_privilege('marks', 'DELETE') AND has_table_privilege('segments', 'INSERT')

-- name: marks
-- NULL: no bound, or every series.
SELECT id, series, CASE WHEN isfinite(first) THEN first END, CASE WHEN isfinite(last) THEN last END
FROM marks ORDER BY series, id

-- name: drop_marks
DELETE FROM marks WHERE id = ANY(?)

-- name: mark_series
INSERT INTO marks (series, first, last) VALUES (?, '-infinity', 'infinity')

-- name: marked
SELECT 1 FROM marks WHERE series = ? OR series IS NULL LIMIT 1

-- name: row_series
SELECT r.series, s.venue, s.symbol, s.interval_us FROM row_series AS r JOIN series AS s ON s.id = r.series
ORDER BY r.series

-- name: add_row_series
INSERT INTO row_series (series) VALUES (?) ON CONFLICT DO NOTHING

-- name: drop_row_series
-- Waits for those who edit rows of the series just now: their mark refers to this row.
DELETE FROM row_series WHERE series = ?

-- name: stop_marks
-- For this transaction: what it writes is in the segments already.
SELECT set_config('tapehead.writes_rows', 'on', true)

-- name: floor
SELECT CASE WHEN isfinite(floor) THEN floor END FROM row_settings

-- name: months
-- Those that have a partition, and whether this user may write it straight away.
SELECT c.relname, has_table_privilege(c.oid, 'INSERT') FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass('bars') AND c.relname LIKE 'bars\_____\___'

-- name: make_months
SELECT make_months(?, ?)

-- name: read_rows
-- Arrays, as one value a column: three times as fast as rows.
SELECT array_agg(ts), array_agg(open), array_agg(high), array_agg(low), array_agg(close), array_agg(volume),
    array_agg(flags)
FROM (
    SELECT ts, open, high, low, close, volume, flags FROM bars WHERE series = ? AND ts >= ? AND ts < ? ORDER BY ts
) AS b

-- name: count_rows
SELECT count(*) FROM bars WHERE series = ? AND ts >= ? AND ts <= ?

-- name: has_rows
SELECT EXISTS (SELECT FROM bars WHERE series = ? AND ts >= ? AND ts <= ?)

-- name: outer_rows
-- By the index of each partition.
SELECT min(ts), max(ts) FROM bars WHERE series = ?

-- name: drop_rows
DELETE FROM bars WHERE series = ? AND ts >= ? AND ts <= ? AND ts = ANY(?)

-- name: drop_rows_before
DELETE FROM bars WHERE series = ? AND ts < ?

-- name: mend_flags
UPDATE bars AS b SET flags = v.flags FROM unnest(?::timestamptz[], ?::smallint[]) AS v (ts, flags)
WHERE b.series = ? AND b.ts >= ? AND b.ts <= ? AND b.ts = v.ts

-- name: changed_periods
-- Of series that have rows, what commits after `before` changed.
SELECT DISTINCT g.series, g.period FROM (
    SELECT series, period FROM segments WHERE since > :before
    UNION ALL SELECT series, period FROM segments WHERE until > :before
    UNION ALL SELECT series, period FROM tail WHERE since > :before
    UNION ALL SELECT series, period FROM tail WHERE until > :before
) AS g JOIN row_series AS r ON r.series = g.series ORDER BY g.series, g.period

-- name: blocks_at
SELECT period, layer, data, file, first, last, "rows", since, until FROM (
    SELECT id, period, layer, data, file, first, last, "rows", since, until FROM segments
    WHERE series = :series AND since <= :snapshot AND (until IS NULL OR until > :snapshot)
        AND (CAST(:period AS BIGINT) IS NULL OR period = :period)
    UNION ALL
    SELECT id, period, -1, data, file, first, last, "rows", since, until FROM tail
    WHERE series = :series AND since <= :snapshot AND (until IS NULL OR until > :snapshot)
        AND (CAST(:period AS BIGINT) IS NULL OR period = :period)
) AS g ORDER BY period, layer < 0, layer, since, id

-- name: calendar_of
SELECT calendar FROM instruments WHERE venue = ? AND symbol = ? AND until IS NULL

-- name: kind_of_rows
-- What stands where the table of rows should be, and whether TimescaleDB made it its own.
SELECT CASE c.relkind WHEN 'p' THEN '' WHEN 'f' THEN 'a foreign table' WHEN 'r' THEN 'a plain table'
        ELSE CASE WHEN c.oid IS NULL THEN NULL ELSE 'something else' END END,
    EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgname = 'ts_insert_blocker')
FROM (SELECT to_regclass('bars') AS oid) AS b LEFT JOIN pg_class AS c ON c.oid = b.oid

-- name: partitions
-- Each with the end of its range (NULL: the default one), whether it is being detached, whether a foreign table, how
-- many of the triggers that mark edits are on it and enabled, and whether its index keeps a series from two bars at once.
SELECT c.relname,
    CASE WHEN c.oid = p.partdefid THEN NULL
        ELSE CAST(substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([^'']+)''\)') AS TIMESTAMPTZ) END,
    i.inhdetachpending,
    c.relkind = 'f',
    (SELECT count(*) FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgname LIKE 'mark\_%' AND t.tgenabled IN ('O', 'A')),
    EXISTS (
        SELECT FROM pg_index AS x JOIN pg_inherits AS xi ON xi.inhrelid = x.indexrelid
        WHERE x.indrelid = c.oid AND x.indisunique AND x.indisvalid AND xi.inhparent = to_regclass('bars_key')
    )
FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
JOIN pg_partitioned_table AS p ON p.partrelid = i.inhparent
WHERE i.inhparent = to_regclass('bars') ORDER BY c.relname

-- name: parent_triggers
SELECT count(*) FROM pg_trigger
WHERE tgrelid = to_regclass('bars') AND tgname LIKE 'mark\_%' AND tgenabled IN ('O', 'A')

-- name: silent_triggers
SELECT tgname FROM pg_trigger
WHERE tgrelid = CAST(? AS REGCLASS) AND tgname LIKE 'mark\_%' AND tgenabled NOT IN ('O', 'A')

-- name: months_in_default
SELECT DISTINCT date_trunc('month', ts AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' FROM bars_default ORDER BY 1

-- name: rows_in_default
SELECT count(*) FROM bars_default

-- name: strangers
-- Rows of series that have none by choice: nobody sees them.
SELECT b.series, count(*) FROM bars AS b
WHERE NOT EXISTS (SELECT FROM row_series AS r WHERE r.series = b.series) GROUP BY b.series ORDER BY b.series

-- name: newest_bar
SELECT max(c.last) FROM coverage AS c JOIN row_series AS r ON r.series = c.series

-- name: has_default
SELECT to_regclass('bars_default') IS NOT NULL

-- name: settings
SELECT ahead_months, keep_months FROM row_settings

-- name: set_ages
UPDATE row_settings SET ahead_months = ?, keep_months = ?

-- name: set_floor
UPDATE row_settings SET floor = coalesce(CAST(? AS TIMESTAMPTZ), '-infinity')

-- name: watch
SELECT watch_rows(CAST(? AS REGCLASS))

-- name: now
SELECT now()

-- name: recount_flags
UPDATE instruments AS i SET has_price_data = NOT i.has_price_data
WHERE i.until IS NULL AND i.has_price_data <> EXISTS (
    SELECT FROM coverage AS c JOIN series AS s ON s.id = c.series WHERE s.venue = i.venue AND s.symbol = i.symbol
)

-- name: wrong_flags
SELECT i.venue, i.symbol, i.has_price_data FROM instruments AS i
WHERE i.until IS NULL AND i.has_price_data <> EXISTS (
    SELECT FROM coverage AS c JOIN series AS s ON s.id = c.series WHERE s.venue = i.venue AND s.symbol = i.symbol
) ORDER BY i.venue, i.symbol
