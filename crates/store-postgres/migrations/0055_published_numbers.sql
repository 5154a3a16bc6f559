-- What was published on each day: told once, the same by every server and to every reader.
CREATE TABLE published_numbers (
    day BIGINT PRIMARY KEY CHECK (day >= 0),
    at BIGINT NOT NULL,
    body TEXT COLLATE "C" NOT NULL
);
