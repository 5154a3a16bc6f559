-- Requests to learn who stands behind a pseudonym; whoever asks has one open at a time.
CREATE TABLE identity_request (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    holder INTEGER,
    of_case INTEGER,
    purpose TEXT,
    why TEXT NOT NULL,
    agency INTEGER NOT NULL,
    agency_kind TEXT NOT NULL,
    staff INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    refusal TEXT,
    decided_by INTEGER,
    decided_agency INTEGER,
    decided_at INTEGER,
    expires_at INTEGER NOT NULL,
    read_at INTEGER,
    shown_from INTEGER NOT NULL,
    CHECK ((decided_by IS NULL) = (decided_agency IS NULL)),
    CHECK (state = 'refused' OR holder IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX identity_request_open ON identity_request (staff) WHERE state IN ('waiting', 'approved');
CREATE INDEX identity_request_holder ON identity_request (holder, asked_at, id);
CREATE INDEX identity_request_asked ON identity_request (asked_at, id);
