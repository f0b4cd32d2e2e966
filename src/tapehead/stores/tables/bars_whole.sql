-- Rows of the manifest as they are, in order of their keys: one store holds just what another held.

-- name: page_of_series
SELECT id, venue, symbol, interval_us
FROM series WHERE id > ? ORDER BY id LIMIT ?

-- name: put_into_series
INSERT INTO series (id, venue, symbol, interval_us)
VALUES (?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    venue = excluded.venue, symbol = excluded.symbol, interval_us = excluded.interval_us

-- name: page_of_commits
SELECT number, at, kind, note, segments, unchanged, undoes, undone_by, swept, seal, report
FROM commits WHERE number > ? ORDER BY number LIMIT ?

-- name: put_into_commits
INSERT INTO commits (number, at, kind, note, segments, unchanged, undoes, undone_by, swept, seal, report)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (number) DO UPDATE SET
    at = excluded.at, kind = excluded.kind, note = excluded.note, segments = excluded.segments,
    unchanged = excluded.unchanged, undoes = excluded.undoes, undone_by = excluded.undone_by,
    swept = excluded.swept, seal = excluded.seal, report = excluded.report

-- name: page_of_segments
SELECT id, series, period, layer, data, file, first, last, "rows", added, since, until, newest
FROM segments WHERE id > ? ORDER BY id LIMIT ?

-- name: put_into_segments
INSERT INTO segments (id, series, period, layer, data, file, first, last, "rows", added, since, until, newest)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    series = excluded.series, period = excluded.period, layer = excluded.layer, data = excluded.data,
    file = excluded.file, first = excluded.first, last = excluded.last, "rows" = excluded."rows",
    added = excluded.added, since = excluded.since, until = excluded.until, newest = excluded.newest

-- name: page_of_tail
SELECT id, series, period, data, file, first, last, "rows", added, since, until, columns, newest
FROM tail WHERE id > ? ORDER BY id LIMIT ?

-- name: put_into_tail
INSERT INTO tail (id, series, period, data, file, first, last, "rows", added, since, until, columns, newest)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    series = excluded.series, period = excluded.period, data = excluded.data, file = excluded.file,
    first = excluded.first, last = excluded.last, "rows" = excluded."rows", added = excluded.added,
    since = excluded.since, until = excluded.until, columns = excluded.columns, newest = excluded.newest

-- name: page_of_coverage
SELECT series, first, last, "rows", segments, newest
FROM coverage WHERE series > ? ORDER BY series LIMIT ?

-- name: put_into_coverage
INSERT INTO coverage (series, first, last, "rows", segments, newest)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (series) DO UPDATE SET
    first = excluded.first, last = excluded.last, "rows" = excluded."rows", segments = excluded.segments,
    newest = excluded.newest

-- name: page_of_instruments
SELECT venue, symbol, since, kind, quote, settle, multiplier, tick, lot, calendar, has_volume, listed_at, delisted_at,
    basis, until
FROM instruments WHERE (venue, symbol, since) > (?, ?, ?) ORDER BY venue, symbol, since LIMIT ?

-- name: put_into_instruments
INSERT INTO instruments (
    venue, symbol, since, kind, quote, settle, multiplier, tick, lot, calendar, has_volume, listed_at, delisted_at,
    basis, until
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (venue, symbol, since) DO UPDATE SET
    kind = excluded.kind, quote = excluded.quote, settle = excluded.settle, multiplier = excluded.multiplier,
    tick = excluded.tick, lot = excluded.lot, calendar = excluded.calendar, has_volume = excluded.has_volume,
    listed_at = excluded.listed_at, delisted_at = excluded.delisted_at, basis = excluded.basis,
    until = excluded.until

-- name: page_of_factors
SELECT id, venue, symbol, since, until, source, data
FROM factors WHERE id > ? ORDER BY id LIMIT ?

-- name: put_into_factors
INSERT INTO factors (id, venue, symbol, since, until, source, data)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    venue = excluded.venue, symbol = excluded.symbol, since = excluded.since, until = excluded.until,
    source = excluded.source, data = excluded.data

-- name: page_of_empties
SELECT id, series, first, "end", since, until
FROM empties WHERE id > ? ORDER BY id LIMIT ?

-- name: put_into_empties
INSERT INTO empties (id, series, first, "end", since, until)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    series = excluded.series, first = excluded.first, "end" = excluded."end", since = excluded.since,
    until = excluded.until

-- name: page_of_quarantine
SELECT id, series, ts, path, "row", reason, "values", since, until
FROM quarantine WHERE id > ? ORDER BY id LIMIT ?

-- name: put_into_quarantine
INSERT INTO quarantine (id, series, ts, path, "row", reason, "values", since, until)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    series = excluded.series, ts = excluded.ts, path = excluded.path, "row" = excluded."row",
    reason = excluded.reason, "values" = excluded."values", since = excluded.since, until = excluded.until
-- name: drop_roll_ups_of
DELETE FROM rollups WHERE series = ?

-- name: drop_of_series
DELETE FROM series WHERE id = ?

-- name: drop_of_commits
DELETE FROM commits WHERE number = ?

-- name: drop_of_coverage
DELETE FROM coverage WHERE series = ?

-- name: page_of_universes
SELECT name, symbols, built_in, "where"
FROM universes WHERE name > ? ORDER BY name LIMIT ?

-- name: put_into_universes
INSERT INTO universes (name, symbols, built_in, "where")
VALUES (?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET
    symbols = excluded.symbols, built_in = excluded.built_in, "where" = excluded."where"

-- name: page_of_presets
SELECT name, strategy, parameters, source, saved_at FROM presets WHERE name > ? ORDER BY name LIMIT ?

-- name: put_into_presets
INSERT INTO presets (name, strategy, parameters, source, saved_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET
    strategy = excluded.strategy, parameters = excluded.parameters, source = excluded.source,
    saved_at = excluded.saved_at

-- name: blocks_bytes
SELECT CAST(coalesce(sum(length(columns)), 0) AS BIGINT) FROM tail
