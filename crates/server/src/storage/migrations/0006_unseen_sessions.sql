-- A session that began where its account was not known, until its owner has said in another one that this was right, or
-- has ended it.
ALTER TABLE session ADD COLUMN unseen {{bool}} NOT NULL DEFAULT FALSE;

CREATE INDEX session_unseen ON session (created_at) WHERE unseen;
