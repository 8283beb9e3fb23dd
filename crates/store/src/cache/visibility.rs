//! [`Visibility`] as one SQL predicate.

use recado_protocol::{AccessScope, TeamId, Visibility};
use rusqlite::{Connection, params};

use crate::sql::blob;

/// What [`Visibility::matches`] says about a row with `admin_assignee_id` and `team_assignee_id`.
/// Bound: ?1 the teammate, ?2 the scope's name, ?3 the teammate's teams, ?4 the excepted teams,
/// both as JSON lists of hexadecimal ids, ?5 whether unassigned ones are visible.
macro_rules! visible {
    () => {
        "(?2 = 'all' \
          OR admin_assignee_id IS ?1 \
          OR (?2 = 'all_except' AND (team_assignee_id IS NULL \
              OR hex(team_assignee_id) NOT IN (SELECT value FROM json_each(?4)))) \
          OR (?2 = 'own_teams' AND team_assignee_id IS NOT NULL \
              AND hex(team_assignee_id) IN (SELECT value FROM json_each(?3))) \
          OR (?5 AND admin_assignee_id IS NULL AND (team_assignee_id IS NULL \
              OR hex(team_assignee_id) IN (SELECT value FROM json_each(?3)))))"
    };
}

const HIDDEN: &str = concat!("SELECT conversation_key FROM conversations WHERE NOT ", visible!());

const fn scope_name(scope: &AccessScope) -> &'static str {
    match scope {
        AccessScope::All => "all",
        AccessScope::AllExcept { .. } => "all_except",
        AccessScope::OwnTeams => "own_teams",
        AccessScope::Assigned | AccessScope::Unknown => "assigned",
    }
}

fn hex_list(teams: &[TeamId]) -> String {
    let quoted: Vec<_> =
        teams.iter().map(|team| format!("\"{:X}\"", team.uuid().simple())).collect();
    format!("[{}]", quoted.join(","))
}

/// The keys of the conversations that `visibility` hides.
pub(crate) fn hidden(
    connection: &Connection,
    visibility: &Visibility,
) -> rusqlite::Result<Vec<i64>> {
    let excepted = match &visibility.access.scope {
        AccessScope::AllExcept { team_ids } => hex_list(team_ids),
        _ => "[]".to_owned(),
    };
    connection
        .prepare_cached(HIDDEN)?
        .query_map(
            params![
                blob(visibility.teammate_id),
                scope_name(&visibility.access.scope),
                hex_list(&visibility.team_ids),
                excepted,
                visibility.access.unassigned,
            ],
            |row| row.get(0),
        )?
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use recado_protocol::{ConversationAccess, ScopeFacts, TeammateId};
    use uuid::Uuid;

    use super::*;
    use crate::sql::opt_blob;

    fn facts() -> impl Strategy<Value = ScopeFacts> {
        (proptest::option::of(1_u128..4), proptest::option::of(1_u128..5)).prop_map(
            |(who, team)| ScopeFacts {
                admin_assignee_id: who.map(|n| TeammateId::from_uuid(Uuid::from_u128(n))),
                team_assignee_id: team.map(|n| TeamId::from_uuid(Uuid::from_u128(n << 96))),
            },
        )
    }

    fn teams() -> impl Strategy<Value = Vec<TeamId>> {
        proptest::collection::vec(1_u128..5, 0..3).prop_map(|teams| {
            teams.into_iter().map(|n| TeamId::from_uuid(Uuid::from_u128(n << 96))).collect()
        })
    }

    fn visibilities() -> impl Strategy<Value = Visibility> {
        let scope = prop_oneof![
            Just(AccessScope::All),
            teams().prop_map(|team_ids| AccessScope::AllExcept { team_ids }),
            Just(AccessScope::OwnTeams),
            Just(AccessScope::Assigned),
        ];
        (scope, any::<bool>(), teams()).prop_map(|(scope, unassigned, team_ids)| {
            let me = TeammateId::from_uuid(Uuid::from_u128(1));
            Visibility::new(me, ConversationAccess { scope, unassigned }, team_ids)
        })
    }

    proptest! {
        #[test]
        fn the_predicate_is_the_rule(
            visibility in visibilities(),
            facts in proptest::collection::vec(facts(), 1..30),
        ) {
            let connection = Connection::open_in_memory().expect("a database in memory");
            connection
                .execute_batch(
                    "CREATE TABLE conversations \
                     (conversation_key INTEGER PRIMARY KEY, admin_assignee_id, team_assignee_id)",
                )
                .expect("a table");
            for (key, facts) in (0_i64..).zip(&facts) {
                connection
                    .execute(
                        "INSERT INTO conversations VALUES (?1, ?2, ?3)",
                        params![key, opt_blob(facts.admin_assignee_id), opt_blob(facts.team_assignee_id)],
                    )
                    .expect("a row");
            }
            let hidden = hidden(&connection, &visibility).expect("the predicate runs");
            for (key, facts) in (0_i64..).zip(&facts) {
                let is_hidden = hidden.contains(&key);
                prop_assert_eq!(is_hidden, !visibility.matches(facts), "{:?}", facts);
            }
        }
    }
}
