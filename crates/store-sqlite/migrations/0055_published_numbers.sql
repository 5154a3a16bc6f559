-- What was published on each day: told once, the same by every server and to every reader.
CREATE TABLE published_numbers (
    day INTEGER PRIMARY KEY CHECK (day >= 0),
    at INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
