-- Both tell of work that goes on while it goes on, and of nothing that is kept.
SET LOCAL lock_timeout = '5s';
DROP TABLE settled;
ALTER TABLE runs DROP COLUMN epoch;
