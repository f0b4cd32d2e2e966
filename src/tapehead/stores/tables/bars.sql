-- Statements of the manifest that every database understands; each brings its schema and what is told otherwise.

-- name: head
SELECT coalesce(max(number), 0) FROM commits

-- name: add_commit
INSERT INTO commits (number, at, kind, note, segments, unchanged, swept, seal, report)
VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)

-- name: log
SELECT number, at, kind, note, segments, unchanged, undoes, undone_by, swept, report IS NOT NULL
FROM commits WHERE number < ? ORDER BY number DESC LIMIT ?

-- name: report
SELECT report FROM commits WHERE number = ?

-- name: swept
SELECT swept, (SELECT min(number) FROM commits WHERE swept = 0) FROM commits WHERE number = ?

-- name: refs_of_all
-- In two halves, so that each finds its rows by an index: what is still held, and what ended after the snapshot.
SELECT s.venue, s.symbol, s.interval_us, period, layer, data, file, first, last, "rows", since, until
FROM (
    SELECT id, series, period, layer, data, file, first, last, "rows", since, until
    FROM segments WHERE until IS NULL AND since <= :snapshot
    UNION ALL
    SELECT id, series, period, layer, data, file, first, last, "rows", since, until
    FROM segments WHERE until > :snapshot AND since <= :snapshot
    UNION ALL
    SELECT id, series, period, -1, data, file, first, last, "rows", since, until
    FROM tail WHERE until IS NULL AND since <= :snapshot
    UNION ALL
    SELECT id, series, period, -1, data, file, first, last, "rows", since, until
    FROM tail WHERE until > :snapshot AND since <= :snapshot
) AS g JOIN series AS s ON s.id = g.series
ORDER BY g.series, period, layer < 0, layer, since, g.id

-- name: refs_of_one
-- The + keeps SQLite from walking along all that is older than the snapshot.
SELECT s.venue, s.symbol, s.interval_us, period, layer, data, file, first, last, "rows", since, until
FROM (
    SELECT id, series, period, layer, data, file, first, last, "rows", since, until, added FROM segments
    WHERE series = (SELECT id FROM series WHERE venue = :venue AND symbol = :symbol AND interval_us = :interval_us)
        AND +since <= :snapshot AND (until IS NULL OR +until > :snapshot)
    UNION ALL
    SELECT id, series, period, -1, data, file, first, last, "rows", since, until, added FROM tail
    WHERE series = (SELECT id FROM series WHERE venue = :venue AND symbol = :symbol AND interval_us = :interval_us)
        AND +since <= :snapshot AND (until IS NULL OR +until > :snapshot)
) AS g JOIN series AS s ON s.id = g.series
ORDER BY period, layer < 0, layer, since, g.id

-- name: changed_series
SELECT s.venue, s.symbol, s.interval_us FROM series AS s WHERE s.id IN (
    SELECT series FROM segments WHERE since > :before AND since <= :snapshot
    UNION SELECT series FROM segments WHERE until > :before AND until <= :snapshot
    UNION SELECT series FROM tail WHERE since > :before AND since <= :snapshot
    UNION SELECT series FROM tail WHERE until > :before AND until <= :snapshot
)

-- name: changed_instruments
-- With what each is at the snapshot, nothing where it is not held any more.
SELECT c.venue, c.symbol, i.venue, i.symbol, i.kind, i.quote, i.settle, i.multiplier, i.tick, i.lot, i.calendar,
    i.has_volume, i.listed_at, i.delisted_at, i.basis
FROM (
    SELECT venue, symbol FROM instruments WHERE since > :before AND since <= :snapshot
    UNION SELECT venue, symbol FROM instruments WHERE until > :before AND until <= :snapshot
) AS c LEFT JOIN instruments AS i ON i.venue = c.venue AND i.symbol = c.symbol
    AND i.since <= :snapshot AND (i.until IS NULL OR i.until > :snapshot)

-- name: intervals
SELECT DISTINCT s.interval_us FROM coverage AS c JOIN series AS s ON s.id = c.series
WHERE s.venue <> ? ORDER BY s.interval_us

-- name: stamp
SELECT at, seal FROM commits WHERE number = ?

-- name: held_in_period
SELECT layer, data, file, first, last, "rows", since
FROM (
    SELECT id, layer, data, file, first, last, "rows", since
    FROM segments WHERE series = :series AND period = :period AND until IS NULL
    UNION ALL
    SELECT id, -1, data, file, first, last, "rows", since
    FROM tail WHERE series = :series AND period = :period AND until IS NULL
) AS g
ORDER BY layer < 0, layer, since, id

-- name: file_of_data
SELECT file FROM segments WHERE data = ? LIMIT 1

-- name: named_data
SELECT DISTINCT data FROM segments

-- name: add_series
INSERT INTO series (venue, symbol, interval_us) VALUES (?, ?, ?) ON CONFLICT DO NOTHING

-- name: series_id
SELECT id FROM series WHERE venue = ? AND symbol = ? AND interval_us = ?

-- name: end_segments
UPDATE segments SET until = ? WHERE series = ? AND period = ? AND until IS NULL

-- name: end_blocks
UPDATE tail SET until = ? WHERE series = ? AND period = ? AND until IS NULL

-- name: end_block
UPDATE tail SET until = ? WHERE id = ?

-- name: add_segment
INSERT INTO segments (series, period, layer, data, file, first, last, "rows", added, since, until, newest)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)

-- name: add_block
INSERT INTO tail (series, period, data, file, first, last, "rows", added, since, until, columns, newest)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?)

-- name: blocks_of_period
SELECT id, first, last, "rows", added FROM tail WHERE series = ? AND period = ? AND until IS NULL ORDER BY since, id

-- name: columns_from
SELECT columns, file FROM tail WHERE series = ? AND period = ? AND until IS NULL
ORDER BY since, id LIMIT 9223372036854775807 OFFSET ?

-- name: columns_of_data
SELECT columns FROM tail WHERE data = ? LIMIT 1

-- name: content_of_block
SELECT columns, file FROM tail WHERE id = ?

-- name: mend_file
UPDATE segments SET file = ? WHERE data = ? AND file <> ?

-- name: coverage
SELECT s.venue, s.symbol, s.interval_us, c.first, c.last, c."rows", c.segments
FROM coverage AS c JOIN series AS s ON s.id = c.series ORDER BY s.venue, s.symbol, s.interval_us

-- name: coverage_of_one
SELECT c.first, c.last, c."rows", c.segments
FROM coverage AS c JOIN series AS s ON s.id = c.series WHERE s.venue = ? AND s.symbol = ? AND s.interval_us = ?

-- name: last_held
SELECT s.id, c.last FROM series AS s LEFT JOIN coverage AS c ON c.series = s.id
WHERE s.venue = ? AND s.symbol = ? AND s.interval_us = ?

-- name: forget_coverage
DELETE FROM coverage WHERE series = ?

-- name: count_coverage
-- From the manifest: what the row of a series must say. The bytes of a block are looked at only of the one on top.
INSERT INTO coverage (series, first, last, "rows", segments, newest)
SELECT series, first, last, "rows", blocks, CASE WHEN layer < 0
    THEN (SELECT t.newest FROM tail AS t WHERE t.id = g.id)
    ELSE (SELECT s.newest FROM segments AS s WHERE s.id = g.id)
END
FROM (
    SELECT series, layer, id, min(first) OVER of_series AS first, max(last) OVER of_series AS last,
        CAST(sum(added) OVER of_series AS BIGINT) AS "rows", count(*) OVER of_series AS blocks,
        row_number() OVER (
            PARTITION BY series ORDER BY last DESC, layer < 0 DESC, layer DESC, since DESC, id DESC
        ) AS place
    FROM (
        SELECT series, layer, id, first, last, added, since FROM segments
        WHERE series = :series AND until IS NULL
        UNION ALL
        SELECT series, -1, id, first, last, added, since FROM tail
        WHERE series = :series AND until IS NULL
    ) AS every
    WINDOW of_series AS (PARTITION BY series)
) AS g
WHERE place = 1

-- name: keep_roll_up
INSERT INTO rollups (series, interval_us, made_of, snapshot, bars, made, parts, columns)
SELECT s.id, ?, ?, ?, ?, ?, ?, ? FROM series AS s WHERE s.venue = ? AND s.symbol = ? AND s.interval_us = ?
ON CONFLICT (series, interval_us) DO UPDATE SET
    made_of = excluded.made_of, snapshot = excluded.snapshot, bars = excluded.bars, made = excluded.made,
    parts = excluded.parts, columns = excluded.columns

-- name: drop_stray_roll_ups
DELETE FROM rollups WHERE NOT EXISTS (SELECT 1 FROM coverage AS c WHERE c.series = rollups.series)

-- name: roll_up_facts
-- How many are kept, of how many bars, and of how many the series, or what decides its coarser bars, moved since.
SELECT count(*), CAST(coalesce(sum(r.bars), 0) AS BIGINT), CAST(coalesce(sum(CASE WHEN
    EXISTS (SELECT 1 FROM segments AS g WHERE g.series = r.series AND (g.since > r.snapshot OR g.until > r.snapshot))
    OR EXISTS (SELECT 1 FROM tail AS g WHERE g.series = r.series AND (g.since > r.snapshot OR g.until > r.snapshot))
    OR EXISTS (SELECT 1 FROM empties AS g WHERE g.series = r.series AND (g.since > r.snapshot OR g.until > r.snapshot))
    OR EXISTS (
        SELECT 1 FROM instruments AS i WHERE i.venue = s.venue AND i.symbol = s.symbol AND i.since > r.snapshot
    ) THEN 1 ELSE 0 END), 0) AS BIGINT)
FROM rollups AS r JOIN series AS s ON s.id = r.series

-- name: instruments
SELECT venue, symbol, kind, quote, settle, multiplier, tick, lot, calendar, has_volume, listed_at, delisted_at, basis
FROM instruments WHERE since <= :snapshot AND (until IS NULL OR until > :snapshot) ORDER BY venue, symbol

-- name: instrument
SELECT venue, symbol, kind, quote, settle, multiplier, tick, lot, calendar, has_volume, listed_at, delisted_at, basis
FROM instruments WHERE venue = ? AND symbol = ? AND until IS NULL

-- name: instrument_since
SELECT since FROM instruments WHERE venue = ? AND symbol = ? AND until IS NULL

-- name: end_instrument
UPDATE instruments SET until = ? WHERE venue = ? AND symbol = ? AND until IS NULL

-- name: add_instrument
INSERT INTO instruments (
    venue, symbol, kind, quote, settle, multiplier, tick, lot, calendar, has_volume, listed_at, delisted_at, basis,
    since
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: factors
SELECT source, data FROM factors
WHERE venue = :venue AND symbol = :symbol AND since <= :snapshot AND (until IS NULL OR until > :snapshot)

-- name: factors_held
SELECT source, data FROM factors WHERE venue = ? AND symbol = ? AND until IS NULL

-- name: end_factors
UPDATE factors SET until = ? WHERE venue = ? AND symbol = ? AND until IS NULL

-- name: add_factors
INSERT INTO factors (venue, symbol, since, source, data) VALUES (?, ?, ?, ?, ?)

-- name: empties
SELECT s.venue, s.symbol, s.interval_us, e.first, e."end"
FROM empties AS e JOIN series AS s ON s.id = e.series
WHERE e.since <= :snapshot AND (e.until IS NULL OR e.until > :snapshot)
ORDER BY s.venue, s.symbol, s.interval_us, e.first

-- name: empties_of_one
SELECT e.first, e."end" FROM empties AS e JOIN series AS s ON s.id = e.series
WHERE s.venue = :venue AND s.symbol = :symbol AND s.interval_us = :interval_us
    AND e.since <= :snapshot AND (e.until IS NULL OR e.until > :snapshot)
ORDER BY e.first

-- name: empties_touching
SELECT id, first, "end" FROM empties
WHERE series = :series AND until IS NULL AND first <= :end AND "end" >= :first ORDER BY first

-- name: end_empty
UPDATE empties SET until = ? WHERE id = ?

-- name: drop_passing_empties
-- Ranges that came and were joined within one commit.
DELETE FROM empties WHERE since = ? AND until = since

-- name: add_empty
INSERT INTO empties (series, first, "end", since) VALUES (?, ?, ?, ?)

-- name: universes
SELECT name, symbols, built_in, "where" FROM universes ORDER BY name

-- name: universe
SELECT name, symbols, built_in, "where" FROM universes WHERE name = ?

-- name: save_universe
INSERT INTO universes (name, symbols, built_in, "where") VALUES (?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET symbols = excluded.symbols, built_in = excluded.built_in, "where" = excluded."where"

-- name: delete_universe
DELETE FROM universes WHERE name = ?

-- name: presets
SELECT name, strategy, parameters, source, saved_at FROM presets ORDER BY name

-- name: save_preset
INSERT INTO presets (name, strategy, parameters, source, saved_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET
    strategy = excluded.strategy, parameters = excluded.parameters, source = excluded.source,
    saved_at = excluded.saved_at

-- name: delete_preset
DELETE FROM presets WHERE name = ?

-- name: add_quarantined
INSERT INTO quarantine (series, ts, path, "row", reason, "values", since) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING

-- name: quarantined
SELECT s.venue, s.symbol, s.interval_us, q.ts, q.path, q."row", q.reason, q."values"
FROM quarantine AS q JOIN series AS s ON s.id = q.series WHERE q.until IS NULL ORDER BY q.id LIMIT ?

-- name: quarantined_of_one
SELECT q.id, q.ts, q.path, q."row", q.reason, q."values"
FROM quarantine AS q JOIN series AS s ON s.id = q.series
WHERE s.venue = ? AND s.symbol = ? AND s.interval_us = ? AND q.until IS NULL ORDER BY q.id LIMIT ?

-- name: series_named
SELECT venue, symbol, interval_us FROM series WHERE id = ?

-- name: commit_of
SELECT number, kind, note, undone_by, swept FROM commits WHERE number = ?

-- name: touched_blocks
-- Of the periods that a commit touched: every block held now, just after it or just before it, in order of the layers.
WITH touched AS (
    SELECT series, period FROM segments WHERE since = :number
    UNION SELECT series, period FROM segments WHERE until = :number
    UNION SELECT series, period FROM tail WHERE since = :number
    UNION SELECT series, period FROM tail WHERE until = :number
)
SELECT series, period, layer, data, added, id, since, until
FROM touched JOIN (
    SELECT series, period, layer, data, added, id, since, until FROM segments
    UNION ALL
    SELECT series, period, -1, data, added, id, since, until FROM tail
) AS g USING (series, period)
WHERE until IS NULL OR (since <= :number AND until >= :number)
ORDER BY series, period, layer < 0, layer, since, id

-- name: touching_period
-- Later commits that touched a period, newest first, with what each of them took back.
SELECT c.number, c.undoes
FROM commits AS c JOIN (
    SELECT since AS number FROM segments WHERE series = :series AND period = :period AND since > :number
    UNION SELECT until FROM segments WHERE series = :series AND period = :period AND until > :number
    UNION SELECT since FROM tail WHERE series = :series AND period = :period AND since > :number
    UNION SELECT until FROM tail WHERE series = :series AND period = :period AND until > :number
) AS g USING (number)
ORDER BY c.number DESC

-- name: touching_empties
SELECT c.number, c.undoes
FROM commits AS c JOIN (
    SELECT since AS number FROM empties WHERE series = :series AND since > :number
    UNION SELECT until FROM empties WHERE series = :series AND until > :number
) AS g USING (number)
ORDER BY c.number DESC

-- name: touching_factors
SELECT c.number, c.undoes
FROM commits AS c JOIN (
    SELECT since AS number FROM factors WHERE venue = :venue AND symbol = :symbol AND since > :number
    UNION SELECT until FROM factors WHERE venue = :venue AND symbol = :symbol AND until > :number
) AS g USING (number)
ORDER BY c.number DESC

-- name: end_segment
UPDATE segments SET until = ? WHERE id = ?

-- name: hold_segment
INSERT INTO segments (series, period, layer, data, file, first, last, "rows", added, since, until, newest)
SELECT series, period, layer, data, file, first, last, "rows", added, ?, NULL, newest FROM segments WHERE id = ?

-- name: hold_block
INSERT INTO tail (series, period, data, file, first, last, "rows", added, since, until, columns, newest)
SELECT series, period, data, file, first, last, "rows", added, ?, NULL, columns, newest FROM tail WHERE id = ?

-- name: touched_instruments
SELECT venue, symbol, since, since, until, kind, quote, settle, multiplier, tick, lot, calendar, has_volume, listed_at,
    delisted_at, basis
FROM instruments
WHERE (venue, symbol) IN (SELECT venue, symbol FROM instruments WHERE since = :number OR until = :number)
    AND (until IS NULL OR (since <= :number AND until >= :number))
ORDER BY venue, symbol, since

-- name: has_bars
SELECT 1 FROM coverage AS c JOIN series AS s ON s.id = c.series WHERE s.venue = ? AND s.symbol = ? LIMIT 1

-- name: hold_instrument
INSERT INTO instruments (
    venue, symbol, kind, quote, settle, multiplier, tick, lot, calendar, has_volume, listed_at, delisted_at, basis,
    since
)
SELECT venue, symbol, kind, quote, settle, multiplier, tick, lot, calendar, has_volume, listed_at, delisted_at, basis,
    ?
FROM instruments WHERE venue = ? AND symbol = ? AND since = ?

-- name: hold_instrument_of
INSERT INTO instruments (
    venue, symbol, kind, quote, settle, multiplier, tick, lot, calendar, has_volume, listed_at, delisted_at, basis,
    since
)
SELECT venue, symbol, kind, quote, settle, multiplier, tick, lot, calendar, has_volume, listed_at, delisted_at, basis,
    :undo
FROM instruments
WHERE venue = :venue AND symbol = :symbol AND since <= :snapshot AND (until IS NULL OR until > :snapshot)

-- name: touched_factors
SELECT venue, symbol, id, since, until, source, data
FROM factors
WHERE (venue, symbol) IN (SELECT venue, symbol FROM factors WHERE since = :number OR until = :number)
    AND (until IS NULL OR (since <= :number AND until >= :number))
ORDER BY venue, symbol, since

-- name: hold_factors
INSERT INTO factors (venue, symbol, since, source, data) SELECT venue, symbol, ?, source, data FROM factors WHERE id = ?

-- name: touched_empties
SELECT series, since, until, first, "end", id
FROM empties
WHERE series IN (SELECT series FROM empties WHERE since = :number OR until = :number)
    AND (until IS NULL OR (since <= :number AND until >= :number))
ORDER BY series, first

-- name: hold_empty
INSERT INTO empties (series, first, "end", since) SELECT series, first, "end", ? FROM empties WHERE id = ?

-- name: end_quarantined
UPDATE quarantine SET until = :undo WHERE since = :number AND until IS NULL

-- name: hold_quarantined
INSERT INTO quarantine (series, ts, path, "row", reason, "values", since)
SELECT series, ts, path, "row", reason, "values", :undo FROM quarantine WHERE until = :number
ON CONFLICT DO NOTHING

-- name: mark_undo
UPDATE commits SET undoes = ? WHERE number = ?

-- name: mark_undone
UPDATE commits SET undone_by = ? WHERE number = ?

-- name: unswept
SELECT number FROM commits WHERE swept = 0

-- name: mark_swept
UPDATE commits SET swept = 1 WHERE number = ?

-- name: commit_times
SELECT number, at FROM commits ORDER BY number DESC

-- name: data_of_rows
SELECT id, data FROM segments

-- name: ended_of_segments
SELECT id, since, until FROM segments WHERE until IS NOT NULL

-- name: drop_of_segments
DELETE FROM segments WHERE id = ?

-- name: ended_of_tail
SELECT id, since, until FROM tail WHERE until IS NOT NULL

-- name: drop_of_tail
DELETE FROM tail WHERE id = ?

-- name: ended_of_instruments
SELECT venue, symbol, since, since, until FROM instruments WHERE until IS NOT NULL

-- name: drop_of_instruments
DELETE FROM instruments WHERE venue = ? AND symbol = ? AND since = ?

-- name: ended_of_factors
SELECT id, since, until FROM factors WHERE until IS NOT NULL

-- name: drop_of_factors
DELETE FROM factors WHERE id = ?

-- name: ended_of_empties
SELECT id, since, until FROM empties WHERE until IS NOT NULL

-- name: drop_of_empties
DELETE FROM empties WHERE id = ?

-- name: ended_of_quarantine
SELECT id, since, until FROM quarantine WHERE until IS NOT NULL

-- name: drop_of_quarantine
DELETE FROM quarantine WHERE id = ?

-- name: coverage_rows
SELECT series, first, last, "rows", segments, newest FROM coverage

-- name: counted_coverage
SELECT series, first, last, "rows", blocks, CASE WHEN layer < 0
    THEN (SELECT t.newest FROM tail AS t WHERE t.id = g.id)
    ELSE (SELECT s.newest FROM segments AS s WHERE s.id = g.id)
END
FROM (
    SELECT series, layer, id, min(first) OVER of_series AS first, max(last) OVER of_series AS last,
        CAST(sum(added) OVER of_series AS BIGINT) AS "rows", count(*) OVER of_series AS blocks,
        row_number() OVER (
            PARTITION BY series ORDER BY last DESC, layer < 0 DESC, layer DESC, since DESC, id DESC
        ) AS place
    FROM (
        SELECT series, layer, id, first, last, added, since FROM segments WHERE until IS NULL
        UNION ALL
        SELECT series, -1, id, first, last, added, since FROM tail WHERE until IS NULL
    ) AS every
    WINDOW of_series AS (PARTITION BY series)
) AS g
WHERE place = 1

-- name: top_blocks
-- Of each series the block that holds its newest bar, the highest of those that do, with what is kept of that bar.
SELECT s.venue, s.symbol, s.interval_us, period, layer, data, file, first, last, "rows", since, until,
    CASE WHEN layer < 0
        THEN (SELECT t.newest FROM tail AS t WHERE t.id = g.id)
        ELSE (SELECT b.newest FROM segments AS b WHERE b.id = g.id)
    END
FROM (
    SELECT every.*, row_number() OVER (
        PARTITION BY series ORDER BY last DESC, layer < 0 DESC, layer DESC, since DESC, id DESC
    ) AS place
    FROM (
        SELECT id, series, period, layer, data, file, first, last, "rows", since, until
        FROM segments WHERE until IS NULL
        UNION ALL
        SELECT id, series, period, -1, data, file, first, last, "rows", since, until FROM tail WHERE until IS NULL
    ) AS every
) AS g JOIN series AS s ON s.id = g.series
WHERE place = 1

-- name: mend_newest_of_segment
UPDATE segments SET newest = ? WHERE data = ?

-- name: mend_newest_of_block
UPDATE tail SET newest = ? WHERE data = ?

-- name: facts
SELECT
    (SELECT count(*) FROM commits),
    (SELECT count(*) FROM instruments WHERE until IS NULL),
    (SELECT count(*) FROM coverage),
    (SELECT count(*) FROM segments WHERE until IS NULL),
    (SELECT count(*) FROM tail WHERE until IS NULL),
    (SELECT CAST(coalesce(sum("rows"), 0) AS BIGINT) FROM coverage),
    (SELECT CAST(coalesce(sum("rows"), 0) AS BIGINT) FROM tail WHERE until IS NULL),
    (SELECT count(*) FROM quarantine WHERE until IS NULL),
    (SELECT coalesce(min(number), 0) FROM commits WHERE swept = 0)

-- name: data_held
SELECT data, max(CASE WHEN until IS NULL THEN 1 ELSE 0 END) FROM segments GROUP BY data

-- name: every_block
SELECT s.venue, s.symbol, s.interval_us, period, layer, data, file, first, last, "rows", since, until
FROM (
    SELECT id, series, period, layer, data, file, first, last, "rows", since, until FROM segments
    UNION ALL
    SELECT id, series, period, -1, data, file, first, last, "rows", since, until FROM tail
) AS g JOIN series AS s ON s.id = g.series
ORDER BY layer < 0, data, since

-- name: undo_links
SELECT number, undoes FROM commits

-- name: seal
SELECT seal FROM commits WHERE number = ?

-- name: seals
SELECT number, seal FROM commits WHERE swept = 0 AND seal IS NOT NULL ORDER BY number

-- name: moved_blocks
-- In four parts: each by its index, and a block that came and went counts twice, which is not at all.
SELECT s.venue, s.symbol, s.interval_us, period, layer, first, last, "rows", data
FROM (
    SELECT series, period, layer, first, last, "rows", data FROM segments WHERE since = :number
    UNION ALL
    SELECT series, period, layer, first, last, "rows", data FROM segments WHERE until = :number
    UNION ALL
    SELECT series, period, -1, first, last, "rows", data FROM tail WHERE since = :number
    UNION ALL
    SELECT series, period, -1, first, last, "rows", data FROM tail WHERE until = :number
) AS g JOIN series AS s ON s.id = g.series

-- name: held_blocks
SELECT s.venue, s.symbol, s.interval_us, period, layer, first, last, "rows", data
FROM (
    SELECT series, period, layer, first, last, "rows", data FROM segments WHERE until IS NULL
    UNION ALL
    SELECT series, period, -1, first, last, "rows", data FROM tail WHERE until IS NULL
) AS g JOIN series AS s ON s.id = g.series

-- name: blocks_by_commit
SELECT s.venue, s.symbol, s.interval_us, period, layer, first, last, "rows", data, since, until
FROM (
    SELECT series, period, layer, first, last, "rows", data, since, until FROM segments
    UNION ALL
    SELECT series, period, -1, first, last, "rows", data, since, until FROM tail
) AS g JOIN series AS s ON s.id = g.series

-- name: added_of_period
SELECT CAST(coalesce(sum(added), 0) AS BIGINT)
FROM (
    SELECT added FROM segments WHERE series = :series AND period = :period AND until IS NULL
    UNION ALL
    SELECT added FROM tail WHERE series = :series AND period = :period AND until IS NULL
) AS g

-- name: mend_block
UPDATE tail SET columns = ?, file = ? WHERE data = ?
