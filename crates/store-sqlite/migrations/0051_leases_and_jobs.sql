-- Who does what only one server does at a time, and jobs of which all servers can tell.
CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    owner INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    kind TEXT NOT NULL,
    staff INTEGER NOT NULL CHECK (staff > 0),
    owner INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    is_over INTEGER NOT NULL CHECK (is_over IN (0, 1)),
    stop INTEGER NOT NULL CHECK (stop IN (0, 1)),
    alive_until INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX job_staff ON job (staff, kind);
CREATE INDEX job_expiry ON job (expires_at);

CREATE TABLE job_part (
    job INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 0),
    body BLOB NOT NULL,
    PRIMARY KEY (job, number)
) STRICT, WITHOUT ROWID;
