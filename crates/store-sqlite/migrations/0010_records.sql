-- Who recorded what, files as records, withdrawals, and what waits for a second pair of eyes.

-- One row for each record of an agency; `id` is the number of the record's own id.
CREATE TABLE authorship (
    record TEXT NOT NULL,
    id INTEGER NOT NULL CHECK (id > 0),
    agency INTEGER NOT NULL,
    staff INTEGER,
    import INTEGER,
    sample TEXT,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (record, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX authorship_newest ON authorship (recorded_at);
CREATE INDEX authorship_import ON authorship (import) WHERE import IS NOT NULL;

CREATE TABLE import_run (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    kind TEXT NOT NULL,
    agency INTEGER NOT NULL,
    staff INTEGER,
    started_at INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    ended_at INTEGER,
    taken INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    withdrawn_at INTEGER
) STRICT;
CREATE INDEX import_run_newest ON import_run (started_at, id);

CREATE TABLE withdrawal (
    record TEXT NOT NULL,
    id INTEGER NOT NULL CHECK (id > 0),
    at INTEGER NOT NULL,
    agency INTEGER NOT NULL,
    staff INTEGER,
    reason TEXT NOT NULL,
    PRIMARY KEY (record, id)
) STRICT, WITHOUT ROWID;

-- What waits is no evidence: it stands in tables of its own until somebody else confirms it.
CREATE TABLE waiting (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    kind TEXT NOT NULL,
    agency INTEGER NOT NULL,
    agency_kind TEXT NOT NULL,
    weighs_on INTEGER NOT NULL,
    staff INTEGER,
    region TEXT NOT NULL,
    import INTEGER,
    trace_id INTEGER,
    pieces INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    decided_at INTEGER,
    decided_by INTEGER,
    decided_agency INTEGER,
    CHECK ((state = 'waiting') = (decided_at IS NULL))
) STRICT;
CREATE INDEX waiting_newest ON waiting (made_at, id);
CREATE INDEX waiting_state ON waiting (state, made_at, id);
CREATE INDEX waiting_trace ON waiting (trace_id, made_at, id) WHERE trace_id IS NOT NULL;

CREATE TABLE waiting_piece (
    waiting INTEGER NOT NULL REFERENCES waiting (id),
    number INTEGER NOT NULL,
    holder INTEGER NOT NULL,
    body TEXT NOT NULL,
    sample TEXT,
    external_key BLOB UNIQUE,
    PRIMARY KEY (waiting, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting_piece_holder ON waiting_piece (holder);
