-- Who confirmed an agency and a member of staff, and who invited them. Those of before this file keep
-- what they could do; nobody's name stands beside them.

ALTER TABLE agency ADD COLUMN confirmed_at INTEGER;
ALTER TABLE agency ADD COLUMN confirmed_by INTEGER;
ALTER TABLE staff ADD COLUMN invited_by INTEGER;
ALTER TABLE staff ADD COLUMN confirmed_at INTEGER;
ALTER TABLE staff ADD COLUMN confirmed_by INTEGER;

UPDATE agency SET confirmed_at = unixepoch();
UPDATE staff SET confirmed_at = created_at;

-- Finds the leaves of a commitment: the first 24 of its characters, after `"commitment":"`. Whoever holds
-- a record can be told where the public log has it.
CREATE INDEX log_leaf_commitment ON log_leaf
    (substr(bytes, instr(bytes, x'22636F6D6D69746D656E74223A22') + 14, 24))
    WHERE instr(bytes, x'22636F6D6D69746D656E74223A22') > 0;
