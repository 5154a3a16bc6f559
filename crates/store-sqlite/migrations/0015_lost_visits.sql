-- A passenger list can be taken back, and its visits with it. A copy of the visits beside the database has
-- to learn that a day lost some: the day's mark of the last time, if ever.

ALTER TABLE day_mark ADD COLUMN lost INTEGER;
