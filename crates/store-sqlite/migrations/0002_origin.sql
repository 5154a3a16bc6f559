-- The division whose authority recorded a piece of evidence, where it was imported from another one.

ALTER TABLE evidence ADD COLUMN origin TEXT;
