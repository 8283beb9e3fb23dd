-- How many conversations there are with the same facts, moved with every change of one, so that the
-- sidebar need not count them. An empty id stands for none. (The schema's text is read at each start;
-- hence the short lines.)
CREATE TABLE counts (
state TEXT NOT NULL, admin BLOB NOT NULL, team BLOB NOT NULL, unread INTEGER NOT NULL,
count INTEGER NOT NULL, PRIMARY KEY (state, admin, team, unread)
) STRICT, WITHOUT ROWID;

INSERT INTO counts
SELECT state, IFNULL(admin_assignee_id, x''), IFNULL(team_assignee_id, x''), unread > 0, COUNT(*)
FROM conversations GROUP BY 1, 2, 3, 4;

CREATE TRIGGER counts_in AFTER INSERT ON conversations BEGIN
INSERT INTO counts VALUES (NEW.state, IFNULL(NEW.admin_assignee_id, x''),
IFNULL(NEW.team_assignee_id, x''), NEW.unread > 0, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER counts_out AFTER DELETE ON conversations BEGIN
INSERT INTO counts VALUES (OLD.state, IFNULL(OLD.admin_assignee_id, x''),
IFNULL(OLD.team_assignee_id, x''), OLD.unread > 0, -1) ON CONFLICT DO UPDATE SET count = count - 1;
END;

CREATE TRIGGER counts_move
AFTER UPDATE OF state, admin_assignee_id, team_assignee_id, unread ON conversations
WHEN (OLD.state, OLD.admin_assignee_id, OLD.team_assignee_id, OLD.unread > 0)
IS NOT (NEW.state, NEW.admin_assignee_id, NEW.team_assignee_id, NEW.unread > 0) BEGIN
INSERT INTO counts VALUES (OLD.state, IFNULL(OLD.admin_assignee_id, x''),
IFNULL(OLD.team_assignee_id, x''), OLD.unread > 0, -1),
(NEW.state, IFNULL(NEW.admin_assignee_id, x''),
IFNULL(NEW.team_assignee_id, x''), NEW.unread > 0, 1)
ON CONFLICT DO UPDATE SET count = count + excluded.count;
END;

DROP INDEX conversations_counted;
