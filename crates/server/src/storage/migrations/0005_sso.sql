-- Single sign-on by OpenID Connect. What a provider gave us to keep lies sealed, what we gave out to be brought back lies
-- as its hash.

CREATE TABLE sso_provider (
    id                     {{blob}} NOT NULL PRIMARY KEY,
    workspace_id           {{blob}} NOT NULL REFERENCES workspace (id),
    name                   {{text}} NOT NULL,
    name_folded            {{text}} NOT NULL,
    -- Compared byte by byte, as it stands in the provider's own tokens.
    issuer                 {{text}} NOT NULL,
    client_id              {{text}} NOT NULL,
    secret_key_id          {{text}} NOT NULL,
    secret_sealed          {{blob}} NOT NULL,
    -- Certificates in PEM that are trusted for this provider beside the system's.
    ca_pem                 {{text}},
    groups_claim           {{text}},
    makes_accounts         {{bool}} NOT NULL,
    link_by_verified_email {{bool}} NOT NULL,
    created_at             {{int}}  NOT NULL,
    UNIQUE (workspace_id, name_folded)
) {{strict}};

CREATE TABLE sso_domain (
    provider_id {{blob}} NOT NULL REFERENCES sso_provider (id),
    domain      {{text}} NOT NULL,
    PRIMARY KEY (provider_id, domain)
) {{clustered}};

-- What membership of one of the provider's groups stands for here: a role, a team, or both.
CREATE TABLE sso_group (
    provider_id  {{blob}} NOT NULL REFERENCES sso_provider (id),
    group_name   {{text}} NOT NULL,
    role         {{text}},
    workspace_id {{blob}} NOT NULL,
    team_id      {{blob}},
    PRIMARY KEY (provider_id, group_name),
    FOREIGN KEY (workspace_id, team_id) REFERENCES team (workspace_id, id)
) {{clustered}};

CREATE TABLE sso_setting (
    workspace_id {{blob}} NOT NULL PRIMARY KEY REFERENCES workspace (id),
    -- Single sign-on is the only way in, and this is whose password counts all the same.
    owner_id     {{blob}} NOT NULL REFERENCES teammate (id)
) {{strict}};

-- Whom a provider calls by this subject. The pair is the account's key; an address never is.
CREATE TABLE sso_identity (
    provider_id {{blob}} NOT NULL REFERENCES sso_provider (id),
    subject     {{text}} NOT NULL,
    teammate_id {{blob}} NOT NULL REFERENCES teammate (id),
    created_at  {{int}}  NOT NULL,
    PRIMARY KEY (provider_id, subject)
) {{clustered}};

CREATE INDEX sso_identity_teammate ON sso_identity (teammate_id);

-- A sign-in whose browser is with the provider.
CREATE TABLE sso_flow (
    state_hash         {{blob}} NOT NULL PRIMARY KEY,
    flow_hash          {{blob}} NOT NULL,
    provider_id        {{blob}} NOT NULL REFERENCES sso_provider (id),
    nonce_hash         {{blob}} NOT NULL,
    verifier_key_id    {{text}} NOT NULL,
    verifier_sealed    {{blob}} NOT NULL,
    -- SHA-256 of the app's own verifier.
    challenge          {{blob}} NOT NULL,
    redirect_uri       {{text}} NOT NULL,
    app_state          {{text}} NOT NULL,
    device_hash        {{blob}} NOT NULL,
    device_name        {{text}} NOT NULL,
    device_system      {{text}} NOT NULL,
    device_app_version {{text}} NOT NULL,
    expires_at         {{int}}  NOT NULL
) {{strict}};

CREATE INDEX sso_flow_expiry ON sso_flow (expires_at);
CREATE INDEX sso_flow_provider ON sso_flow (provider_id);

-- A sign-in that the provider has vouched for and whose app has not come for it yet.
CREATE TABLE sso_code (
    code_hash          {{blob}} NOT NULL PRIMARY KEY,
    flow_hash          {{blob}} NOT NULL,
    provider_id        {{blob}} NOT NULL REFERENCES sso_provider (id),
    teammate_id        {{blob}} NOT NULL REFERENCES teammate (id),
    subject            {{text}} NOT NULL,
    provider_session   {{text}},
    refresh_key_id     {{text}},
    refresh_sealed     {{blob}},
    challenge          {{blob}} NOT NULL,
    device_hash        {{blob}} NOT NULL,
    device_name        {{text}} NOT NULL,
    device_system      {{text}} NOT NULL,
    device_app_version {{text}} NOT NULL,
    expires_at         {{int}}  NOT NULL
) {{strict}};

CREATE INDEX sso_code_expiry ON sso_code (expires_at);
CREATE INDEX sso_code_teammate ON sso_code (teammate_id);

-- What a running session owes to its provider. Gone as soon as the session ends.
CREATE TABLE sso_session (
    session_id       {{blob}} NOT NULL PRIMARY KEY REFERENCES session (id),
    provider_id      {{blob}} NOT NULL REFERENCES sso_provider (id),
    subject          {{text}} NOT NULL,
    provider_session {{text}},
    refresh_key_id   {{text}},
    refresh_sealed   {{blob}},
    -- When the provider was last asked whether the session shall go on.
    checked_at       {{int}}  NOT NULL
) {{clustered}};

CREATE INDEX sso_session_subject ON sso_session (provider_id, subject);
CREATE INDEX sso_session_checked ON sso_session (checked_at) WHERE refresh_sealed IS NOT NULL;

-- Logout tokens that were obeyed, so that none is obeyed twice.
CREATE TABLE sso_logout (
    token_hash {{blob}} NOT NULL PRIMARY KEY,
    expires_at {{int}}  NOT NULL
) {{clustered}};
