-- Two records that are of one person, or may be. A record has one main record at most, and a main record
-- has none: so all records of a person are one step apart.
CREATE TABLE record_link (
    record INTEGER PRIMARY KEY CHECK (record > 0) REFERENCES holder (id),
    main INTEGER NOT NULL CHECK (main > 0) REFERENCES holder (id),
    -- 'asked': it is asked that they are joined; 'joined'; 'contested': it is asked that they are parted.
    state TEXT NOT NULL CHECK (state IN ('asked', 'joined', 'contested')),
    -- Since when, and by whose hand: the person's, or a counter's.
    at INTEGER NOT NULL,
    agency INTEGER,
    staff INTEGER,
    CHECK (record <> main),
    CHECK ((agency IS NULL) = (staff IS NULL))
) STRICT;
CREATE INDEX record_link_main ON record_link (main, record);
