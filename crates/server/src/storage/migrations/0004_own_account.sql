-- What the owner of an account sees of its sessions, and changes of what it signs in with.

-- Where a session was last refreshed from, as an address in text.
ALTER TABLE session ADD COLUMN address {{text}};
-- When the second factor was last shown in it; with its beginning where this is absent.
ALTER TABLE session ADD COLUMN factor_at {{int}};
-- When its machine said that its copy is erased.
ALTER TABLE session ADD COLUMN erased_at {{int}};

CREATE INDEX session_by_teammate ON session (teammate_id, last_used_at);

-- Absent while they are those that were handed over with the account.
ALTER TABLE account ADD COLUMN password_changed_at {{int}};
ALTER TABLE account ADD COLUMN totp_since {{int}};

-- The recovery codes that are left, each as its hash. A code that is used is deleted.
CREATE TABLE recovery_code (
    teammate_id {{blob}} NOT NULL REFERENCES teammate (id),
    code_hash   {{blob}} NOT NULL,
    PRIMARY KEY (teammate_id, code_hash)
) {{clustered}};

-- An authenticator that is being set up. It replaces the account's once a code of it was shown.
CREATE TABLE totp_setup (
    teammate_id {{blob}} NOT NULL PRIMARY KEY REFERENCES teammate (id),
    totp_key_id {{text}} NOT NULL,
    totp_sealed {{blob}} NOT NULL,
    expires_at  {{int}}  NOT NULL
) {{strict}};
