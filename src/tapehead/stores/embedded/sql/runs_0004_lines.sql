-- Newest values of indicators; all of it can be made again from the bars. "keys" are 16 bytes a series, the digest of the
-- bars that its value was made of, "figures" a float64 each, NaN where it is not known; "engine" made them.
CREATE TABLE stored_lines (
    interval TEXT NOT NULL,
    line TEXT NOT NULL,
    engine BLOB NOT NULL,
    series INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    keys BLOB NOT NULL,
    figures BLOB NOT NULL,
    PRIMARY KEY (interval, line)
) STRICT;
