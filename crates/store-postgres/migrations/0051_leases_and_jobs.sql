-- Who does what only one server does at a time, and jobs of which all servers can tell.
CREATE TABLE lease (
    name TEXT COLLATE "C" PRIMARY KEY,
    owner BIGINT NOT NULL,
    until BIGINT NOT NULL
);

CREATE TABLE job (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    kind TEXT COLLATE "C" NOT NULL,
    staff BIGINT NOT NULL CHECK (staff > 0),
    owner BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    is_over BIGINT NOT NULL CHECK (is_over IN (0, 1)),
    stop BIGINT NOT NULL CHECK (stop IN (0, 1)),
    alive_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    body TEXT COLLATE "C" NOT NULL
);
CREATE INDEX job_staff ON job (staff, kind);
CREATE INDEX job_expiry ON job (expires_at);

CREATE TABLE job_part (
    job BIGINT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    number BIGINT NOT NULL CHECK (number >= 0),
    body BYTEA NOT NULL,
    PRIMARY KEY (job, number)
);
