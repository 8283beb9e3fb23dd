//! The SQL predicate is the policy's truth table.

use recado_protocol::access::AccessScope;
use recado_protocol::{ConversationAccess, ConversationId, ConversationState, Visibility};

use crate::access_change::{self, AccessChange};
use crate::core::Principal;
use crate::seed;
use crate::storage::audit::Actor;
use crate::storage::conversation;
use crate::sync;
use crate::testing::{World, assign, assign_team, on_every_engine};

on_every_engine!(sql_shows_exactly_what_the_policy_shows);

/// Every subset of a slice.
fn subsets<T: Copy>(all: &[T]) -> Vec<Vec<T>> {
    (0..1_usize << all.len())
        .map(|bits| {
            let chosen = all.iter().enumerate().filter(|(index, _)| bits >> index & 1 == 1);
            chosen.map(|(_, item)| *item).collect()
        })
        .collect()
}

async fn sql_shows_exactly_what_the_policy_shows(world: &World) {
    let third = seed::create_team(&world.core, world.workspace_id, "Third", &[], Actor::Console);
    let teams = [world.support, world.sales, third.await.expect("a team").id];
    let me = world.asif;
    let mut ids = Vec::new();
    for assignee in [None, Some(me), Some(world.sam)] {
        for team in [None, Some(teams[0]), Some(teams[1]), Some(teams[2])] {
            let id = world.open("Mia", "Hello?").await;
            world.does(world.ada, id, assign(assignee)).await;
            world.does(world.ada, id, assign_team(team)).await;
            ids.push(id);
        }
    }
    let workspace_id = world.workspace_id;
    let facts = world
        .core
        .db()
        .read(async move |tx| conversation::scopes(tx, workspace_id).await)
        .await
        .expect("the scopes");

    let mut scopes = vec![AccessScope::All, AccessScope::OwnTeams, AccessScope::Assigned];
    scopes.extend(subsets(&teams).into_iter().map(|team_ids| AccessScope::AllExcept { team_ids }));
    for scope in scopes {
        for unassigned in [false, true] {
            for team_ids in subsets(&teams) {
                let access = ConversationAccess { scope: scope.clone(), unassigned };
                let change = AccessChange {
                    conversation_access: Some(access.clone()),
                    team_ids: Some(team_ids.clone()),
                    ..AccessChange::default()
                };
                access_change::apply(&world.core, me, change, Actor::Console)
                    .await
                    .expect("a change");
                let view = Visibility::new(me.teammate_id, access, team_ids);
                let expected: Vec<ConversationId> = facts
                    .iter()
                    .filter(|(_, facts)| view.matches(facts))
                    .map(|(id, _)| *id)
                    .collect();
                assert_shown(world, me, &ids, &expected, &view).await;
            }
        }
    }
}

async fn assert_shown(
    world: &World,
    who: Principal,
    ids: &[ConversationId],
    expected: &[ConversationId],
    view: &Visibility,
) {
    let mut listed = world.list(who, ConversationState::Open, 500).await;
    listed.sort_unstable();
    assert_eq!(listed, expected, "listed under {view:?}");
    let fetched = sync::conversations(&world.core, who, ids).await.expect("conversations");
    let fetched: Vec<_> = fetched.conversations.iter().map(|delta| delta.head.id).collect();
    assert_eq!(fetched, expected, "fetched under {view:?}");
    let digest = sync::digest(&world.core, who).await.expect("a digest");
    assert_eq!(digest.count, expected.len() as u64, "counted under {view:?}");
    let found = sync::search(&world.core, who, "hello", 50).await.expect("a search");
    let mut found: Vec<_> = found.hits.iter().map(|hit| hit.conversation_id).collect();
    found.sort_unstable();
    assert_eq!(found, expected, "found under {view:?}");
}
