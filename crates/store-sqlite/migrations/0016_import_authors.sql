-- Lists of risk regions and files of visits are records, too. Visits may be taken over by the machine's own
-- command line for nobody's agency; a raised level names the file it came from, however long it waited.

CREATE TABLE import_run_new (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    kind TEXT NOT NULL,
    agency INTEGER,
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
INSERT INTO import_run_new (id, kind, agency, staff, started_at, digest, ended_at, taken, unchanged, rejected,
    waiting, withdrawn_at)
    SELECT id, kind, agency, staff, started_at, digest, ended_at, taken, unchanged, rejected, waiting, withdrawn_at
    FROM import_run;
DROP TABLE import_run;
ALTER TABLE import_run_new RENAME TO import_run;
CREATE INDEX import_run_newest ON import_run (started_at, id);

ALTER TABLE proposal ADD COLUMN import INTEGER;
