-- Appeals: what goes with the evidence that an appeal and its decision are. The words are sealed under
-- their holder's key, and so is what was handed in.
CREATE TABLE appeal (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    holder BIGINT NOT NULL REFERENCES holder (id) CHECK (holder > 0),
    -- Where they lived when it was lodged.
    home TEXT COLLATE "C" NOT NULL,
    -- The appeal as evidence, and the piece that it contests.
    piece BIGINT NOT NULL UNIQUE,
    contests BIGINT NOT NULL,
    -- Who recorded that piece.
    agency BIGINT,
    -- The rule that asked for the colour, and the policy of which it is one.
    rule TEXT COLLATE "C" NOT NULL,
    policy TEXT COLLATE "C" NOT NULL,
    ground TEXT COLLATE "C" NOT NULL,
    words BYTEA,
    -- At whose counter it was lodged, if at one.
    counter_agency BIGINT,
    counter_staff BIGINT,
    -- The appeal whose decision is looked at again.
    second_of BIGINT UNIQUE,
    lodged_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL CHECK (due_at > lodged_at),
    eases BIGINT NOT NULL CHECK (eases IN (0, 1)),
    lapsed_at BIGINT,
    state TEXT COLLATE "C" NOT NULL,
    decided_at BIGINT,
    decided_by BIGINT,
    decided_agency BIGINT,
    finding TEXT COLLATE "C",
    reply BYTEA,
    keep_until BIGINT,
    CHECK ((state = 'open') = (decided_at IS NULL)),
    CHECK ((counter_agency IS NULL) = (counter_staff IS NULL)),
    CHECK ((decided_by IS NULL) = (decided_agency IS NULL))
);
CREATE INDEX appeal_holder ON appeal (holder);
CREATE UNIQUE INDEX appeal_standing ON appeal (contests) WHERE state = 'open';
CREATE INDEX appeal_due ON appeal (due_at) WHERE state = 'open';
CREATE INDEX appeal_age ON appeal (lodged_at);

-- A picture or a paper that goes with one.
CREATE TABLE appeal_file (
    appeal BIGINT PRIMARY KEY REFERENCES appeal (id),
    kind TEXT COLLATE "C" NOT NULL,
    size BIGINT NOT NULL CHECK (size > 0),
    sealed BYTEA NOT NULL,
    added_at BIGINT NOT NULL,
    keep_until BIGINT
);

-- Rules of which so many decisions were overturned that somebody has to look at them.
CREATE TABLE rule_review (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    policy TEXT COLLATE "C" NOT NULL,
    rule TEXT COLLATE "C" NOT NULL,
    asked_at BIGINT NOT NULL,
    decided BIGINT NOT NULL CHECK (decided > 0),
    overturned BIGINT NOT NULL CHECK (overturned >= 0),
    UNIQUE (policy, rule)
);
