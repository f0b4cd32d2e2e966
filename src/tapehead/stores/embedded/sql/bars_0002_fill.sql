INSERT INTO commits (number, at, kind, note, segments, unchanged, swept)
SELECT number, at,
    CASE WHEN note = 'append' THEN 'append' WHEN note LIKE 'synthetic market: %' THEN 'market' ELSE 'import' END,
    note, segments, unchanged, 0
FROM old_commits;
INSERT INTO series SELECT id, venue, symbol, interval_us FROM old_series;
INSERT INTO segments
SELECT id, series, period, layer, data, file, first, last, "rows", added, since, until FROM old_segments;
INSERT INTO coverage
SELECT series, min(first), max(last), sum(added), count(*) FROM segments WHERE until IS NULL GROUP BY series;
-- Format 1 did not note when an instrument came: it came with its first bars.
INSERT INTO instruments
SELECT i.venue, i.symbol, kind, quote, settle, multiplier, tick, lot, calendar, has_volume, listed_at, delisted_at, '',
    coalesce((
        SELECT min(g.since) FROM segments AS g JOIN series AS s ON s.id = g.series
        WHERE s.venue = i.venue AND s.symbol = i.symbol
    ), 1),
    NULL
FROM old_instruments AS i;
INSERT INTO universes SELECT name, symbols, built_in, '' FROM old_universes;
INSERT INTO quarantine SELECT id, series, ts, path, "row", reason, "values", since, NULL FROM old_quarantine;
DROP TABLE old_quarantine;
DROP TABLE old_universes;
DROP TABLE old_instruments;
DROP TABLE old_segments;
DROP TABLE old_series;
DROP TABLE old_commits;
