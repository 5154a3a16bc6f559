-- Published policies, proposals, recolouring; assessments by policy.

-- The newest row is the policy in force.
CREATE TABLE policy_version (
    seq INTEGER PRIMARY KEY,
    policy_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    text TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    agency INTEGER,
    staff INTEGER,
    proposal INTEGER
) STRICT;
CREATE INDEX policy_version_digest ON policy_version (digest, seq);

-- `change`, `what_if` and `decided_what_if` are the service's JSON.
CREATE TABLE proposal (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    change TEXT NOT NULL,
    change_digest BLOB NOT NULL,
    state TEXT NOT NULL,
    agency INTEGER NOT NULL,
    proposed_by INTEGER,
    proposed_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    what_if TEXT NOT NULL,
    decided_by INTEGER,
    decided_at INTEGER,
    decision_reason TEXT,
    decided_what_if TEXT,
    CHECK ((state = 'waiting') = (decided_at IS NULL))
) STRICT;
CREATE INDEX proposal_newest ON proposal (proposed_at, id);
CREATE INDEX proposal_waiting ON proposal (proposed_at, id) WHERE state = 'waiting';

CREATE TABLE recolouring (
    seq INTEGER PRIMARY KEY,
    id INTEGER NOT NULL UNIQUE CHECK (id > 0),
    cause TEXT NOT NULL,
    policy_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    regions_seen INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    cursor INTEGER,
    done INTEGER NOT NULL,
    total INTEGER NOT NULL,
    to_green INTEGER NOT NULL,
    to_yellow INTEGER NOT NULL,
    to_red INTEGER NOT NULL
) STRICT;

-- By which policy a stored assessment was made: counts tell how many are still from before.
ALTER TABLE assessment ADD COLUMN policy TEXT NOT NULL DEFAULT '';
UPDATE assessment SET policy = json_extract(body, '$.policy.digest');
DROP INDEX assessment_colour;
CREATE INDEX assessment_colour ON assessment (colour, policy, regions_seen);
