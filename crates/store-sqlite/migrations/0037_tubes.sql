-- Whose tube it is: a sample may be known by its tube before anybody is known by it.
CREATE TABLE tube (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    -- Keyed digest of the agency and the number that it gave the tube.
    key BLOB NOT NULL UNIQUE CHECK (length(key) = 16),
    agency INTEGER NOT NULL,
    document BLOB CHECK (length(document) = 16),
    holder INTEGER,
    bound_by INTEGER NOT NULL,
    staff INTEGER,
    bound_at INTEGER NOT NULL,
    CHECK ((document IS NULL) <> (holder IS NULL))
) STRICT;
CREATE INDEX tube_document ON tube (document) WHERE document IS NOT NULL;
CREATE INDEX tube_age ON tube (bound_at);

-- What is kept under a tube's key, and what was recorded of somebody because of their tube.
ALTER TABLE kept_record ADD COLUMN tube INTEGER NOT NULL DEFAULT 0 CHECK (tube IN (0, 1));
ALTER TABLE authorship ADD COLUMN by_tube INTEGER NOT NULL DEFAULT 0 CHECK (by_tube IN (0, 1));
