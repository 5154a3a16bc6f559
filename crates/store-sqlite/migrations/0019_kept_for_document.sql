-- Records about whoever a document leads to: they follow the document when it turns out to be
-- another person's.

-- Was the person found by their document? Files name people by nothing else.
ALTER TABLE authorship ADD COLUMN by_document INTEGER NOT NULL DEFAULT 0 CHECK (by_document IN (0, 1));
UPDATE authorship SET by_document = 1 WHERE record = 'evidence' AND import IS NOT NULL;
ALTER TABLE authorship ADD COLUMN moved_from INTEGER;

-- What is kept for the owner of a document that leads to nobody. It is no evidence.
CREATE TABLE kept_record (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    document BLOB NOT NULL CHECK (length(document) = 16),
    body TEXT NOT NULL,
    moved_from INTEGER,
    agency INTEGER NOT NULL,
    staff INTEGER,
    import INTEGER,
    sample TEXT,
    kept_at INTEGER NOT NULL
) STRICT;
CREATE INDEX kept_record_document ON kept_record (document, id);
