-- What the databases on SQLite have after their migration of the same number: PostgreSQL begins here.
-- A migration is never changed once it was released; a change is a new file, with the number and name
-- that it has on SQLite.
--
-- Moments are whole seconds since 1970-01-01T00:00:00Z, ids are positive 63-bit numbers, enumerations
-- are the domain's stored names. Every number is a bigint, so that rows read as they do from SQLite.
-- Texts sort by their bytes.

CREATE TABLE holder (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    home TEXT COLLATE "C" NOT NULL,
    registered_at BIGINT NOT NULL,
    evidence_version BIGINT NOT NULL
);

-- The vault. Nothing in here can be read without the key-encryption key outside the database.

CREATE TABLE vault_key (
    holder BIGINT PRIMARY KEY CHECK (holder > 0),
    wrapped BYTEA NOT NULL,
    kek TEXT COLLATE "C" NOT NULL
);

CREATE TABLE sealed_field (
    holder BIGINT NOT NULL,
    field TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0),
    sealed BYTEA NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (holder, field, version)
);

-- A phone leads to everybody who uses it; a document leads to one person.
CREATE TABLE blind_index (
    kind TEXT COLLATE "C" NOT NULL,
    digest BYTEA NOT NULL,
    holder BIGINT NOT NULL CHECK (holder > 0),
    PRIMARY KEY (kind, digest, holder)
);
CREATE INDEX blind_index_holder ON blind_index (holder);
CREATE UNIQUE INDEX blind_index_document ON blind_index (digest) WHERE kind = 'document';

-- What an account was known by when a document was taken from it: keyed digests of itself, its phone
-- and its devices.
CREATE TABLE document_bar (
    document BYTEA NOT NULL CHECK (length(document) = 16),
    mark BYTEA NOT NULL CHECK (length(mark) = 16),
    account BYTEA NOT NULL CHECK (length(account) = 16),
    at BIGINT NOT NULL,
    PRIMARY KEY (document, mark, account)
);

-- Who may show another person's code and see what that person sees.
CREATE TABLE proxy (
    person BIGINT NOT NULL REFERENCES holder (id),
    carer BIGINT NOT NULL REFERENCES holder (id),
    since BIGINT NOT NULL,
    child BIGINT NOT NULL CHECK (child IN (0, 1)),
    PRIMARY KEY (person, carer),
    CHECK (person <> carer)
);
CREATE INDEX proxy_carer ON proxy (carer, person);

-- Two records that are of one person, or may be. A record has one main record at most, and a main record
-- has none: so all records of a person are one step apart.
CREATE TABLE record_link (
    record BIGINT PRIMARY KEY CHECK (record > 0) REFERENCES holder (id),
    main BIGINT NOT NULL CHECK (main > 0) REFERENCES holder (id),
    -- 'asked': it is asked that they are joined; 'joined'; 'contested': it is asked that they are parted.
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('asked', 'joined', 'contested')),
    -- Since when, and by whose hand: the person's, or a counter's.
    at BIGINT NOT NULL,
    agency BIGINT,
    staff BIGINT,
    CHECK (record <> main),
    CHECK ((agency IS NULL) = (staff IS NULL))
);
CREATE INDEX record_link_main ON record_link (main, record);

-- What changed about how a person is known.
CREATE TABLE account_change (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    holder BIGINT NOT NULL CHECK (holder > 0),
    at BIGINT NOT NULL,
    event TEXT COLLATE "C" NOT NULL,
    by_carer BIGINT,
    agency BIGINT,
    staff BIGINT,
    carer BIGINT,
    sealed_before BYTEA,
    undone_at BIGINT,
    CHECK ((agency IS NULL) = (staff IS NULL)),
    CHECK (by_carer IS NULL OR agency IS NULL)
);
CREATE INDEX account_change_holder ON account_change (holder, at, id);

-- Codes on paper. A holder has one that stands; those that ended are kept until their term is over, so
-- that their place in the status list goes on saying so.
CREATE TABLE paper_code (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    holder BIGINT NOT NULL REFERENCES holder (id) CHECK (holder > 0),
    -- In the status list.
    place BIGINT NOT NULL UNIQUE CHECK (place >= 0 AND place < 16777216),
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL CHECK (expires_at > issued_at),
    ended_at BIGINT,
    ended_by TEXT COLLATE "C",
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX paper_code_standing ON paper_code (holder) WHERE ended_at IS NULL;
CREATE INDEX paper_code_expiry ON paper_code (expires_at);

-- One-time codes, messages, sessions.

CREATE TABLE challenge (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    sealed_payload BYTEA NOT NULL,
    lane BYTEA CHECK (length(lane) = 16),
    used_for TEXT COLLATE "C" CHECK ((used_for IS NULL) = (lane IS NULL)),
    holder BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX challenge_unrouted ON challenge (created_at, id) WHERE lane IS NULL;
CREATE INDEX challenge_expiry ON challenge (expires_at);
CREATE INDEX challenge_holder ON challenge (holder) WHERE holder IS NOT NULL;

CREATE TABLE outbox (
    challenge BIGINT PRIMARY KEY CHECK (challenge > 0),
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    next_try_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE INDEX outbox_newest ON outbox (created_at, challenge);
CREATE INDEX outbox_waiting ON outbox (created_at, challenge) WHERE state = 'waiting';

CREATE TABLE phone_code (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    lane BYTEA NOT NULL CHECK (length(lane) = 16),
    digits BIGINT NOT NULL CHECK (digits BETWEEN 6 AND 18),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX phone_code_lane ON phone_code (lane, expires_at);
CREATE INDEX phone_code_expiry ON phone_code (expires_at);

CREATE TABLE session (
    token_digest BYTEA PRIMARY KEY,
    subject_kind TEXT COLLATE "C" NOT NULL,
    subject BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    device TEXT COLLATE "C" NOT NULL,
    seen_day BIGINT NOT NULL
);
CREATE INDEX session_expiry ON session (expires_at);
CREATE INDEX session_subject ON session (subject_kind, subject);

-- Nonces that gates have signed in with: each works once, on whichever server it is handed in.
CREATE TABLE used_nonce (
    digest BYTEA PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_nonce_expiry ON used_nonce (expires_at);

-- What is counted for limits, by keyed digest. No row says of whom it is.
CREATE TABLE tally (
    class TEXT COLLATE "C" NOT NULL,
    key BYTEA NOT NULL CHECK (length(key) = 16),
    at BIGINT NOT NULL,
    count BIGINT NOT NULL CHECK (count > 0),
    expires_at BIGINT NOT NULL CHECK (expires_at > at),
    PRIMARY KEY (class, key, at)
);
CREATE INDEX tally_expiry ON tally (expires_at);

-- The release of a document from an account that holds it wrongly.
CREATE TABLE correction (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    holder BIGINT NOT NULL,
    document BYTEA NOT NULL CHECK (length(document) = 16),
    reason TEXT COLLATE "C" NOT NULL,
    opened_by BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'confirmed', 'refused')),
    decided_by BIGINT,
    decided_at BIGINT
);
CREATE UNIQUE INDEX correction_waiting ON correction (holder) WHERE state = 'waiting';
CREATE INDEX correction_newest ON correction (opened_at, id);

-- Agencies, staff, invitations.

CREATE TABLE agency (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    confirmed_at BIGINT,
    confirmed_by BIGINT
);

CREATE TABLE staff (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    agency BIGINT NOT NULL REFERENCES agency (id),
    agency_kind TEXT COLLATE "C" NOT NULL,
    agency_name TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    display_name TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    invited_by BIGINT,
    confirmed_at BIGINT,
    confirmed_by BIGINT
);

CREATE TABLE credential (
    credential_id BYTEA PRIMARY KEY,
    staff BIGINT NOT NULL REFERENCES staff (id),
    passkey TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX credential_staff ON credential (staff);

CREATE TABLE invitation (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    token_digest BYTEA NOT NULL UNIQUE,
    used_for TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

-- Places, trips, gates.

CREATE TABLE place (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    division TEXT COLLATE "C" NOT NULL,
    agency BIGINT,
    registered_at BIGINT NOT NULL,
    external_key TEXT COLLATE "C" UNIQUE
);

CREATE TABLE trip (
    place BIGINT PRIMARY KEY REFERENCES place (id),
    number TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    stops TEXT COLLATE "C" NOT NULL
);

CREATE TABLE gate (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    place BIGINT NOT NULL REFERENCES place (id),
    label TEXT COLLATE "C" NOT NULL,
    public_key BYTEA NOT NULL,
    enrolled_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX gate_place ON gate (place);

-- What is kept by UTC day: a partition for each, made when it is first needed and dropped with all that is
-- in it. The natural keys begin with the moment; `mark` is the position of the row's last change, by
-- which other servers read what is new.

CREATE TABLE visit (
    entered BIGINT NOT NULL,
    holder BIGINT NOT NULL,
    place BIGINT NOT NULL,
    presence BIGINT NOT NULL,
    left_at BIGINT,
    mark BIGINT NOT NULL,
    PRIMARY KEY (entered, holder, place, presence),
    CHECK (left_at IS NULL OR left_at >= entered)
) PARTITION BY RANGE (entered);
CREATE INDEX visit_mark ON visit (mark);

CREATE TABLE scan (
    at BIGINT NOT NULL,
    gate BIGINT NOT NULL,
    id BIGINT NOT NULL,
    place BIGINT NOT NULL,
    holder BIGINT,
    direction TEXT COLLATE "C" NOT NULL,
    colour TEXT COLLATE "C",
    outcome TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C",
    problem TEXT COLLATE "C",
    mark BIGINT NOT NULL,
    PRIMARY KEY (at, gate, id)
) PARTITION BY RANGE (at);
CREATE INDEX scan_mark ON scan (mark);

CREATE TABLE ride (
    entered BIGINT NOT NULL,
    holder BIGINT NOT NULL,
    trip BIGINT NOT NULL,
    leg_from BIGINT,
    leg_to BIGINT,
    seat TEXT COLLATE "C",
    mark BIGINT NOT NULL,
    PRIMARY KEY (entered, holder, trip),
    CHECK ((leg_from IS NULL) = (leg_to IS NULL)),
    CHECK (leg_from IS NULL OR leg_from < leg_to)
) PARTITION BY RANGE (entered);
CREATE INDEX ride_mark ON ride (mark);

-- Drawn once: a copy made from another database is of no use to this one.
CREATE TABLE store_identity (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    id BYTEA NOT NULL CHECK (length(id) = 16)
);
INSERT INTO store_identity (one, id) VALUES (1, uuid_send(gen_random_uuid()));

CREATE TABLE day_mark (
    day BIGINT PRIMARY KEY,
    -- The last change of the day's visits; 0 if it has none.
    mark BIGINT NOT NULL CHECK (mark >= 0),
    -- The last time a visit was taken back, if ever.
    lost BIGINT,
    -- The last change of its visits, rides or scans.
    told BIGINT NOT NULL CHECK (told > 0 AND told >= mark)
);

CREATE TABLE days_dropped (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    before BIGINT NOT NULL,
    mark BIGINT NOT NULL
);

-- The last change of what is not kept by day: 1 a place, 2 a case with its traces, 3 the policy in force,
-- 4 the risk levels, 5 which records are joined (these with the id 0).
CREATE TABLE changed (
    kind BIGINT NOT NULL,
    id BIGINT NOT NULL,
    mark BIGINT NOT NULL CHECK (mark > 0),
    PRIMARY KEY (kind, id)
);
CREATE INDEX changed_mark ON changed (mark, kind, id);

-- Evidence and what follows from it. `fact` and `body` are the domain types' JSON; the columns
-- beside them repeat only what a query needs, and are checked against the JSON when read.

CREATE TABLE evidence (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    holder BIGINT,
    kind TEXT COLLATE "C" NOT NULL,
    case_id BIGINT,
    trace_id BIGINT,
    fact TEXT COLLATE "C" NOT NULL,
    recorded_at BIGINT NOT NULL,
    agency BIGINT,
    origin TEXT COLLATE "C",
    withdrawn_at BIGINT,
    superseded_by BIGINT,
    external_key BYTEA UNIQUE
);
CREATE INDEX evidence_holder ON evidence (holder, recorded_at, id) WHERE holder IS NOT NULL;
CREATE INDEX evidence_case ON evidence (case_id, recorded_at, id) WHERE case_id IS NOT NULL;
CREATE INDEX evidence_trace ON evidence (trace_id, recorded_at, id) WHERE trace_id IS NOT NULL;

CREATE TABLE assessment (
    holder BIGINT PRIMARY KEY CHECK (holder > 0),
    evidence_seen BIGINT NOT NULL,
    regions_seen BIGINT NOT NULL,
    colour TEXT COLLATE "C" NOT NULL,
    next_change BIGINT,
    body TEXT COLLATE "C" NOT NULL,
    policy TEXT COLLATE "C" NOT NULL
);
CREATE INDEX assessment_colour ON assessment (colour, policy, regions_seen);
CREATE INDEX assessment_confined ON assessment (holder) WHERE colour <> 'green';
CREATE INDEX assessment_due ON assessment (next_change, holder) WHERE next_change IS NOT NULL;

CREATE TABLE colour_change (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    holder BIGINT NOT NULL,
    at BIGINT NOT NULL,
    before TEXT COLLATE "C",
    after TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL
);
CREATE INDEX colour_change_holder ON colour_change (holder, at, seq);

-- Regions.

CREATE TABLE region_risk (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    division TEXT COLLATE "C" NOT NULL,
    level TEXT COLLATE "C" NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT,
    recorded_at BIGINT NOT NULL,
    agency BIGINT NOT NULL,
    CHECK (ends_at IS NULL OR ends_at >= starts_at)
);

-- `position`: of the last change of what is followed. Whoever changes some of it holds this row until it
-- commits, so that positions become visible in their order and none is skipped.
CREATE TABLE counter (
    name TEXT COLLATE "C" PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('regions', 0), ('numbered_leaves', 0), ('position', 0);

-- Policies.

-- The newest row is the policy in force.
CREATE TABLE policy_version (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    policy_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    published_at BIGINT NOT NULL,
    agency BIGINT,
    staff BIGINT,
    proposal BIGINT
);
CREATE INDEX policy_version_digest ON policy_version (digest, seq);

-- `change`, `what_if` and `decided_what_if` are the service's JSON.
CREATE TABLE proposal (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    change TEXT COLLATE "C" NOT NULL,
    change_digest BYTEA NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    agency BIGINT NOT NULL,
    proposed_by BIGINT,
    proposed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    what_if TEXT COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_at BIGINT,
    decision_reason TEXT COLLATE "C",
    decided_what_if TEXT COLLATE "C",
    import BIGINT,
    CHECK ((state = 'waiting') = (decided_at IS NULL))
);
CREATE INDEX proposal_newest ON proposal (proposed_at, id);
CREATE INDEX proposal_waiting ON proposal (proposed_at, id) WHERE state = 'waiting';

CREATE TABLE recolouring (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id BIGINT NOT NULL UNIQUE CHECK (id > 0),
    cause TEXT COLLATE "C" NOT NULL,
    policy_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    regions_seen BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    cursor BIGINT,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    to_green BIGINT NOT NULL,
    to_yellow BIGINT NOT NULL,
    to_red BIGINT NOT NULL
);

-- Cases and traces.

CREATE TABLE case_record (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    holder BIGINT NOT NULL,
    class TEXT COLLATE "C" NOT NULL,
    onset_at BIGINT,
    confirmed_at BIGINT NOT NULL,
    isolated_at BIGINT,
    recorded_at BIGINT NOT NULL,
    agency BIGINT NOT NULL,
    withdrawn_at BIGINT
);
CREATE INDEX case_record_newest ON case_record (recorded_at, id);

CREATE TABLE trace_run (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    case_id BIGINT NOT NULL,
    ran_at BIGINT NOT NULL,
    agency BIGINT NOT NULL,
    agency_kind TEXT COLLATE "C" NOT NULL,
    close BIGINT NOT NULL,
    secondary BIGINT NOT NULL,
    detail TEXT COLLATE "C" NOT NULL,
    replaced_by BIGINT
);
CREATE INDEX trace_run_newest ON trace_run (ran_at, id);
CREATE INDEX trace_run_case ON trace_run (case_id, ran_at, id);

-- Who recorded what, files as records, withdrawals, and what waits for a second pair of eyes.

-- One row for each record of an agency; `id` is the number of the record's own id.
CREATE TABLE authorship (
    record TEXT COLLATE "C" NOT NULL,
    id BIGINT NOT NULL CHECK (id > 0),
    agency BIGINT NOT NULL,
    staff BIGINT,
    import BIGINT,
    sample TEXT COLLATE "C",
    recorded_at BIGINT NOT NULL,
    by_document BIGINT NOT NULL CHECK (by_document IN (0, 1)),
    moved_from BIGINT,
    by_tube BIGINT NOT NULL CHECK (by_tube IN (0, 1)),
    -- Of a ride: the trip, by which a carrier knows its own record again.
    trip BIGINT,
    PRIMARY KEY (record, id)
);
CREATE INDEX authorship_newest ON authorship (recorded_at, record, id);
CREATE INDEX authorship_import ON authorship (import) WHERE import IS NOT NULL;
CREATE INDEX authorship_agency ON authorship (agency, recorded_at, record, id);

-- What is kept for the owner of a document that leads to nobody. It is no evidence.
CREATE TABLE kept_record (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    document BYTEA NOT NULL CHECK (length(document) = 16),
    body TEXT COLLATE "C" NOT NULL,
    moved_from BIGINT,
    agency BIGINT NOT NULL,
    staff BIGINT,
    import BIGINT,
    sample TEXT COLLATE "C",
    kept_at BIGINT NOT NULL,
    supersedes BIGINT,
    withdrawn_at BIGINT,
    -- Is it kept for whoever's tube it is, under the tube's key?
    tube BIGINT NOT NULL CHECK (tube IN (0, 1))
);
CREATE INDEX kept_record_document ON kept_record (document, id);
CREATE INDEX kept_record_agency ON kept_record (agency, kept_at, id);
CREATE INDEX kept_record_age ON kept_record (kept_at);
CREATE INDEX kept_record_import ON kept_record (import) WHERE import IS NOT NULL;
CREATE INDEX kept_record_corrected ON kept_record (supersedes) WHERE supersedes IS NOT NULL;

-- Whose tube it is: a sample may be known by its tube before anybody is known by it.
CREATE TABLE tube (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Keyed digest of the agency and the number that it gave the tube.
    key BYTEA NOT NULL UNIQUE CHECK (length(key) = 16),
    agency BIGINT NOT NULL,
    document BYTEA CHECK (length(document) = 16),
    holder BIGINT,
    bound_by BIGINT NOT NULL,
    staff BIGINT,
    bound_at BIGINT NOT NULL,
    CHECK ((document IS NULL) <> (holder IS NULL))
);
CREATE INDEX tube_document ON tube (document) WHERE document IS NOT NULL;
CREATE INDEX tube_age ON tube (bound_at);

CREATE TABLE import_run (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    kind TEXT COLLATE "C" NOT NULL,
    agency BIGINT,
    staff BIGINT,
    started_at BIGINT NOT NULL,
    digest BYTEA NOT NULL CHECK (length(digest) = 32),
    ended_at BIGINT,
    taken BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    waiting BIGINT NOT NULL,
    withdrawn_at BIGINT
);
CREATE INDEX import_run_newest ON import_run (started_at, id);

CREATE TABLE withdrawal (
    record TEXT COLLATE "C" NOT NULL,
    id BIGINT NOT NULL CHECK (id > 0),
    at BIGINT NOT NULL,
    agency BIGINT NOT NULL,
    staff BIGINT,
    reason TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (record, id)
);

-- What waits is no evidence: it stands in tables of its own until somebody else confirms it. It may concern
-- nobody in particular: a file that is to be taken back, a risk level.
CREATE TABLE waiting (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    kind TEXT COLLATE "C" NOT NULL,
    agency BIGINT NOT NULL,
    agency_kind TEXT COLLATE "C" NOT NULL,
    weighs_on BIGINT NOT NULL,
    staff BIGINT,
    region TEXT COLLATE "C" NOT NULL,
    import BIGINT,
    trace_id BIGINT,
    pieces BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    decided_at BIGINT,
    decided_by BIGINT,
    decided_agency BIGINT,
    CHECK ((state = 'waiting') = (decided_at IS NULL))
);
CREATE INDEX waiting_newest ON waiting (made_at, id);
CREATE INDEX waiting_state ON waiting (state, made_at, id);
CREATE INDEX waiting_trace ON waiting (trace_id, made_at, id) WHERE trace_id IS NOT NULL;

CREATE TABLE waiting_piece (
    waiting BIGINT NOT NULL REFERENCES waiting (id),
    number BIGINT NOT NULL,
    holder BIGINT,
    body TEXT COLLATE "C" NOT NULL,
    sample TEXT COLLATE "C",
    external_key BYTEA UNIQUE,
    PRIMARY KEY (waiting, number)
);
CREATE INDEX waiting_piece_holder ON waiting_piece (holder) WHERE holder IS NOT NULL;

-- Looking back.

CREATE TABLE access (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    holder BIGINT NOT NULL,
    at BIGINT NOT NULL,
    agency BIGINT NOT NULL,
    staff BIGINT,
    purpose TEXT COLLATE "C" NOT NULL,
    what TEXT COLLATE "C" NOT NULL
);
CREATE INDEX access_holder ON access (holder, at, seq);

-- Leaves with their number, and those that wait for one: servers write side by side, so the place in the
-- order of writing is no number yet.
CREATE TABLE log_leaf (
    position BIGINT PRIMARY KEY CHECK (position >= 0),
    bytes BYTEA NOT NULL
);
CREATE TABLE pending_leaf (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bytes BYTEA NOT NULL
);
-- Finds the leaves of a commitment: the first 24 of its characters, after `"commitment":"`.
CREATE INDEX log_leaf_commitment ON log_leaf
    (substring(bytes FROM position('\x22636F6D6D69746D656E74223A22'::bytea IN bytes) + 14 FOR 24))
    WHERE position('\x22636F6D6D69746D656E74223A22'::bytea IN bytes) > 0;

CREATE TABLE setting (
    name TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);
