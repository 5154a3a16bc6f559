-- Whom a community worker accompanies. What is over goes with the next purge.
CREATE TABLE assignment (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    holder BIGINT NOT NULL,
    worker BIGINT NOT NULL,
    agency BIGINT NOT NULL,
    staff BIGINT NOT NULL,
    assigned_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    CHECK (ends_at > assigned_at)
);
CREATE UNIQUE INDEX assignment_worker ON assignment (worker, holder);
CREATE INDEX assignment_holder ON assignment (holder);
