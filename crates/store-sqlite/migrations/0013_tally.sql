-- What is counted for limits, by keyed digest: a row per class, key and second, worth something until
-- its window has passed. No row says of whom it is.

CREATE TABLE tally (
    class TEXT NOT NULL,
    key BLOB NOT NULL CHECK (length(key) = 16),
    at INTEGER NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0),
    expires_at INTEGER NOT NULL CHECK (expires_at > at),
    PRIMARY KEY (class, key, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX tally_expiry ON tally (expires_at);
