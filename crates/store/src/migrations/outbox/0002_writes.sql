-- How many transactions have changed the file. Its mirror counts the same ones, so that whichever of
-- the two has lost its last ones is found out.
CREATE TABLE writes (count INTEGER NOT NULL) STRICT;
INSERT INTO writes VALUES (0);
