-- Appeals: what goes with the evidence that an appeal and its decision are. The words are sealed under
-- their holder's key, and so is what was handed in.
CREATE TABLE appeal (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    holder INTEGER NOT NULL REFERENCES holder (id) CHECK (holder > 0),
    -- Where they lived when it was lodged.
    home TEXT NOT NULL,
    -- The appeal as evidence, and the piece that it contests.
    piece INTEGER NOT NULL UNIQUE,
    contests INTEGER NOT NULL,
    -- Who recorded that piece.
    agency INTEGER,
    -- The rule that asked for the colour, and the policy of which it is one.
    rule TEXT NOT NULL,
    policy TEXT NOT NULL,
    ground TEXT NOT NULL,
    words BLOB,
    -- At whose counter it was lodged, if at one.
    counter_agency INTEGER,
    counter_staff INTEGER,
    -- The appeal whose decision is looked at again.
    second_of INTEGER UNIQUE,
    lodged_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL CHECK (due_at > lodged_at),
    eases INTEGER NOT NULL CHECK (eases IN (0, 1)),
    lapsed_at INTEGER,
    state TEXT NOT NULL,
    decided_at INTEGER,
    decided_by INTEGER,
    decided_agency INTEGER,
    finding TEXT,
    reply BLOB,
    keep_until INTEGER,
    CHECK ((state = 'open') = (decided_at IS NULL)),
    CHECK ((counter_agency IS NULL) = (counter_staff IS NULL)),
    CHECK ((decided_by IS NULL) = (decided_agency IS NULL))
) STRICT;
CREATE INDEX appeal_holder ON appeal (holder);
CREATE UNIQUE INDEX appeal_standing ON appeal (contests) WHERE state = 'open';
CREATE INDEX appeal_due ON appeal (due_at) WHERE state = 'open';
CREATE INDEX appeal_age ON appeal (lodged_at);

-- A picture or a paper that goes with one.
CREATE TABLE appeal_file (
    appeal INTEGER PRIMARY KEY REFERENCES appeal (id),
    kind TEXT NOT NULL,
    size INTEGER NOT NULL CHECK (size > 0),
    sealed BLOB NOT NULL,
    added_at INTEGER NOT NULL,
    keep_until INTEGER
) STRICT;

-- Rules of which so many decisions were overturned that somebody has to look at them.
CREATE TABLE rule_review (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    policy TEXT NOT NULL,
    rule TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    decided INTEGER NOT NULL CHECK (decided > 0),
    overturned INTEGER NOT NULL CHECK (overturned >= 0),
    UNIQUE (policy, rule)
) STRICT;
