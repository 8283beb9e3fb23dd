-- How far the machine's clock was seen since the server last answered, and how much of the time that
-- passed it does not show. An older program only stores the contact, which begins the count anew.
ALTER TABLE meta ADD COLUMN clock_seen_at INTEGER;
ALTER TABLE meta ADD COLUMN clock_lost    INTEGER NOT NULL DEFAULT 0;
