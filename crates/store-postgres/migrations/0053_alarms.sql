-- Alarms: what an agency or a member of its staff did far above their own history, or at somebody whom they had
-- no reason to look at.
CREATE TABLE alarm (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    kind TEXT COLLATE "C" NOT NULL,
    agency BIGINT NOT NULL CHECK (agency > 0),
    staff BIGINT CHECK (staff > 0),
    -- Keyed digest of whom or what it is about.
    subject BYTEA NOT NULL CHECK (length(subject) = 16),
    count BIGINT NOT NULL CHECK (count >= 0),
    expected BIGINT NOT NULL CHECK (expected >= 0),
    hours BIGINT NOT NULL CHECK (hours > 0),
    measured_at BIGINT NOT NULL,
    raised_at BIGINT NOT NULL,
    holds_at BIGINT,
    answered_at BIGINT,
    answered_by BIGINT,
    answered_agency BIGINT,
    answer TEXT COLLATE "C",
    keep_until BIGINT,
    CHECK ((answered_at IS NULL) = (answer IS NULL)),
    CHECK ((answered_at IS NULL) = (answered_by IS NULL)),
    CHECK ((answered_at IS NULL) = (answered_agency IS NULL)),
    CHECK ((answered_at IS NULL) = (keep_until IS NULL))
);
CREATE UNIQUE INDEX alarm_open ON alarm (kind, subject) WHERE answered_at IS NULL;
CREATE INDEX alarm_holding ON alarm (agency) WHERE answered_at IS NULL AND holds_at IS NOT NULL;
CREATE INDEX alarm_subject ON alarm (kind, subject, raised_at, id);
CREATE INDEX alarm_age ON alarm (raised_at, id);

-- What agencies and their staff did, by the hour: what alarms are raised from. Staff 0 is nobody in particular.
CREATE TABLE activity (
    what TEXT COLLATE "C" NOT NULL,
    agency BIGINT NOT NULL CHECK (agency > 0),
    staff BIGINT NOT NULL CHECK (staff >= 0),
    hour BIGINT NOT NULL,
    count BIGINT NOT NULL CHECK (count > 0),
    PRIMARY KEY (what, agency, staff, hour)
);
CREATE INDEX activity_hour ON activity (what, hour);

-- People at whom each look is an alarm, by a keyed digest of a document.
CREATE TABLE protected_person (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    digest BYTEA NOT NULL UNIQUE CHECK (length(digest) = 16),
    ground TEXT COLLATE "C" NOT NULL,
    works_for BIGINT,
    added_by BIGINT NOT NULL,
    added_agency BIGINT NOT NULL,
    added_at BIGINT NOT NULL,
    end_asked_by BIGINT,
    end_asked_agency BIGINT,
    end_asked_at BIGINT,
    CHECK ((end_asked_by IS NULL) = (end_asked_agency IS NULL)),
    CHECK ((end_asked_by IS NULL) = (end_asked_at IS NULL))
);

CREATE INDEX access_at ON access (at);
