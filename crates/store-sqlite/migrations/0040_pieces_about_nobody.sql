-- What waits may concern nobody in particular: a file that is to be taken back, a risk level.

CREATE TABLE waiting_piece_new (
    waiting INTEGER NOT NULL REFERENCES waiting (id),
    number INTEGER NOT NULL,
    holder INTEGER,
    body TEXT NOT NULL,
    sample TEXT,
    external_key BLOB UNIQUE,
    PRIMARY KEY (waiting, number)
) STRICT, WITHOUT ROWID;
INSERT INTO waiting_piece_new (waiting, number, holder, body, sample, external_key)
    SELECT waiting, number, holder, body, sample, external_key FROM waiting_piece;
DROP TABLE waiting_piece;
ALTER TABLE waiting_piece_new RENAME TO waiting_piece;
CREATE INDEX waiting_piece_holder ON waiting_piece (holder) WHERE holder IS NOT NULL;
