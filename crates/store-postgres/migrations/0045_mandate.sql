-- The steps of the deployment's mandates, in their order: a signed document was published, what held was
-- ended, or everything about people was taken away after the end.
CREATE TABLE mandate_step (
    number BIGINT PRIMARY KEY CHECK (number > 0),
    kind TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C",
    at BIGINT NOT NULL,
    agency BIGINT,
    staff BIGINT,
    proposal BIGINT,
    CHECK ((kind = 'published') = (note IS NOT NULL))
);
