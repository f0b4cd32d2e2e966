-- bars.db as the first version of Tapehead made it (format 1): the text of its own schema, commit 91e4113, and rows of
-- every table, written by hand. Tests put the two segment files it names beside it.
-- Times are us UTC. A segment is held by the commits since <= c < until.
CREATE TABLE commits (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    note TEXT NOT NULL,
    segments INTEGER NOT NULL,
    unchanged INTEGER NOT NULL
) STRICT;
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    interval_us INTEGER NOT NULL,
    UNIQUE (venue, symbol, interval_us)
) STRICT;
-- "rows" counts the bars of the file, "added" those of them that no lower layer of the period held.
CREATE TABLE segments (
    id INTEGER PRIMARY KEY,
    series INTEGER NOT NULL REFERENCES series (id),
    period INTEGER NOT NULL,
    layer INTEGER NOT NULL,
    data BLOB NOT NULL,
    file BLOB NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    "rows" INTEGER NOT NULL,
    added INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER
) STRICT;
CREATE INDEX segments_of_period ON segments (series, period, layer);
CREATE INDEX segments_of_data ON segments (data);
CREATE TABLE instruments (
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    kind TEXT NOT NULL,
    quote TEXT NOT NULL,
    settle TEXT NOT NULL,
    multiplier REAL NOT NULL,
    tick REAL NOT NULL,
    lot REAL NOT NULL,
    calendar TEXT NOT NULL,
    has_volume INTEGER NOT NULL,
    listed_at INTEGER,
    delisted_at INTEGER,
    PRIMARY KEY (venue, symbol)
) STRICT, WITHOUT ROWID;
CREATE TABLE universes (
    name TEXT PRIMARY KEY,
    symbols TEXT NOT NULL,
    built_in INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    series INTEGER NOT NULL REFERENCES series (id),
    ts INTEGER,
    path TEXT NOT NULL,
    "row" INTEGER NOT NULL,
    reason TEXT NOT NULL,
    "values" TEXT NOT NULL,
    since INTEGER NOT NULL,
    UNIQUE (series, path, "row", reason, "values")
) STRICT;
CREATE TABLE leases (
    id INTEGER PRIMARY KEY,
    snapshot INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
PRAGMA user_version = 1;
INSERT INTO commits VALUES (1, 1700000000000000, 'import a.csv', 1, 0);
INSERT INTO commits VALUES (2, 1700000000000001, 'append', 1, 0);
INSERT INTO commits VALUES (3, 1700000000000002, 'synthetic market: 1 instruments, 1 years, seed 7', 1, 0);
INSERT INTO series VALUES (1, 'test', 'AAA', 3600000000);
INSERT INTO series VALUES (2, 'test', 'BBB', 3600000000);
INSERT INTO instruments VALUES ('test', 'AAA', 'crypto', 'USDT', '', 1.0, 0.01, 0.0, '24/7', 1, 5, NULL);
INSERT INTO instruments VALUES ('test', 'BBB', 'equity', '', '', 1.0, 0.0, 0.0, 'XNYS', 0, NULL, 9);
INSERT INTO universes VALUES ('mine', '["test:AAA"]', 0);
INSERT INTO quarantine VALUES (1, 1, NULL, 'a.csv', 3, 'null open', '2021,,1,1', 1);
INSERT INTO leases VALUES (1, 1, 4000000, 1700000000000000);
