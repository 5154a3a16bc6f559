-- By which trip a carrier's own record of a ride is known again; it names nobody. Of older ones it is not known.
ALTER TABLE authorship ADD COLUMN trip INTEGER;
