-- What one agency recorded, newest first: its own staff look through it to take something back.
CREATE INDEX authorship_agency ON authorship (agency, recorded_at);
