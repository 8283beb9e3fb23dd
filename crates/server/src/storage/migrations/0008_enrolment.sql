-- Personal links, by which one person sets what they sign in with. A link's secret lies here as its hash; what was
-- chosen before the link is complete counts for nothing and lies here only as long as the link is open.

CREATE TABLE enrolment (
    id                  {{blob}} NOT NULL PRIMARY KEY,
    workspace_id        {{blob}} NOT NULL REFERENCES workspace (id),
    kind                {{text}} NOT NULL,
    secret_hash         {{blob}} NOT NULL UNIQUE,
    -- Whose account a reset is for; who an invitation has become.
    teammate_id         {{blob}} REFERENCES teammate (id),
    email               {{text}} NOT NULL,
    -- The address as it is compared: trimmed and in lower case.
    email_folded        {{text}} NOT NULL,
    name                {{text}} NOT NULL,
    role                {{text}} NOT NULL,
    -- Which conversations an invited person will see, as JSON.
    conversation_access {{text}} NOT NULL,
    -- Who made it; the server's console where it is absent.
    made_by             {{blob}} REFERENCES teammate (id),
    created_at          {{int}}  NOT NULL,
    expires_at          {{int}}  NOT NULL,
    ended_at            {{int}},
    end_reason          {{text}},
    -- What was chosen so far, and on which machine. Another machine begins anew.
    device_hash         {{blob}},
    password_hash       {{text}},
    totp_key_id         {{text}},
    totp_sealed         {{blob}},
    -- The session that completed it, so that a request whose answer was lost can be repeated.
    session_id          {{blob}}
) {{strict}};

-- One address has one open link at most.
CREATE UNIQUE INDEX enrolment_open ON enrolment (workspace_id, email_folded) WHERE ended_at IS NULL;
CREATE INDEX enrolment_created ON enrolment (workspace_id, created_at);

CREATE TABLE enrolment_team (
    enrolment_id {{blob}} NOT NULL REFERENCES enrolment (id),
    workspace_id {{blob}} NOT NULL,
    team_id      {{blob}} NOT NULL,
    PRIMARY KEY (enrolment_id, team_id),
    FOREIGN KEY (workspace_id, team_id) REFERENCES team (workspace_id, id)
) {{clustered}};

-- Whom the workspace asks for an authenticator that they have set up themselves.
CREATE TABLE own_factor_rule (
    workspace_id {{blob}} NOT NULL REFERENCES workspace (id),
    role         {{text}} NOT NULL,
    grace_days   {{int}}  NOT NULL,
    set_at       {{int}}  NOT NULL,
    PRIMARY KEY (workspace_id, role)
) {{clustered}};
