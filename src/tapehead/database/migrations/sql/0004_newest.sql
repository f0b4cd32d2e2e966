SET LOCAL lock_timeout = '5s';
-- The newest bar of a block and of a series: open, high, low, close, volume (float64), flags (uint8) and a CRC-32 of
-- them and of the time, "last", little-endian; NULL where a block is of before.
ALTER TABLE segments ADD COLUMN newest BYTEA;
ALTER TABLE tail ADD COLUMN newest BYTEA;
ALTER TABLE coverage ADD COLUMN newest BYTEA;
-- Bars of a coarser interval, made of all that a series held when "made_of" was its key, and how they were made.
CREATE TABLE rollups (
    series BIGINT NOT NULL REFERENCES series (id),
    interval_us BIGINT NOT NULL,
    made_of BYTEA NOT NULL,
    snapshot BIGINT NOT NULL,
    bars BIGINT NOT NULL,
    made BIGINT NOT NULL,
    parts BYTEA NOT NULL,
    columns BYTEA NOT NULL,
    PRIMARY KEY (series, interval_us)
);
ALTER TABLE rollups ALTER COLUMN columns SET STORAGE EXTERNAL;
