-- One record may turn out to be that of two people.

CREATE TABLE record_link_new (
    record INTEGER PRIMARY KEY CHECK (record > 0) REFERENCES holder (id),
    main INTEGER NOT NULL CHECK (main > 0) REFERENCES holder (id),
    -- 'asked': it is asked that they are joined; 'joined'; 'contested': it is asked that they are parted;
    -- 'split': the record is that of a second person who was taken for the main one's; 'disputed': somebody
    -- says that it is not.
    state TEXT NOT NULL CHECK (state IN ('asked', 'joined', 'contested', 'split', 'disputed')),
    -- Since when, and by whose hand: the person's, or a counter's.
    at INTEGER NOT NULL,
    agency INTEGER,
    staff INTEGER,
    -- When one became two: visits before are those of both.
    split_at INTEGER,
    CHECK (record <> main),
    CHECK ((agency IS NULL) = (staff IS NULL)),
    CHECK (state NOT IN ('split', 'disputed') OR split_at IS NOT NULL)
) STRICT;
INSERT INTO record_link_new (record, main, state, at, agency, staff)
    SELECT record, main, state, at, agency, staff FROM record_link;
DROP TABLE record_link;
ALTER TABLE record_link_new RENAME TO record_link;
CREATE INDEX record_link_main ON record_link (main, record);

-- Whose a piece of evidence is that was recorded before: decided, and as one counter says.
CREATE TABLE split_piece (
    record INTEGER NOT NULL REFERENCES holder (id),
    evidence INTEGER NOT NULL CHECK (evidence > 0) REFERENCES evidence (id),
    owner TEXT NOT NULL CHECK (owner IN ('both', 'main', 'record')),
    wish TEXT CHECK (wish IN ('both', 'main', 'record')),
    agency INTEGER,
    staff INTEGER,
    PRIMARY KEY (record, evidence),
    CHECK ((agency IS NULL) = (staff IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX split_piece_evidence ON split_piece (evidence);
