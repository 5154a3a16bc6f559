-- Requests for codes and the codes themselves are told apart: the request is written before anybody
-- looks where it leads, and a code answers every request that leads to its phone. Requests live five
-- minutes; those of the moment of the migration are made again by who asked.

DROP TABLE outbox;
DROP TABLE challenge;

CREATE TABLE challenge (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    sealed_payload BLOB NOT NULL,
    lane BLOB CHECK (length(lane) = 16),
    used_for TEXT CHECK ((used_for IS NULL) = (lane IS NULL)),
    holder INTEGER,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE INDEX challenge_unrouted ON challenge (created_at, id) WHERE lane IS NULL;
CREATE INDEX challenge_expiry ON challenge (expires_at);
CREATE INDEX challenge_holder ON challenge (holder) WHERE holder IS NOT NULL;

CREATE TABLE outbox (
    challenge INTEGER PRIMARY KEY CHECK (challenge > 0),
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    next_try_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX outbox_newest ON outbox (created_at, challenge);
CREATE INDEX outbox_waiting ON outbox (created_at, challenge) WHERE state = 'waiting';

CREATE TABLE phone_code (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    lane BLOB NOT NULL CHECK (length(lane) = 16),
    digits INTEGER NOT NULL CHECK (digits BETWEEN 6 AND 18),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE INDEX phone_code_lane ON phone_code (lane, expires_at);
CREATE INDEX phone_code_expiry ON phone_code (expires_at);

-- What a person needs to know their own sessions by: no address, no browser's name.
ALTER TABLE session ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN seen_day INTEGER NOT NULL DEFAULT 0;
UPDATE session SET seen_day = created_at / 86400;

-- The release of a document from an account that holds it wrongly.
CREATE TABLE correction (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    holder INTEGER NOT NULL,
    document BLOB NOT NULL CHECK (length(document) = 16),
    reason TEXT NOT NULL,
    opened_by INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'confirmed', 'refused')),
    decided_by INTEGER,
    decided_at INTEGER
) STRICT;
CREATE UNIQUE INDEX correction_waiting ON correction (holder) WHERE state = 'waiting';
CREATE INDEX correction_newest ON correction (opened_at, id);
