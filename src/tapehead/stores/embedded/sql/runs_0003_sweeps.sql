-- "lo" is the place of a tile's first set in the run's walk; "cells" have a result, "failed" have none for the strategy's
-- own fault; "bars" were scored for each; "columns" is as `model.tile` writes it.
CREATE TABLE tiles (
    id INTEGER PRIMARY KEY,
    run TEXT NOT NULL REFERENCES runs (run),
    instrument TEXT NOT NULL,
    lo INTEGER NOT NULL,
    hi INTEGER NOT NULL,
    cells INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    bars INTEGER NOT NULL,
    columns BLOB NOT NULL,
    UNIQUE (run, instrument, lo)
) STRICT;
-- Trials outlive their runs. "digest" is the first 16 bytes of SHA-256 of what it names; "sets" is a line of
-- canonical JSON a trial, compressed by zlib where it is long, "observations" int64, "blocks" float64 of shape (trials, 16, 4).
CREATE TABLE trial_contexts (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    strategy TEXT NOT NULL,
    source BLOB NOT NULL,
    instrument TEXT NOT NULL,
    interval TEXT NOT NULL,
    settings TEXT NOT NULL
) STRICT;
CREATE INDEX trial_contexts_of_series ON trial_contexts (instrument, interval);
CREATE TABLE trial_sets (
    context INTEGER NOT NULL REFERENCES trial_contexts (id),
    digest BLOB NOT NULL,
    PRIMARY KEY (context, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE trials (
    id INTEGER PRIMARY KEY,
    context INTEGER NOT NULL REFERENCES trial_contexts (id),
    run TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    trials INTEGER NOT NULL,
    sets BLOB NOT NULL,
    observations BLOB NOT NULL,
    blocks BLOB NOT NULL
) STRICT;
CREATE INDEX trials_of_context ON trials (context, run, trials);
