-- Records of people who are not registered are kept, too: they can be corrected and taken back like any other,
-- and end after the policy's days.
ALTER TABLE kept_record ADD COLUMN supersedes INTEGER;
ALTER TABLE kept_record ADD COLUMN withdrawn_at INTEGER;
CREATE INDEX kept_record_agency ON kept_record (agency, kept_at, id);
CREATE INDEX kept_record_age ON kept_record (kept_at);
CREATE INDEX kept_record_import ON kept_record (import) WHERE import IS NOT NULL;
CREATE INDEX kept_record_corrected ON kept_record (supersedes) WHERE supersedes IS NOT NULL;
