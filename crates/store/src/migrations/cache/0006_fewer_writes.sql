-- What a new message writes. Only the lists that are one's own hold all that a row shows; what
-- changes with every message stands in as few indices as the lists need.
-- 1 for the agent's own, 0 for nobody's, nothing for another's.
ALTER TABLE conversations ADD COLUMN mine INTEGER;
UPDATE conversations SET mine = CASE
WHEN admin_assignee_id IS NULL THEN 0
WHEN hex(admin_assignee_id)
= (SELECT upper(replace(json_extract(me, '$.id'), '-', '')) FROM meta) THEN 1 END;

DROP INDEX conversations_by_assignee;
DROP INDEX conversations_waiting_by_assignee;
DROP INDEX conversations_by_team;
DROP INDEX conversations_active;
DROP INDEX conversations_by_contact;

CREATE INDEX conversations_mine ON conversations (
mine, last_part_at DESC, id DESC, contact_id, contact_name, title, state, snoozed_until, priority,
admin_assignee_id, team_assignee_id, tags, waiting_since, created_at, preview, preview_author,
preview_is_note, preview_admin_id, part_count, contact_part_count, version, unread
) WHERE state = 'open' AND mine IS NOT NULL;
CREATE INDEX conversations_waiting_mine ON conversations (mine, waiting_since, id)
WHERE state = 'open' AND mine IS NOT NULL AND waiting_since IS NOT NULL;
CREATE INDEX conversations_by_team ON conversations (team_assignee_id, last_part_at DESC, id DESC)
WHERE state = 'open' AND team_assignee_id IS NOT NULL;
-- With the version, because a digest asks for it of all of them.
CREATE INDEX conversations_active ON conversations (state, last_part_at DESC, id DESC, version)
WHERE state <> 'closed';
-- By their beginning, which no message changes.
CREATE INDEX conversations_by_contact ON conversations (contact_id, created_at DESC, id DESC);

-- A message that search has yet to take in stands in the list of those alone.
CREATE TABLE search_waiting (
doc_id INTEGER NOT NULL PRIMARY KEY, place INTEGER NOT NULL
) STRICT;
INSERT INTO search_waiting
SELECT doc_id, place FROM search_docs WHERE doc_id IN (SELECT doc_id FROM search_pending);
DELETE FROM search_docs WHERE doc_id IN (SELECT doc_id FROM search_pending);
DROP TABLE search_pending;
ALTER TABLE search_waiting RENAME TO search_pending;

-- Contacts by their id, with which they are asked for: one tree and not two.
CREATE TABLE contacts_by_id (
id BLOB NOT NULL PRIMARY KEY, contact_key INTEGER NOT NULL UNIQUE, external_id TEXT, name TEXT,
email TEXT, phone TEXT, language TEXT, created_at INTEGER NOT NULL, version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO contacts_by_id
SELECT id, contact_key, external_id, name, email, phone, language, created_at, version
FROM contacts ORDER BY id;
DROP TABLE contacts;
ALTER TABLE contacts_by_id RENAME TO contacts;

-- A step that indexes never merges; merging has steps of its own. The second number is from how many
-- pieces on it happens all the same.
INSERT INTO search (search, rank) VALUES ('automerge', 0);
INSERT INTO search (search, rank) VALUES ('crisismerge', 1000);
