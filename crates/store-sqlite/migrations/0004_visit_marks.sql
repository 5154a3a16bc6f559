-- How far each day's visits are, so that a copy of them beside the database can tell what it lacks.

-- Drawn once: a copy made from another database is of no use to this one.
CREATE TABLE store_identity (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id BLOB NOT NULL CHECK (length(id) = 16)
) STRICT;
INSERT INTO store_identity (one, id) VALUES (1, randomblob(16));

-- One counter for all days: each transaction that changes visits gives the next number to the days it
-- changes. So a day that is made anew after it was dropped has a higher mark than it ever had.
CREATE TABLE day_mark (
    day INTEGER PRIMARY KEY,
    mark INTEGER NOT NULL CHECK (mark > 0)
) STRICT;
INSERT INTO day_mark (day, mark)
    SELECT CAST(substr(name, 7) AS INTEGER), 1 FROM sqlite_schema
    WHERE type = 'table' AND name GLOB 'visit_[0-9]*';

-- The last days that were dropped, and the counter at that time: marks of earlier days up to it are
-- of visits that are gone.
CREATE TABLE days_dropped (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    before INTEGER NOT NULL,
    mark INTEGER NOT NULL
) STRICT;
