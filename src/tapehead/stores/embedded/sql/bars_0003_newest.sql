-- The newest bar of a block and of a series: open, high, low, close, volume (float64), flags (uint8) and a CRC-32 of
-- them and of the time, "last", little-endian; NULL where a block is of before.
ALTER TABLE segments ADD COLUMN newest BLOB;
ALTER TABLE tail ADD COLUMN newest BLOB;
ALTER TABLE coverage ADD COLUMN newest BLOB;
-- Bars of a coarser interval, made of all that a series held when "made_of" was its key, and how they were made.
CREATE TABLE rollups (
    series INTEGER NOT NULL REFERENCES series (id),
    interval_us INTEGER NOT NULL,
    made_of BLOB NOT NULL,
    snapshot INTEGER NOT NULL,
    bars INTEGER NOT NULL,
    made INTEGER NOT NULL,
    parts BLOB NOT NULL,
    columns BLOB NOT NULL,
    PRIMARY KEY (series, interval_us)
) STRICT;
