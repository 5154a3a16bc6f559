-- Whom a community worker accompanies. What is over goes with the next purge.
CREATE TABLE assignment (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    holder INTEGER NOT NULL,
    worker INTEGER NOT NULL,
    agency INTEGER NOT NULL,
    staff INTEGER NOT NULL,
    assigned_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    CHECK (ends_at > assigned_at)
) STRICT;
CREATE UNIQUE INDEX assignment_worker ON assignment (worker, holder);
CREATE INDEX assignment_holder ON assignment (holder);
