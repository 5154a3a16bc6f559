-- Codes on paper. A holder has one that stands; those that ended are kept until their term is over, so
-- that their place in the status list goes on saying so.
CREATE TABLE paper_code (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    holder INTEGER NOT NULL REFERENCES holder (id) CHECK (holder > 0),
    -- In the status list.
    place INTEGER NOT NULL UNIQUE CHECK (place >= 0 AND place < 16777216),
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL CHECK (expires_at > issued_at),
    ended_at INTEGER,
    ended_by TEXT,
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
) STRICT;
CREATE UNIQUE INDEX paper_code_standing ON paper_code (holder) WHERE ended_at IS NULL;
CREATE INDEX paper_code_expiry ON paper_code (expires_at);
