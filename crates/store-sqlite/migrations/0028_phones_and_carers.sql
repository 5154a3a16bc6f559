-- A phone leads to everybody who uses it; a document still leads to one person.

CREATE TABLE blind_index_of_many (
    kind TEXT NOT NULL,
    digest BLOB NOT NULL,
    holder INTEGER NOT NULL CHECK (holder > 0),
    PRIMARY KEY (kind, digest, holder)
) STRICT, WITHOUT ROWID;
INSERT INTO blind_index_of_many SELECT kind, digest, holder FROM blind_index;
DROP TABLE blind_index;
ALTER TABLE blind_index_of_many RENAME TO blind_index;
CREATE INDEX blind_index_holder ON blind_index (holder);
CREATE UNIQUE INDEX blind_index_document ON blind_index (digest) WHERE kind = 'document';

-- Who may show another person's code and see what that person sees.
CREATE TABLE proxy (
    person INTEGER NOT NULL REFERENCES holder (id),
    carer INTEGER NOT NULL REFERENCES holder (id),
    since INTEGER NOT NULL,
    child INTEGER NOT NULL CHECK (child IN (0, 1)),
    PRIMARY KEY (person, carer),
    CHECK (person <> carer)
) STRICT, WITHOUT ROWID;
CREATE INDEX proxy_carer ON proxy (carer, person);

-- What changed about how a person is known.
CREATE TABLE account_change (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    holder INTEGER NOT NULL CHECK (holder > 0),
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    by_carer INTEGER,
    agency INTEGER,
    staff INTEGER,
    carer INTEGER,
    sealed_before BLOB,
    undone_at INTEGER,
    CHECK ((agency IS NULL) = (staff IS NULL)),
    CHECK (by_carer IS NULL OR agency IS NULL)
) STRICT;
CREATE INDEX account_change_holder ON account_change (holder, at, id);
