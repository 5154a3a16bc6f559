-- Trips: places that move. What tickets say of single visits has a table by day, as visits have.

-- `stops` is the domain's JSON, in the order of the way.
CREATE TABLE trip (
    place INTEGER PRIMARY KEY REFERENCES place (id),
    number TEXT NOT NULL,
    date TEXT NOT NULL,
    stops TEXT NOT NULL
) STRICT;
