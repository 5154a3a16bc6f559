-- Alarms: what an agency or a member of its staff did far above their own history, or at somebody whom they had
-- no reason to look at.
CREATE TABLE alarm (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    kind TEXT NOT NULL,
    agency INTEGER NOT NULL CHECK (agency > 0),
    staff INTEGER CHECK (staff > 0),
    -- Keyed digest of whom or what it is about.
    subject BLOB NOT NULL CHECK (length(subject) = 16),
    count INTEGER NOT NULL CHECK (count >= 0),
    expected INTEGER NOT NULL CHECK (expected >= 0),
    hours INTEGER NOT NULL CHECK (hours > 0),
    measured_at INTEGER NOT NULL,
    raised_at INTEGER NOT NULL,
    holds_at INTEGER,
    answered_at INTEGER,
    answered_by INTEGER,
    answered_agency INTEGER,
    answer TEXT,
    keep_until INTEGER,
    CHECK ((answered_at IS NULL) = (answer IS NULL)),
    CHECK ((answered_at IS NULL) = (answered_by IS NULL)),
    CHECK ((answered_at IS NULL) = (answered_agency IS NULL)),
    CHECK ((answered_at IS NULL) = (keep_until IS NULL))
) STRICT;
CREATE UNIQUE INDEX alarm_open ON alarm (kind, subject) WHERE answered_at IS NULL;
CREATE INDEX alarm_holding ON alarm (agency) WHERE answered_at IS NULL AND holds_at IS NOT NULL;
CREATE INDEX alarm_subject ON alarm (kind, subject, raised_at, id);
CREATE INDEX alarm_age ON alarm (raised_at, id);

-- What agencies and their staff did, by the hour: what alarms are raised from. Staff 0 is nobody in particular.
CREATE TABLE activity (
    what TEXT NOT NULL,
    agency INTEGER NOT NULL CHECK (agency > 0),
    staff INTEGER NOT NULL CHECK (staff >= 0),
    hour INTEGER NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (what, agency, staff, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX activity_hour ON activity (what, hour);

-- People at whom each look is an alarm, by a keyed digest of a document.
CREATE TABLE protected_person (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),
    ground TEXT NOT NULL,
    works_for INTEGER,
    added_by INTEGER NOT NULL,
    added_agency INTEGER NOT NULL,
    added_at INTEGER NOT NULL,
    end_asked_by INTEGER,
    end_asked_agency INTEGER,
    end_asked_at INTEGER,
    CHECK ((end_asked_by IS NULL) = (end_asked_agency IS NULL)),
    CHECK ((end_asked_by IS NULL) = (end_asked_at IS NULL))
) STRICT;

CREATE INDEX access_at ON access (at);
