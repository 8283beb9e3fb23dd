-- How far the check of the closed conversations is, while one is owed.
ALTER TABLE meta ADD COLUMN closed_check TEXT;
-- The lowest revision of the protocol that filled the cache.
ALTER TABLE meta ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
