SET LOCAL lock_timeout = '5s';
-- A strategy with every one of its parameters, JSON in their order, under a name; "source" is hex SHA-256 of its code then.
CREATE TABLE presets (
    name TEXT COLLATE "C" PRIMARY KEY,
    strategy TEXT COLLATE "C" NOT NULL,
    parameters TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    saved_at BIGINT NOT NULL
);
