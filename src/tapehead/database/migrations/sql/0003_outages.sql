SET LOCAL lock_timeout = '5s';
-- Rises each time that somebody begins to work on a run; who holds an older number writes nothing further.
ALTER TABLE runs ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
-- The number of the transaction that each client committed last: a COMMIT that got no answer is asked for here.
CREATE TABLE settled (
    client TEXT COLLATE "C" PRIMARY KEY,
    number BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL DEFAULT now()
);
