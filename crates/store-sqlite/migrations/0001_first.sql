-- The first tables. A migration is never changed once it was released; a change is a new file.
--
-- Moments are whole seconds since 1970-01-01T00:00:00Z, ids are positive 63-bit numbers, enumerations
-- are the domain's stored names. Visits and scans have a table per UTC day, made when first needed.

CREATE TABLE holder (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    home TEXT NOT NULL,
    registered_at INTEGER NOT NULL,
    evidence_version INTEGER NOT NULL
) STRICT;

-- The vault. Nothing in here can be read without the key-encryption key outside the database.

CREATE TABLE vault_key (
    holder INTEGER PRIMARY KEY CHECK (holder > 0),
    wrapped BLOB NOT NULL,
    kek TEXT NOT NULL
) STRICT;

CREATE TABLE sealed_field (
    holder INTEGER NOT NULL,
    field TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    sealed BLOB NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (holder, field, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE blind_index (
    kind TEXT NOT NULL,
    digest BLOB NOT NULL,
    holder INTEGER NOT NULL,
    PRIMARY KEY (kind, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX blind_index_holder ON blind_index (holder);

-- One-time codes, messages, sessions.

CREATE TABLE challenge (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    phone_digest BLOB NOT NULL,
    client_digest BLOB NOT NULL,
    used_for TEXT NOT NULL,
    holder INTEGER,
    code_mac BLOB NOT NULL,
    sealed_payload BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE INDEX challenge_phone ON challenge (phone_digest, created_at);
CREATE INDEX challenge_client ON challenge (client_digest, created_at);
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

CREATE TABLE session (
    token_digest BLOB NOT NULL PRIMARY KEY,
    subject_kind TEXT NOT NULL,
    subject INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_expiry ON session (expires_at);
CREATE INDEX session_subject ON session (subject_kind, subject);

-- Agencies, staff, invitations.

CREATE TABLE agency (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    region TEXT NOT NULL
) STRICT;

CREATE TABLE staff (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    agency INTEGER NOT NULL REFERENCES agency (id),
    agency_kind TEXT NOT NULL,
    agency_name TEXT NOT NULL,
    role TEXT NOT NULL,
    region TEXT NOT NULL,
    display_name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT;

CREATE TABLE credential (
    credential_id BLOB NOT NULL PRIMARY KEY,
    staff INTEGER NOT NULL REFERENCES staff (id),
    passkey TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX credential_staff ON credential (staff);

CREATE TABLE invitation (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    token_digest BLOB NOT NULL UNIQUE,
    used_for TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;

-- Places and gates.

CREATE TABLE place (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    division TEXT NOT NULL,
    agency INTEGER,
    registered_at INTEGER NOT NULL,
    external_key TEXT UNIQUE
) STRICT;

CREATE TABLE gate (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    place INTEGER NOT NULL REFERENCES place (id),
    label TEXT NOT NULL,
    public_key BLOB NOT NULL,
    enrolled_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE INDEX gate_place ON gate (place);

-- Evidence and what follows from it. `fact` and `body` are the domain types' JSON; the columns
-- beside them repeat only what a query needs, and are checked against the JSON when read.

CREATE TABLE evidence (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    holder INTEGER,
    kind TEXT NOT NULL,
    case_id INTEGER,
    trace_id INTEGER,
    fact TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    agency INTEGER,
    withdrawn_at INTEGER,
    superseded_by INTEGER,
    external_key BLOB UNIQUE
) STRICT;
CREATE INDEX evidence_holder ON evidence (holder, recorded_at, id) WHERE holder IS NOT NULL;
CREATE INDEX evidence_case ON evidence (case_id, recorded_at, id) WHERE case_id IS NOT NULL;
CREATE INDEX evidence_trace ON evidence (trace_id, recorded_at, id) WHERE trace_id IS NOT NULL;

CREATE TABLE assessment (
    holder INTEGER PRIMARY KEY CHECK (holder > 0),
    evidence_seen INTEGER NOT NULL,
    regions_seen INTEGER NOT NULL,
    colour TEXT NOT NULL,
    next_change INTEGER,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX assessment_colour ON assessment (colour);
CREATE INDEX assessment_confined ON assessment (holder) WHERE colour <> 'green';
CREATE INDEX assessment_due ON assessment (next_change, holder) WHERE next_change IS NOT NULL;

CREATE TABLE colour_change (
    seq INTEGER PRIMARY KEY,
    holder INTEGER NOT NULL,
    at INTEGER NOT NULL,
    before TEXT,
    after TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX colour_change_holder ON colour_change (holder, at, seq);

-- Regions.

CREATE TABLE region_risk (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    division TEXT NOT NULL,
    level TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER,
    recorded_at INTEGER NOT NULL,
    agency INTEGER NOT NULL,
    CHECK (ends_at IS NULL OR ends_at >= starts_at)
) STRICT;

CREATE TABLE counter (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counter (name, value) VALUES ('regions', 0);

-- Cases and traces.

CREATE TABLE case_record (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    holder INTEGER NOT NULL,
    class TEXT NOT NULL,
    onset_at INTEGER,
    confirmed_at INTEGER NOT NULL,
    isolated_at INTEGER,
    recorded_at INTEGER NOT NULL,
    agency INTEGER NOT NULL,
    withdrawn_at INTEGER
) STRICT;
CREATE INDEX case_record_newest ON case_record (recorded_at, id);

CREATE TABLE trace_run (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    case_id INTEGER NOT NULL,
    ran_at INTEGER NOT NULL,
    agency INTEGER NOT NULL,
    agency_kind TEXT NOT NULL,
    close INTEGER NOT NULL,
    secondary INTEGER NOT NULL,
    detail TEXT NOT NULL,
    replaced_by INTEGER
) STRICT;
CREATE INDEX trace_run_newest ON trace_run (ran_at, id);
CREATE INDEX trace_run_case ON trace_run (case_id, ran_at, id);

-- Looking back.

CREATE TABLE access (
    seq INTEGER PRIMARY KEY,
    holder INTEGER NOT NULL,
    at INTEGER NOT NULL,
    agency INTEGER NOT NULL,
    staff INTEGER,
    purpose TEXT NOT NULL,
    what TEXT NOT NULL
) STRICT;
CREATE INDEX access_holder ON access (holder, at, seq);

CREATE TABLE log_leaf (
    position INTEGER PRIMARY KEY CHECK (position >= 0),
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE setting (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
