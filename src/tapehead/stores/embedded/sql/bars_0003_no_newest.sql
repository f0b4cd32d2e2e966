-- All of it is worked out from the segments.
DROP TABLE rollups;
ALTER TABLE coverage DROP COLUMN newest;
ALTER TABLE tail DROP COLUMN newest;
ALTER TABLE segments DROP COLUMN newest;
