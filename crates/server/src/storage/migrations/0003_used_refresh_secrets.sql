-- Refresh secrets that a running session has used before its current one. Whoever shows one of them had a copy, which ends
-- the session; a secret that was never the session's is only refused.
CREATE TABLE used_refresh_secret (
    session_id  {{blob}} NOT NULL REFERENCES session (id),
    secret_hash {{blob}} NOT NULL,
    PRIMARY KEY (session_id, secret_hash)
) {{clustered}};
