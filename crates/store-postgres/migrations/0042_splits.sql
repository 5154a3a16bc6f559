-- One record may turn out to be that of two people.

ALTER TABLE record_link ADD COLUMN split_at BIGINT;
ALTER TABLE record_link DROP CONSTRAINT record_link_state_check;
ALTER TABLE record_link ADD CONSTRAINT record_link_state_check
    CHECK (state IN ('asked', 'joined', 'contested', 'split', 'disputed'));
ALTER TABLE record_link ADD CONSTRAINT record_link_split_check
    CHECK (state NOT IN ('split', 'disputed') OR split_at IS NOT NULL);

-- Whose a piece of evidence is that was recorded before: decided, and as one counter says.
CREATE TABLE split_piece (
    record BIGINT NOT NULL REFERENCES holder (id),
    evidence BIGINT NOT NULL CHECK (evidence > 0) REFERENCES evidence (id),
    owner TEXT COLLATE "C" NOT NULL CHECK (owner IN ('both', 'main', 'record')),
    wish TEXT COLLATE "C" CHECK (wish IN ('both', 'main', 'record')),
    agency BIGINT,
    staff BIGINT,
    PRIMARY KEY (record, evidence),
    CHECK ((agency IS NULL) = (staff IS NULL))
);
CREATE INDEX split_piece_evidence ON split_piece (evidence);
