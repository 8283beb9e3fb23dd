-- Workspaces with their teammates, teams, contacts and conversations; the change log that keeps caches in step; the
-- audit. Every table names its workspace and every reference stays inside it.

CREATE TABLE workspace (
    id              {{blob}} NOT NULL PRIMARY KEY,
    name            {{text}} NOT NULL,
    offline_lease_s {{int}}  NOT NULL,
    created_at      {{int}}  NOT NULL,
    version         {{int}}  NOT NULL
) {{strict}};

-- The counter of a workspace's change log. Updating its row is the first statement of every transaction that may
-- append to the log, so that numbers are given in the order of commits.
CREATE TABLE change_log_head (
    workspace_id {{blob}} NOT NULL PRIMARY KEY REFERENCES workspace (id),
    log_id       {{blob}} NOT NULL,
    -- The newest entry.
    seq          {{int}}  NOT NULL,
    -- Entries up to this one are no longer kept.
    pruned_seq   {{int}}  NOT NULL
) {{strict}};

CREATE TABLE change_log (
    workspace_id             {{blob}} NOT NULL REFERENCES workspace (id),
    seq                      {{int}}  NOT NULL,
    kind                     {{text}} NOT NULL,
    object_id                {{blob}} NOT NULL,
    -- The only teammate that the entry is for; everybody's where it is absent.
    audience_teammate_id     {{blob}},
    -- Whether the object was there before; a conversation's scope before and after.
    existed                  {{bool}} NOT NULL,
    before_admin_assignee_id {{blob}},
    before_team_assignee_id  {{blob}},
    after_admin_assignee_id  {{blob}},
    after_team_assignee_id   {{blob}},
    at                       {{int}}  NOT NULL,
    PRIMARY KEY (workspace_id, seq)
) {{clustered}};

CREATE TABLE teammate (
    workspace_id      {{blob}} NOT NULL REFERENCES workspace (id),
    id                {{blob}} NOT NULL UNIQUE,
    name              {{text}} NOT NULL,
    email             {{text}} NOT NULL,
    -- The address as it is compared: trimmed and in lower case.
    email_folded      {{text}} NOT NULL,
    role              {{text}} NOT NULL,
    state             {{text}} NOT NULL,
    access_scope      {{text}} NOT NULL,
    access_unassigned {{bool}} NOT NULL,
    -- Raised by every change of role, state, teams or access.
    epoch             {{int}}  NOT NULL,
    -- The change log's number of the newest of them.
    access_version    {{int}}  NOT NULL,
    created_at        {{int}}  NOT NULL,
    version           {{int}}  NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, email_folded)
) {{strict}};

CREATE TABLE team (
    workspace_id {{blob}} NOT NULL REFERENCES workspace (id),
    id           {{blob}} NOT NULL,
    name         {{text}} NOT NULL,
    -- The name as it is compared: trimmed and in lower case.
    name_folded  {{text}} NOT NULL,
    version      {{int}}  NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, name_folded)
) {{strict}};

CREATE TABLE team_member (
    workspace_id {{blob}} NOT NULL,
    team_id      {{blob}} NOT NULL,
    teammate_id  {{blob}} NOT NULL,
    PRIMARY KEY (workspace_id, team_id, teammate_id),
    FOREIGN KEY (workspace_id, team_id) REFERENCES team (workspace_id, id),
    FOREIGN KEY (workspace_id, teammate_id) REFERENCES teammate (workspace_id, id)
) {{clustered}};

CREATE INDEX team_member_by_teammate ON team_member (workspace_id, teammate_id);

-- The teams that a teammate with the scope `all_except` does not see.
CREATE TABLE hidden_team (
    workspace_id {{blob}} NOT NULL,
    teammate_id  {{blob}} NOT NULL,
    team_id      {{blob}} NOT NULL,
    PRIMARY KEY (workspace_id, teammate_id, team_id),
    FOREIGN KEY (workspace_id, team_id) REFERENCES team (workspace_id, id),
    FOREIGN KEY (workspace_id, teammate_id) REFERENCES teammate (workspace_id, id)
) {{clustered}};

-- A customer's system, with the hash of its key.
CREATE TABLE channel (
    workspace_id {{blob}} NOT NULL REFERENCES workspace (id),
    id           {{blob}} NOT NULL,
    name         {{text}} NOT NULL,
    key_hash     {{blob}} NOT NULL UNIQUE,
    created_at   {{int}}  NOT NULL,
    revoked_at   {{int}},
    PRIMARY KEY (workspace_id, id)
) {{strict}};

CREATE TABLE contact (
    workspace_id {{blob}} NOT NULL REFERENCES workspace (id),
    id           {{blob}} NOT NULL,
    -- The system that `external_id` belongs to: a channel, or an import's source.
    source       {{text}} NOT NULL,
    external_id  {{text}},
    name         {{text}},
    email        {{text}},
    phone        {{text}},
    language     {{text}},
    created_at   {{int}}  NOT NULL,
    version      {{int}}  NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, source, external_id)
) {{strict}};

CREATE TABLE conversation (
    workspace_id       {{blob}} NOT NULL REFERENCES workspace (id),
    id                 {{blob}} NOT NULL,
    contact_id         {{blob}} NOT NULL,
    -- Where replies are delivered.
    channel_id         {{blob}},
    title              {{text}},
    state              {{text}} NOT NULL,
    snoozed_until      {{int}},
    priority           {{text}} NOT NULL,
    admin_assignee_id  {{blob}},
    team_assignee_id   {{blob}},
    waiting_since      {{int}},
    created_at         {{int}}  NOT NULL,
    last_part_at       {{int}}  NOT NULL,
    preview            {{text}} NOT NULL,
    preview_author     {{text}} NOT NULL,
    preview_is_note    {{bool}} NOT NULL,
    part_count         {{int}}  NOT NULL,
    contact_part_count {{int}}  NOT NULL,
    version            {{int}}  NOT NULL,
    -- Where an imported conversation came from, and its id there.
    source             {{text}},
    source_id          {{text}},
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, source, source_id),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, id),
    FOREIGN KEY (workspace_id, channel_id) REFERENCES channel (workspace_id, id),
    FOREIGN KEY (workspace_id, admin_assignee_id) REFERENCES teammate (workspace_id, id),
    FOREIGN KEY (workspace_id, team_assignee_id) REFERENCES team (workspace_id, id)
) {{strict}};

CREATE INDEX conversation_by_state ON conversation (workspace_id, state, last_part_at DESC, id DESC);
CREATE INDEX conversation_by_assignee
    ON conversation (workspace_id, admin_assignee_id, state, last_part_at DESC, id DESC);
CREATE INDEX conversation_by_team
    ON conversation (workspace_id, team_assignee_id, state, last_part_at DESC, id DESC);
CREATE INDEX conversation_by_contact
    ON conversation (workspace_id, contact_id, state, last_part_at DESC, id DESC);
CREATE INDEX conversation_due ON conversation (workspace_id, snoozed_until) WHERE state = 'snoozed';

CREATE TABLE conversation_tag (
    workspace_id    {{blob}} NOT NULL,
    conversation_id {{blob}} NOT NULL,
    tag             {{text}} NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, tag),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, id)
) {{clustered}};

CREATE TABLE part (
    workspace_id         {{blob}} NOT NULL,
    id                   {{blob}} NOT NULL,
    conversation_id      {{blob}} NOT NULL,
    seq                  {{int}}  NOT NULL,
    version              {{int}}  NOT NULL,
    -- The bytes of both bodies. It stands before them, so that adding sizes up does not read them.
    body_bytes           {{int}}  NOT NULL,
    part_type            {{text}} NOT NULL,
    author_type          {{text}} NOT NULL,
    author_id            {{blob}},
    author_name          {{text}},
    rich                 {{bool}} NOT NULL,
    assigned_to_admin_id {{blob}},
    assigned_to_team_id  {{blob}},
    snoozed_until        {{int}},
    priority             {{text}},
    tag                  {{text}},
    command_id           {{blob}},
    created_at           {{int}}  NOT NULL,
    body_text            {{text}} NOT NULL,
    body                 {{text}} NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, seq),
    UNIQUE (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, id)
) {{strict}};

CREATE INDEX part_by_version ON part (workspace_id, conversation_id, version);

CREATE TABLE read_mark (
    workspace_id       {{blob}} NOT NULL,
    teammate_id        {{blob}} NOT NULL,
    conversation_id    {{blob}} NOT NULL,
    contact_parts_read {{int}}  NOT NULL,
    version            {{int}}  NOT NULL,
    PRIMARY KEY (workspace_id, teammate_id, conversation_id),
    FOREIGN KEY (workspace_id, teammate_id) REFERENCES teammate (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, id)
) {{clustered}};

-- What became of a command; a repeat gets the same answer.
CREATE TABLE command (
    workspace_id {{blob}} NOT NULL,
    author_id    {{blob}} NOT NULL,
    id           {{blob}} NOT NULL,
    content_hash {{blob}} NOT NULL,
    -- Where it was applied.
    version      {{int}},
    part_id      {{blob}},
    -- Where it was refused.
    code         {{text}},
    message      {{text}},
    at           {{int}}  NOT NULL,
    PRIMARY KEY (workspace_id, author_id, id),
    FOREIGN KEY (workspace_id, author_id) REFERENCES teammate (workspace_id, id)
) {{strict}};

CREATE INDEX command_by_age ON command (workspace_id, at);

-- What became of a channel's write; a repeat gets the same answer.
CREATE TABLE channel_request (
    workspace_id    {{blob}} NOT NULL,
    channel_id      {{blob}} NOT NULL,
    idempotency_key {{text}} NOT NULL,
    content_hash    {{blob}} NOT NULL,
    conversation_id {{blob}} NOT NULL,
    contact_id      {{blob}} NOT NULL,
    part_id         {{blob}} NOT NULL,
    at              {{int}}  NOT NULL,
    PRIMARY KEY (workspace_id, channel_id, idempotency_key),
    FOREIGN KEY (workspace_id, channel_id) REFERENCES channel (workspace_id, id)
) {{strict}};

CREATE INDEX channel_request_by_age ON channel_request (workspace_id, at);

-- The replies that a channel has to deliver, by the change log's number.
CREATE TABLE channel_reply (
    workspace_id    {{blob}} NOT NULL,
    channel_id      {{blob}} NOT NULL,
    seq             {{int}}  NOT NULL,
    conversation_id {{blob}} NOT NULL,
    part_seq        {{int}}  NOT NULL,
    PRIMARY KEY (workspace_id, channel_id, seq),
    FOREIGN KEY (workspace_id, channel_id) REFERENCES channel (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id, part_seq) REFERENCES part (workspace_id, conversation_id, seq)
) {{clustered}};

-- What search finds: a message or note, or, without a part, a conversation's title and its contact's name. Numbers
-- grow with the time, so that the newest come first without sorting.
CREATE TABLE search_document (
    number          {{serial_key}},
    workspace_id    {{blob}} NOT NULL,
    conversation_id {{blob}} NOT NULL,
    part_seq        {{int}},
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, id)
) {{strict}};

CREATE INDEX search_document_of_conversation
    ON search_document (workspace_id, conversation_id) WHERE part_seq IS NULL;

{{sqlite}}
-- The tokens come folded and separated by spaces; this tokenizer splits them at nothing else.
CREATE VIRTUAL TABLE search_text USING fts5 (
    tokens, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);
{{end}}
{{postgres}}
CREATE TABLE search_text (
    rowid  {{int}} NOT NULL PRIMARY KEY,
    tokens tsvector NOT NULL
);
CREATE INDEX search_text_tokens ON search_text USING gin (tokens);
{{end}}

-- Who did what. Rows are written without a number; one chainer a workspace numbers and hashes them.
CREATE TABLE audit_event (
    workspace_id {{blob}} NOT NULL REFERENCES workspace (id),
    id           {{blob}} NOT NULL,
    at           {{int}}  NOT NULL,
    actor_type   {{text}} NOT NULL,
    actor_id     {{blob}},
    action       {{text}} NOT NULL,
    object_type  {{text}} NOT NULL,
    object_id    {{blob}},
    result       {{text}} NOT NULL,
    -- Salted SHA-256 of the detail, so that a detail can be erased without breaking the chain.
    detail_hash  {{blob}},
    number       {{int}},
    chain_hash   {{blob}},
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, number)
) {{strict}};

CREATE INDEX audit_event_unnumbered ON audit_event (workspace_id, at) WHERE number IS NULL;

CREATE TABLE audit_detail (
    workspace_id {{blob}} NOT NULL,
    event_id     {{blob}} NOT NULL,
    salt         {{blob}} NOT NULL,
    detail       {{text}} NOT NULL,
    PRIMARY KEY (workspace_id, event_id),
    FOREIGN KEY (workspace_id, event_id) REFERENCES audit_event (workspace_id, id)
) {{strict}};
