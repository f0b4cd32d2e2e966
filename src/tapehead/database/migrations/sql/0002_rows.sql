-- Rows of bars, by choice of their series: a copy of what the segments hold, to be read and edited by plain SQL.
-- What is in the way is named before anything is made.
DO $$
DECLARE
    kind "char" := (SELECT relkind FROM pg_class WHERE oid = to_regclass('tapehead.bars'));
BEGIN
    IF kind IS NOT NULL THEN
        RAISE EXCEPTION '% tapehead.bars is in the way of the rows of bars. Rename it: ALTER % tapehead.bars RENAME TO old_bars',
            CASE
                WHEN kind = 'f' THEN 'the foreign table'
                WHEN EXISTS (
                    SELECT FROM pg_trigger WHERE tgrelid = 'tapehead.bars'::regclass AND tgname = 'ts_insert_blocker'
                ) THEN 'the TimescaleDB hypertable'
                WHEN kind IN ('v', 'm') THEN 'the view'
                ELSE 'the table'
            END,
            CASE kind WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END
            USING ERRCODE = 'duplicate_table';
    END IF;
END
$$;
SET LOCAL lock_timeout = '5s';
CREATE TABLE row_series (
    series BIGINT PRIMARY KEY REFERENCES series (id)
);
-- One row. Months are made "ahead_months" beyond the newest bar and now; rows older than "keep_months" are dropped,
-- NULL: none. Before "floor" no series has rows: what was dropped stays in the segments.
CREATE TABLE row_settings (
    one BOOLEAN PRIMARY KEY DEFAULT true CHECK (one),
    ahead_months BIGINT NOT NULL DEFAULT 3 CHECK (ahead_months BETWEEN 0 AND 120),
    keep_months BIGINT CHECK (keep_months > 0),
    floor TIMESTAMPTZ NOT NULL DEFAULT '-infinity'
);
INSERT INTO row_settings DEFAULT VALUES;
-- What was edited since segments were made of the rows: open times first <= t <= last, of every series where NULL.
-- Only ever appended by an edit, and deleted by the rebuild that saw them: a flag that is cleared would lose an edit
-- whose transaction is still open.
CREATE TABLE marks (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    series BIGINT REFERENCES row_series (series),
    first TIMESTAMPTZ NOT NULL,
    last TIMESTAMPTZ NOT NULL
);
CREATE INDEX marks_of_series ON marks (series);
CREATE TABLE bars (
    series BIGINT NOT NULL,
    ts TIMESTAMPTZ NOT NULL,
    open DOUBLE PRECISION NOT NULL,
    high DOUBLE PRECISION NOT NULL,
    low DOUBLE PRECISION NOT NULL,
    close DOUBLE PRECISION NOT NULL,
    volume DOUBLE PRECISION NOT NULL DEFAULT 0,
    flags SMALLINT NOT NULL DEFAULT 1,
    CONSTRAINT ts_is_of_years_1_to_9999
        CHECK (ts >= '0001-01-01 00:00:00+00' AND ts < '9999-12-01 00:00:00+00'),
    CONSTRAINT prices_are_finite_numbers
        CHECK (
            open > '-Infinity' AND open < 'Infinity' AND high > '-Infinity' AND high < 'Infinity'
            AND low > '-Infinity' AND low < 'Infinity' AND close > '-Infinity' AND close < 'Infinity'
        ),
    CONSTRAINT volume_is_finite_and_not_below_0 CHECK (volume >= 0 AND volume < 'Infinity'),
    CONSTRAINT flags_are_those_there_are CHECK (flags BETWEEN 0 AND 63)
) PARTITION BY RANGE (ts);
CREATE UNIQUE INDEX bars_key ON bars (series, ts);
CREATE TABLE bars_default PARTITION OF bars DEFAULT;
-- The row of a series by what people call it: '1h' or '60m', the venue where a symbol is traded at several.
CREATE FUNCTION series_of(symbol TEXT, spacing TEXT, venue TEXT DEFAULT NULL) RETURNS BIGINT
LANGUAGE plpgsql STABLE SET search_path = tapehead, pg_temp AS $$
#variable_conflict use_column
DECLARE
    unit CONSTANT BIGINT := CASE right(spacing, 1)
        WHEN 's' THEN 1000000 WHEN 'm' THEN 60000000 WHEN 'h' THEN 3600000000
        WHEN 'd' THEN 86400000000 WHEN 'w' THEN 604800000000 END;
    found BIGINT[];
BEGIN
    IF spacing !~ '^[1-9][0-9]{0,5}[smhdw]$' THEN
        RAISE EXCEPTION '% is no interval: a number and a unit of s m h d w, such as 15m, 1h or 1d', spacing
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT array_agg(s.id) INTO found FROM series AS s
    WHERE s.symbol = series_of.symbol AND s.interval_us = left(spacing, -1)::BIGINT * unit
        AND (series_of.venue IS NULL OR s.venue = series_of.venue);
    IF found IS NULL THEN
        RAISE EXCEPTION 'the store has no bars of % %', symbol, spacing
            USING ERRCODE = 'no_data_found', HINT = 'See what there is: SELECT * FROM tapehead.series';
    ELSIF cardinality(found) > 1 THEN
        RAISE EXCEPTION '% % is traded at several venues', symbol, spacing
            USING ERRCODE = 'too_many_rows', HINT = 'Name the venue: tapehead.series_of(symbol, spacing, venue)';
    END IF;
    RETURN found[1];
END
$$;
-- Marks what a statement changed, one mark a series and month. It may read and mark whoever runs the statement.
CREATE FUNCTION mark_rows() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = tapehead, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO' AS $$
DECLARE
    stranger BIGINT;
    early TIMESTAMPTZ;
    bound TEXT;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        bound := (SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = TG_RELID);
        INSERT INTO marks (first, last) VALUES (
            coalesce(substring(bound FROM 'FROM \(''([^'']+)''\)')::TIMESTAMPTZ, '-infinity'),
            coalesce(substring(bound FROM 'TO \(''([^'']+)''\)')::TIMESTAMPTZ, 'infinity')
        );
        RETURN NULL;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        SELECT c.series INTO stranger FROM (SELECT DISTINCT series FROM came) AS c
        WHERE NOT EXISTS (SELECT FROM row_series AS r WHERE r.series = c.series) LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'series % has no rows by choice, so that nobody would see these', stranger
                USING ERRCODE = 'foreign_key_violation',
                HINT = 'Switch them on: tapehead store rows on SYMBOL --interval INTERVAL';
        END IF;
        SELECT s.floor INTO early FROM row_settings AS s WHERE s.floor > (SELECT min(ts) FROM came);
        IF FOUND THEN
            RAISE EXCEPTION 'rows before % were dropped by age; what is older stands in the segments alone', early
                USING ERRCODE = 'check_violation', HINT = 'Keep older rows: tapehead store rows upkeep --keep all';
        END IF;
        INSERT INTO marks (series, first, last) SELECT series, min(ts), max(ts) FROM came
        GROUP BY series, date_trunc('month', ts AT TIME ZONE 'UTC') ORDER BY series;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO marks (series, first, last) SELECT w.series, min(w.ts), max(w.ts) FROM went AS w
        JOIN row_series AS r ON r.series = w.series
        GROUP BY w.series, date_trunc('month', w.ts AT TIME ZONE 'UTC') ORDER BY w.series;
    END IF;
    RETURN NULL;
END
$$;
-- Puts the triggers on the table of all rows or on one of its partitions, those that are missing: a statement that
-- names a partition fires the triggers of that one alone.
CREATE FUNCTION watch_rows(place REGCLASS) RETURNS VOID
LANGUAGE plpgsql SET search_path = tapehead, pg_temp AS $$
DECLARE
    event TEXT;
    tables TEXT;
BEGIN
    FOR event, tables IN VALUES
        ('insert', 'REFERENCING NEW TABLE AS came'),
        ('update', 'REFERENCING OLD TABLE AS went NEW TABLE AS came'),
        ('delete', 'REFERENCING OLD TABLE AS went'),
        ('truncate', '')
    LOOP
        IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = place AND tgname = 'mark_' || event) THEN
            EXECUTE format(
                'CREATE TRIGGER %I AFTER %s ON %s %s FOR EACH STATEMENT '
                'WHEN (current_setting(''tapehead.writes_rows'', true) IS DISTINCT FROM ''on'') '
                'EXECUTE FUNCTION tapehead.mark_rows()', 'mark_' || event, event, place, tables
            );
        END IF;
    END LOOP;
END
$$;
SELECT watch_rows('bars');
SELECT watch_rows('bars_default');
-- Makes the partition of every month that [early, late] touches, where there is none, and moves there what lies in the
-- default partition. Whoever may insert rows may call it. Made apart and then attached, so that nobody who reads or
-- writes other months waits.
CREATE FUNCTION make_months(early TIMESTAMPTZ, late TIMESTAMPTZ) RETURNS BIGINT
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = tapehead, pg_temp SET lock_timeout = '2s' SET timezone = 'UTC' SET datestyle = 'ISO' AS $$
DECLARE
    month TIMESTAMP;
    beyond TIMESTAMPTZ;
    name TEXT;
    place REGCLASS;
    made BIGINT := 0;
    before TEXT := current_setting('tapehead.writes_rows', true);
BEGIN
    IF NOT has_table_privilege(session_user, 'bars', 'INSERT') THEN
        RAISE EXCEPTION 'permission denied for table bars' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF early < '0001-01-01' OR late >= '9999-12-01' OR late - early > INTERVAL '110000 days' THEN
        RAISE EXCEPTION 'no months from % to %: years 1 to 9999, 300 of them at once', early, late
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- One who makes partitions waits for another, and then finds them made.
    PERFORM pg_advisory_xact_lock(x'74617733'::BIGINT);
    FOR month IN SELECT generate_series(date_trunc('month', early), date_trunc('month', late), '1 month') LOOP
        name := format('bars_%s', to_char(month, 'YYYY_MM'));
        place := to_regclass(format('tapehead.%I', name));
        IF EXISTS (SELECT FROM pg_inherits WHERE inhrelid = place AND inhparent = 'bars'::REGCLASS) THEN
            CONTINUE;
        ELSIF place IS NOT NULL THEN
            RAISE EXCEPTION 'the table tapehead.% is in the way: it is no partition of tapehead.bars', name
                USING ERRCODE = 'duplicate_table', HINT = 'Attach it, or rename it.';
        END IF;
        beyond := month + INTERVAL '1 month';
        EXECUTE format('CREATE TABLE %I (LIKE bars INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
        EXECUTE format('CREATE UNIQUE INDEX ON %I (series, ts)', name);
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT month CHECK (ts >= %L AND ts < %L)', name, month::TIMESTAMPTZ, beyond);
        PERFORM watch_rows(name::REGCLASS);
        -- Moved, not edited: what the marks said of these rows they go on saying.
        PERFORM set_config('tapehead.writes_rows', 'on', true);
        IF to_regclass('bars_default') IS NOT NULL THEN
            LOCK TABLE bars_default IN ACCESS EXCLUSIVE MODE;
            EXECUTE format('WITH gone AS (DELETE FROM bars_default WHERE ts >= %L AND ts < %L RETURNING *) '
                'INSERT INTO %I SELECT * FROM gone', month::TIMESTAMPTZ, beyond, name);
        END IF;
        PERFORM set_config('tapehead.writes_rows', coalesce(before, ''), true);
        EXECUTE format('ALTER TABLE bars ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            name, month::TIMESTAMPTZ, beyond);
        EXECUTE format('ALTER TABLE %I DROP CONSTRAINT month', name);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;
-- Whether a store has bars of an instrument, kept by what counts the coverage, which is written by one at a time.
ALTER TABLE instruments ADD COLUMN has_price_data BOOLEAN NOT NULL DEFAULT false;
CREATE INDEX instruments_with_data ON instruments (venue, symbol) WHERE has_price_data AND until IS NULL;
CREATE FUNCTION flag_data() RETURNS TRIGGER
LANGUAGE plpgsql SET search_path = tapehead, pg_temp AS $$
BEGIN
    UPDATE instruments AS i SET has_price_data = NOT i.has_price_data
    FROM (
        SELECT DISTINCT s.venue, s.symbol, EXISTS (
            SELECT FROM coverage AS c JOIN series AS o ON o.id = c.series WHERE o.venue = s.venue AND o.symbol = s.symbol
        ) AS held
        FROM changed AS d JOIN series AS s ON s.id = d.series
    ) AS f
    WHERE i.venue = f.venue AND i.symbol = f.symbol AND i.until IS NULL AND i.has_price_data <> f.held;
    RETURN NULL;
END
$$;
CREATE TRIGGER flag_data_came AFTER INSERT ON coverage REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION flag_data();
CREATE TRIGGER flag_data_went AFTER DELETE ON coverage REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION flag_data();
CREATE FUNCTION flag_instrument() RETURNS TRIGGER
LANGUAGE plpgsql SET search_path = tapehead, pg_temp AS $$
BEGIN
    NEW.has_price_data := EXISTS (
        SELECT FROM coverage AS c JOIN series AS s ON s.id = c.series
        WHERE s.venue = NEW.venue AND s.symbol = NEW.symbol
    );
    RETURN NEW;
END
$$;
CREATE TRIGGER flag_instrument BEFORE INSERT ON instruments FOR EACH ROW EXECUTE FUNCTION flag_instrument();
UPDATE instruments AS i SET has_price_data = true
WHERE EXISTS (
    SELECT FROM coverage AS c JOIN series AS s ON s.id = c.series WHERE s.venue = i.venue AND s.symbol = i.symbol
);
