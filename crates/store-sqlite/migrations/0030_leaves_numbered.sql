-- Leaves are numbered after the unit that wrote them. Their position is their place in the order of
-- commits; those below this mark have it as their number, the others wait. Whatever is there already
-- has the number it was given.
INSERT INTO counter (name, value)
    SELECT 'numbered_leaves', coalesce(max(position) + 1, 0) FROM log_leaf;
