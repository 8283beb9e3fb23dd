//! The sidebar's counts and the directory.

use std::collections::BTreeMap;

use recado_protocol::host::{Directory, Sidebar, View, ViewCount};
use recado_protocol::workspace::Team;
use recado_protocol::{
    AccessScope, ConversationState, Planted, TeamId, TeammateId, TeammateState, is_planted,
};

use super::snapshot::Snapshot;
use crate::cache::directory;
use crate::outbox::queue;
use crate::sql::{open_named, opt_id};

/// What decides in which views a conversation is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Facts {
    state: ConversationState,
    admin: Option<TeammateId>,
    team: Option<TeamId>,
    unread: bool,
}

/// How many tags the directory names.
const MAX_TAGS: u32 = 500;

/// How many open and snoozed conversations there are with the same facts.
const COUNTS: &str = "SELECT state, NULLIF(admin, x''), NULLIF(team, x''), unread, count FROM counts \
     WHERE state IN ('open', 'snoozed') AND count > 0";

impl Snapshot<'_> {
    /// The views with their counts.
    pub(crate) fn sidebar(&self, drafts: u32) -> rusqlite::Result<Sidebar> {
        let counted = self.counted()?;
        let count = |view: View, team_name: Option<String>| {
            let held = |facts: &Facts| {
                let open = facts.state == ConversationState::Open;
                match view {
                    View::Mine => open && facts.admin.is_some() && facts.admin == self.me(),
                    View::Unassigned => open && facts.admin.is_none(),
                    View::All => open,
                    View::Team { team_id } => open && facts.team == Some(team_id),
                    View::Snoozed => facts.state == ConversationState::Snoozed,
                    View::Closed => false,
                }
            };
            let mut sums = (0_i64, 0_i64);
            for (facts, count) in counted.iter().filter(|(facts, _)| held(facts)) {
                sums.0 += count;
                sums.1 += if facts.unread { *count } else { 0 };
            }
            let counts = u32::try_from(sums.0).unwrap_or(0);
            let unread = u32::try_from(sums.1).unwrap_or(0);
            ViewCount { view, team_name, count: (view != View::Closed).then_some(counts), unread }
        };
        let mut views =
            vec![count(View::Mine, None), count(View::Unassigned, None), count(View::All, None)];
        let teams = self.visible_teams()?;
        views.extend(
            teams.into_iter().map(|team| count(View::Team { team_id: team.id }, Some(team.name))),
        );
        views.push(count(View::Snoozed, None));
        views.push(count(View::Closed, None));
        let (queued, refused) = queue::counts(&self.entries);
        Ok(Sidebar { views, queued, refused, drafts })
    }

    /// Conversations by facts: the cache's, those that commands have changed moved.
    fn counted(&self) -> rusqlite::Result<BTreeMap<Facts, i64>> {
        let mut counted = BTreeMap::new();
        let mut statement = self.cache.prepare_cached(COUNTS)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let facts = Facts {
                state: open_named(
                    row,
                    0,
                    ConversationState::from_name,
                    ConversationState::Unknown,
                )?,
                admin: opt_id(row, 1)?,
                team: opt_id(row, 2)?,
                unread: row.get(3)?,
            };
            *counted.entry(facts).or_default() += row.get::<_, i64>(4)?;
        }
        for covered in self.covered.values() {
            let cached = &covered.cached;
            let before = Facts {
                state: cached.head.state,
                admin: cached.head.admin_assignee_id,
                team: cached.head.team_assignee_id,
                unread: cached.unread > 0,
            };
            *counted.entry(before).or_default() -=
                if is_planted(Planted::CountsMissMove) { 0 } else { 1 };
            if self.is_visible(&covered.laid) {
                let head = &covered.laid.head;
                let after = Facts {
                    state: head.state,
                    admin: head.admin_assignee_id,
                    team: head.team_assignee_id,
                    unread: covered.laid.unread() > 0,
                };
                *counted.entry(after).or_default() += 1;
            }
        }
        Ok(counted)
    }

    fn teams_by_name(&self) -> rusqlite::Result<Vec<Team>> {
        let mut teams = directory::teams(self.cache)?;
        teams.sort_by_key(|team| (team.name.to_lowercase(), team.id));
        Ok(teams)
    }

    /// The teams of which the agent can see more than what is assigned to the agent alone.
    fn visible_teams(&self) -> rusqlite::Result<Vec<Team>> {
        let mut teams = self.teams_by_name()?;
        if let Some(visibility) = &self.visibility {
            teams.retain(|team| {
                let own = visibility.team_ids.contains(&team.id);
                match &visibility.access.scope {
                    AccessScope::All => true,
                    AccessScope::AllExcept { team_ids } => own || !team_ids.contains(&team.id),
                    AccessScope::OwnTeams | AccessScope::Assigned | AccessScope::Unknown => own,
                }
            });
        }
        Ok(teams)
    }

    /// Teammates, teams and tags to choose from.
    pub(crate) fn directory(&self) -> rusqlite::Result<Directory> {
        let mut teammates = directory::teammates(self.cache)?;
        teammates.retain(|teammate| teammate.state == TeammateState::Active);
        teammates.sort_by_key(|teammate| (teammate.name.to_lowercase(), teammate.id));
        let tags = self
            .cache
            .prepare_cached(
                "SELECT tag.value FROM conversations INDEXED BY conversations_tagged, \
                 json_each(conversations.tags) AS tag WHERE tags <> '[]' \
                 GROUP BY tag.value ORDER BY COUNT(*) DESC, tag.value LIMIT ?1",
            )?
            .query_map([MAX_TAGS], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Directory { teammates, teams: self.teams_by_name()?, tags })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusqlite::Connection;

    use super::COUNTS;
    use crate::database::open_in_memory;
    use crate::error::Which;

    type Count = (String, Option<Vec<u8>>, Option<Vec<u8>>, bool, i64);

    fn read(connection: &Connection, sql: &str) -> Vec<Count> {
        let mut counts: Vec<Count> = connection
            .prepare(sql)
            .and_then(|mut statement| {
                let row = |row: &rusqlite::Row<'_>| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
                };
                statement.query_map([], row)?.collect()
            })
            .expect("the counts can be read");
        counts.sort();
        counts
    }

    fn counted(connection: &Connection) -> Vec<Count> {
        read(
            connection,
            "SELECT state, admin_assignee_id, team_assignee_id, unread > 0, COUNT(*) \
             FROM conversations WHERE state <> 'closed' GROUP BY 1, 2, 3, 4",
        )
    }

    /// What can happen to a row: it comes or is replaced, its unread number changes, it goes.
    #[derive(Debug, Clone)]
    enum Step {
        Put { key: i64, state: &'static str, admin: Option<u8>, team: Option<u8>, unread: u32 },
        Read { key: i64, unread: u32 },
        Remove { key: i64 },
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let keys = 1_i64..6;
        let states = prop::sample::select(vec!["open", "snoozed", "closed"]);
        let ids = || proptest::option::of(0_u8..2);
        let put = (keys.clone(), states, ids(), ids(), 0_u32..3).prop_map(
            |(key, state, admin, team, unread)| Step::Put { key, state, admin, team, unread },
        );
        let read = (keys.clone(), 0_u32..3).prop_map(|(key, unread)| Step::Read { key, unread });
        let remove = keys.prop_map(|key| Step::Remove { key });
        proptest::collection::vec(prop_oneof![4 => put, 1 => read, 1 => remove], 0..40)
    }

    fn take(connection: &Connection, step: &Step) -> rusqlite::Result<usize> {
        match step {
            Step::Put { key, state, admin, team, unread } => connection.execute(
                "INSERT INTO conversations VALUES (?1, CAST(?1 AS BLOB), x'', NULL, NULL, ?2, NULL, 'priority', \
                 ?3, ?4, '[]', NULL, 0, 0, '', 'contact', 0, NULL, 0, 0, 0, ?5, 1, 0, 0, NULL) \
                 ON CONFLICT (conversation_key) DO UPDATE SET state = excluded.state, \
                 admin_assignee_id = excluded.admin_assignee_id, \
                 team_assignee_id = excluded.team_assignee_id, unread = excluded.unread",
                rusqlite::params![key, state, admin.map(|id| [id; 16]), team.map(|id| [id; 16]), unread],
            ),
            Step::Read { key, unread } => connection.execute(
                "UPDATE conversations SET unread = ?2 WHERE conversation_key = ?1",
                rusqlite::params![key, unread],
            ),
            Step::Remove { key } => connection
                .execute("DELETE FROM conversations WHERE conversation_key = ?1", [key]),
        }
    }

    proptest! {
        #[test]
        fn the_kept_counts_are_always_those_of_counting(steps in steps()) {
            let connection = open_in_memory(Which::Cache).expect("a cache in memory");
            for step in &steps {
                take(&connection, step).expect("the step is taken");
                prop_assert_eq!(read(&connection, COUNTS), counted(&connection), "{:?}", step);
            }
        }
    }
}
