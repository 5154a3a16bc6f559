-- What changed since, for those who keep a copy in memory. The counter of visits' marks now serves all
-- that is followed: each transaction that changes some of it has the next number. What is kept by day has
-- the number in its row (`mark`); the day says which was the last.

ALTER TABLE day_mark RENAME TO old_day_mark;
CREATE TABLE day_mark (
    day INTEGER PRIMARY KEY,
    -- The last change of the day's visits; 0 if it has none.
    mark INTEGER NOT NULL CHECK (mark >= 0),
    -- The last time a visit was taken back, if ever.
    lost INTEGER,
    -- The last change of its visits, rides or scans.
    told INTEGER NOT NULL CHECK (told > 0 AND told >= mark)
) STRICT;
INSERT INTO day_mark (day, mark, lost, told) SELECT day, mark, lost, mark FROM old_day_mark;
DROP TABLE old_day_mark;

-- The last change of what is not kept by day: 1 a place, 2 a case with its traces, 3 the policy in force,
-- 4 the risk levels (both with the id 0).
CREATE TABLE changed (
    kind INTEGER NOT NULL,
    id INTEGER NOT NULL,
    mark INTEGER NOT NULL CHECK (mark > 0),
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO changed (kind, id, mark) SELECT 1, id, 1 FROM place;
INSERT INTO changed (kind, id, mark) SELECT 2, id, 1 FROM case_record;
INSERT INTO changed (kind, id, mark) SELECT 3, 0, 1 WHERE EXISTS (SELECT 1 FROM policy_version);
INSERT INTO changed (kind, id, mark) SELECT 4, 0, 1 WHERE EXISTS (SELECT 1 FROM region_risk);
CREATE INDEX changed_mark ON changed (mark, kind, id);
