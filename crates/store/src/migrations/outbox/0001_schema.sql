-- What the agent did, in the order in which it was done.
CREATE TABLE commands (
    position        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id              BLOB    NOT NULL UNIQUE,
    conversation_id BLOB    NOT NULL,
    -- The command that must have been applied before this one.
    after           BLOB,
    action          TEXT    NOT NULL,
    -- 1 for a read mark, which is no work that could be lost.
    is_mark         INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    -- queued, sending, applied or refused
    state           TEXT    NOT NULL,
    attempts        INTEGER NOT NULL,
    attempted_at    INTEGER,
    refusal_code    TEXT,
    refusal_message TEXT,
    -- The outcome of an applied one.
    log_id          BLOB,
    version         INTEGER,
    part_id         BLOB,
    applied_at      INTEGER
) STRICT;

CREATE INDEX commands_by_state ON commands (state, version);

CREATE TABLE drafts (
    conversation_id BLOB    NOT NULL,
    kind            TEXT    NOT NULL,
    body_text       TEXT    NOT NULL,
    updated_at      INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, kind)
) STRICT, WITHOUT ROWID;
