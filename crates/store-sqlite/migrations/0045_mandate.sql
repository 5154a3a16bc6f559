-- The steps of the deployment's mandates, in their order: a signed document was published, what held was
-- ended, or everything about people was taken away after the end.
CREATE TABLE mandate_step (
    number INTEGER PRIMARY KEY CHECK (number > 0),
    kind TEXT NOT NULL,
    note TEXT,
    at INTEGER NOT NULL,
    agency INTEGER,
    staff INTEGER,
    proposal INTEGER,
    CHECK ((kind = 'published') = (note IS NOT NULL))
) STRICT;
