SET LOCAL lock_timeout = '5s';
-- Newest values of indicators; all of it can be made again from the bars. "keys" are 16 bytes a series, the digest of the
-- bars that its value was made of, "figures" a float64 each, NaN where it is not known; "engine" made them.
CREATE TABLE stored_lines (
    interval TEXT COLLATE "C" NOT NULL,
    line TEXT COLLATE "C" NOT NULL,
    engine BYTEA NOT NULL,
    series BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    keys BYTEA NOT NULL,
    figures BYTEA NOT NULL,
    PRIMARY KEY (interval, line)
);
