-- For a browser that is to show, for a session that runs, that its person is there: which session.
ALTER TABLE sso_flow ADD COLUMN session_id {{blob}};
ALTER TABLE sso_code ADD COLUMN session_id {{blob}};
-- When the provider says that the person has shown who they are.
ALTER TABLE sso_code ADD COLUMN authenticated_at {{int}};
