-- How many open and snoozed conversations there are with the same facts, moved with every change of
-- one, so that the sidebar need not count them. An empty id stands for none.
CREATE TABLE conversation_counts (
    state             TEXT    NOT NULL,
    admin_assignee_id BLOB    NOT NULL,
    team_assignee_id  BLOB    NOT NULL,
    is_unread         INTEGER NOT NULL,
    count             INTEGER NOT NULL,
    PRIMARY KEY (state, admin_assignee_id, team_assignee_id, is_unread)
) STRICT, WITHOUT ROWID;

INSERT INTO conversation_counts
SELECT state, COALESCE(admin_assignee_id, x''), COALESCE(team_assignee_id, x''), unread > 0, COUNT(*)
FROM conversations WHERE state <> 'closed' GROUP BY 1, 2, 3, 4;

CREATE TRIGGER conversations_counted_in AFTER INSERT ON conversations
WHEN NEW.state <> 'closed' BEGIN
    INSERT INTO conversation_counts VALUES (
        NEW.state, COALESCE(NEW.admin_assignee_id, x''), COALESCE(NEW.team_assignee_id, x''),
        NEW.unread > 0, 1
    ) ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER conversations_counted_out AFTER DELETE ON conversations
WHEN OLD.state <> 'closed' BEGIN
    UPDATE conversation_counts SET count = count - 1
    WHERE state = OLD.state AND admin_assignee_id = COALESCE(OLD.admin_assignee_id, x'')
        AND team_assignee_id = COALESCE(OLD.team_assignee_id, x'') AND is_unread = (OLD.unread > 0);
END;

CREATE TRIGGER conversations_counted_anew
AFTER UPDATE OF state, admin_assignee_id, team_assignee_id, unread ON conversations
WHEN (OLD.state, OLD.admin_assignee_id, OLD.team_assignee_id, OLD.unread > 0)
    IS NOT (NEW.state, NEW.admin_assignee_id, NEW.team_assignee_id, NEW.unread > 0) BEGIN
    UPDATE conversation_counts SET count = count - 1
    WHERE state = OLD.state AND admin_assignee_id = COALESCE(OLD.admin_assignee_id, x'')
        AND team_assignee_id = COALESCE(OLD.team_assignee_id, x'') AND is_unread = (OLD.unread > 0);
    INSERT INTO conversation_counts
    SELECT NEW.state, COALESCE(NEW.admin_assignee_id, x''), COALESCE(NEW.team_assignee_id, x''),
        NEW.unread > 0, 1
    WHERE NEW.state <> 'closed'
    ON CONFLICT DO UPDATE SET count = count + 1;
END;

DROP INDEX conversations_counted;
