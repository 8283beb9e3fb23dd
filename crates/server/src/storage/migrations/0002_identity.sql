-- Accounts, sessions, and the counters in front of every secret. Secrets lie here as hashes or sealed, never as
-- themselves; what a person's device calls itself is for the list of sessions only.

CREATE TABLE account (
    teammate_id    {{blob}} NOT NULL PRIMARY KEY REFERENCES teammate (id),
    password_hash  {{text}} NOT NULL,
    totp_key_id    {{text}} NOT NULL,
    totp_sealed    {{blob}} NOT NULL,
    -- The newest step that was accepted; a code of it or of an older one is never accepted again.
    totp_last_step {{int}}
) {{strict}};

-- A device on which an account has signed in before: strangers' failures do not lock it out.
CREATE TABLE known_device (
    teammate_id  {{blob}} NOT NULL REFERENCES teammate (id),
    device_hash  {{blob}} NOT NULL,
    last_used_at {{int}}  NOT NULL,
    PRIMARY KEY (teammate_id, device_hash)
) {{clustered}};

-- A sign-in whose password was right and whose second factor is awaited.
CREATE TABLE sign_in_flow (
    flow_hash          {{blob}} NOT NULL PRIMARY KEY,
    teammate_id        {{blob}} NOT NULL REFERENCES teammate (id),
    device_hash        {{blob}} NOT NULL,
    device_name        {{text}} NOT NULL,
    device_system      {{text}} NOT NULL,
    device_app_version {{text}} NOT NULL,
    expires_at         {{int}}  NOT NULL
) {{strict}};

CREATE TABLE session (
    id                 {{blob}} NOT NULL PRIMARY KEY,
    teammate_id        {{blob}} NOT NULL REFERENCES teammate (id),
    device_hash        {{blob}} NOT NULL,
    device_name        {{text}} NOT NULL,
    device_system      {{text}} NOT NULL,
    device_app_version {{text}} NOT NULL,
    created_at         {{int}}  NOT NULL,
    last_used_at       {{int}}  NOT NULL,
    -- The family of refresh secrets.
    current_hash       {{blob}} NOT NULL,
    pending_hash       {{blob}},
    previous_hash      {{blob}},
    ended_at           {{int}},
    end_reason         {{text}}
) {{strict}};

CREATE INDEX session_running ON session (teammate_id) WHERE ended_at IS NULL;
CREATE INDEX session_ended ON session (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE access_token (
    token_hash {{blob}} NOT NULL PRIMARY KEY,
    session_id {{blob}} NOT NULL REFERENCES session (id),
    expires_at {{int}}  NOT NULL
) {{clustered}};

CREATE INDEX access_token_expiry ON access_token (expires_at);
CREATE INDEX access_token_session ON access_token (session_id);

-- One opening of the live stream.
CREATE TABLE live_ticket (
    ticket_hash {{blob}} NOT NULL PRIMARY KEY,
    session_id  {{blob}} NOT NULL REFERENCES session (id),
    expires_at  {{int}}  NOT NULL
) {{clustered}};

CREATE TABLE limiter_state (
    limiter_key          {{text}} NOT NULL PRIMARY KEY,
    consecutive_failures {{int}}  NOT NULL,
    locked_until_us      {{int}}  NOT NULL,
    budget_whole_at_us   {{int}}  NOT NULL
) {{clustered}};

CREATE INDEX limiter_state_whole ON limiter_state (budget_whole_at_us);
