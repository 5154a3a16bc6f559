-- Requests to learn who stands behind a pseudonym; whoever asks has one open at a time.
CREATE TABLE identity_request (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    holder BIGINT,
    of_case BIGINT,
    purpose TEXT COLLATE "C",
    why TEXT COLLATE "C" NOT NULL,
    agency BIGINT NOT NULL,
    agency_kind TEXT COLLATE "C" NOT NULL,
    staff BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    refusal TEXT COLLATE "C",
    decided_by BIGINT,
    decided_agency BIGINT,
    decided_at BIGINT,
    expires_at BIGINT NOT NULL,
    read_at BIGINT,
    shown_from BIGINT NOT NULL,
    CHECK ((decided_by IS NULL) = (decided_agency IS NULL)),
    CHECK (state = 'refused' OR holder IS NOT NULL)
);
CREATE UNIQUE INDEX identity_request_open ON identity_request (staff) WHERE state IN ('waiting', 'approved');
CREATE INDEX identity_request_holder ON identity_request (holder, asked_at, id);
CREATE INDEX identity_request_asked ON identity_request (asked_at, id);
