-- Where the cache stands: one row.
CREATE TABLE meta (
    one             INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    log_id          BLOB,
    cursor          INTEGER NOT NULL,
    epoch           INTEGER NOT NULL,
    access          TEXT,
    me              TEXT,
    workspace       TEXT,
    last_contact_at INTEGER,
    heads           TEXT,
    -- Which edition of the tokeniser filled the search tables.
    tokens_version  INTEGER NOT NULL
) STRICT;

CREATE TABLE teammates (
    id      BLOB    NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    value   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE teams (
    id      BLOB    NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    value   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE contacts (
    contact_key INTEGER NOT NULL PRIMARY KEY,
    id          BLOB    NOT NULL UNIQUE,
    external_id TEXT,
    name        TEXT,
    email       TEXT,
    phone       TEXT,
    language    TEXT,
    created_at  INTEGER NOT NULL,
    version     INTEGER NOT NULL
) STRICT;

-- Heads. The local integer key keeps every reference to a conversation small.
CREATE TABLE conversations (
    conversation_key   INTEGER NOT NULL PRIMARY KEY,
    id                 BLOB    NOT NULL UNIQUE,
    contact_id         BLOB    NOT NULL,
    -- A copy of the contact's, so that a list needs no second table.
    contact_name       TEXT,
    title              TEXT,
    state              TEXT    NOT NULL,
    snoozed_until      INTEGER,
    priority           TEXT    NOT NULL,
    admin_assignee_id  BLOB,
    team_assignee_id   BLOB,
    tags               TEXT    NOT NULL,
    waiting_since      INTEGER,
    created_at         INTEGER NOT NULL,
    last_part_at       INTEGER NOT NULL,
    preview            TEXT    NOT NULL,
    preview_author     TEXT    NOT NULL,
    preview_is_note    INTEGER NOT NULL,
    -- The teammate who wrote the newest message, where that message is here.
    preview_admin_id   BLOB,
    part_count         INTEGER NOT NULL,
    contact_part_count INTEGER NOT NULL,
    version            INTEGER NOT NULL,
    unread             INTEGER NOT NULL,
    -- The lowest seq from which on every part up to part_count is here; part_count + 1 for none.
    complete_from_seq  INTEGER NOT NULL,
    -- 1 once an answer has brought the newest parts, as many as one answer holds, and no part has
    -- been missed since.
    fetched            INTEGER NOT NULL,
    -- 1 if the version belongs to an earlier change log, so that any head of the present one wins.
    stale              INTEGER NOT NULL
) STRICT;

-- The first three hold everything that a list shows, so that a page of it costs a few pages of the
-- file and not one for each row.
CREATE INDEX conversations_by_assignee ON conversations (
    admin_assignee_id, last_part_at DESC, id DESC,
    contact_id, contact_name, title, state, snoozed_until, priority, team_assignee_id, tags,
    waiting_since, created_at, preview, preview_author, preview_is_note, preview_admin_id,
    part_count, contact_part_count, version, unread
) WHERE state = 'open';

CREATE INDEX conversations_by_team ON conversations (
    team_assignee_id, last_part_at DESC, id DESC,
    contact_id, contact_name, title, state, snoozed_until, priority, admin_assignee_id, tags,
    waiting_since, created_at, preview, preview_author, preview_is_note, preview_admin_id,
    part_count, contact_part_count, version, unread
) WHERE state = 'open' AND team_assignee_id IS NOT NULL;

CREATE INDEX conversations_active ON conversations (
    state, last_part_at DESC, id DESC,
    contact_id, contact_name, title, snoozed_until, priority, admin_assignee_id, team_assignee_id,
    tags, waiting_since, created_at, preview, preview_author, preview_is_note, preview_admin_id,
    part_count, contact_part_count, version, unread
) WHERE state <> 'closed';

CREATE INDEX conversations_closed ON conversations (last_part_at DESC, id DESC)
    WHERE state = 'closed';

CREATE INDEX conversations_waiting ON conversations (state, waiting_since, id)
    WHERE waiting_since IS NOT NULL;

CREATE INDEX conversations_waiting_by_assignee ON conversations (
    admin_assignee_id, waiting_since, id
) WHERE state = 'open' AND waiting_since IS NOT NULL;

CREATE INDEX conversations_counted ON conversations (
    state, admin_assignee_id, team_assignee_id, unread
) WHERE state <> 'closed';

CREATE INDEX conversations_by_contact ON conversations (contact_id, last_part_at DESC, id DESC);

CREATE INDEX conversations_tagged ON conversations (tags) WHERE tags <> '[]';

CREATE INDEX conversations_wanted ON conversations (last_part_at DESC, id)
    WHERE state <> 'closed' AND complete_from_seq > 1
        AND (fetched = 0 OR complete_from_seq > part_count);

-- Parts, clustered by conversation: opening one reads neighbouring rows. `place` is the
-- conversation's key times 2^32 plus the part's seq. One integer keeps the tree above the rows small;
-- with two columns as the key it would hold whole rows.
CREATE TABLE parts (
    place                INTEGER NOT NULL PRIMARY KEY,
    id                   BLOB    NOT NULL,
    part_type            TEXT    NOT NULL,
    author_type          TEXT    NOT NULL,
    author_admin_id      BLOB,
    author_name          TEXT,
    -- NULL where it is the same as body_text.
    body                 TEXT,
    body_text            TEXT    NOT NULL,
    rich                 INTEGER NOT NULL,
    assigned_to_admin_id BLOB,
    assigned_to_team_id  BLOB,
    snoozed_until        INTEGER,
    priority             TEXT,
    tag                  TEXT,
    command_id           BLOB,
    created_at           INTEGER NOT NULL,
    version              INTEGER NOT NULL,
    -- The row in the search tables, for messages and notes.
    doc_id               INTEGER
) STRICT;

CREATE INDEX parts_by_command ON parts (command_id) WHERE command_id IS NOT NULL;

CREATE TABLE read_marks (
    conversation_id    BLOB    NOT NULL PRIMARY KEY,
    contact_parts_read INTEGER NOT NULL,
    version            INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Conversations that left, so that a page from before does not bring them back. Ids only.
CREATE TABLE evicted (
    id      BLOB    NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The full-text index holds folded tokens of messages and notes. Its rowids grow with the time of
-- writing, so that "newest first" is the index's own order. The tokens hold letters and digits only,
-- which the ascii tokeniser takes as they are.
CREATE VIRTUAL TABLE search USING fts5(
    tokens, content = '', columnsize = 0, tokenize = 'ascii'
);
INSERT INTO search (search, rank) VALUES ('pgsz', 3960);
INSERT INTO search (search, rank) VALUES ('automerge', 16);
INSERT INTO search (search, rank) VALUES ('hashsize', 16777216);
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);

CREATE TABLE search_docs (
    doc_id INTEGER NOT NULL PRIMARY KEY,
    -- The part's.
    place  INTEGER NOT NULL
) STRICT;

-- What the full-text index has yet to take in.
CREATE TABLE search_pending (
    doc_id INTEGER NOT NULL PRIMARY KEY
) STRICT;

CREATE TABLE contact_tokens (
    token       TEXT    NOT NULL,
    contact_key INTEGER NOT NULL,
    PRIMARY KEY (token, contact_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_tokens_by_contact ON contact_tokens (contact_key);

CREATE TABLE title_tokens (
    token            TEXT    NOT NULL,
    conversation_key INTEGER NOT NULL,
    PRIMARY KEY (token, conversation_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX title_tokens_by_conversation ON title_tokens (conversation_key);
