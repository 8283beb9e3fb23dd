//! Conversations that enter and leave somebody's view, and access that changes.

use recado_protocol::sync::{Change, ConversationDelta, SyncPage};
use recado_protocol::{Action, ConversationAccess, ConversationId, ErrorCode, Role, TeammateState};

use crate::access_change::{self, AccessChange};
use crate::core::Principal;
use crate::storage::audit::Actor;
use crate::sync;
use crate::testing::{World, assign, assign_team, code, note, on_every_engine, reply};

on_every_engine!(
    a_conversation_that_enters_comes_whole_with_contact_and_mark,
    a_conversation_that_grows_brings_only_what_is_new,
    a_conversation_that_leaves_is_evicted_with_its_contact,
    a_contact_stays_while_one_of_its_conversations_does,
    a_conversation_that_passes_by_is_never_mentioned,
    one_that_left_and_came_back_in_one_page_is_not_evicted,
    an_assigned_agent_gets_what_is_handed_over_and_loses_what_is_taken,
    a_light_agent_follows_the_teams_conversations_only,
    a_change_of_teams_raises_the_epoch_and_tells_the_teammate_alone,
    a_change_of_role_is_public_and_a_change_of_access_is_not,
    a_change_of_nothing_raises_no_epoch,
    a_suspended_teammate_is_told_nothing,
    the_last_admin_stays_admin,
    every_change_of_access_is_audited,
);

fn deltas(page: &SyncPage) -> Vec<&ConversationDelta> {
    page.changes
        .iter()
        .filter_map(|change| match change {
            Change::Conversation { conversation } => Some(conversation),
            _ => None,
        })
        .collect()
}

fn evicted(page: &SyncPage) -> Vec<ConversationId> {
    page.changes
        .iter()
        .filter_map(|change| match change {
            Change::ConversationEvicted { conversation_id, .. } => Some(*conversation_id),
            _ => None,
        })
        .collect()
}

fn contacts_evicted(page: &SyncPage) -> usize {
    page.changes.iter().filter(|change| matches!(change, Change::ContactEvicted { .. })).count()
}

async fn cursor(world: &World) -> u64 {
    world.bootstrap(world.ada).await.cursor
}

async fn change(world: &World, who: Principal, change: AccessChange) -> u64 {
    let access = access_change::apply(&world.core, who, change, Actor::Console).await;
    access.expect("a change of access").epoch
}

async fn a_conversation_that_enters_comes_whole_with_contact_and_mark(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    world.does(world.sam, id, reply("Hi")).await;
    world.does(world.ada, id, assign_team(Some(world.sales))).await;
    let before = cursor(world).await;
    world.does(world.ada, id, note("For support after all.")).await;
    world.does(world.ada, id, assign_team(Some(world.support))).await;
    let page = world.page(world.sam, before).await;
    let [delta] = deltas(&page)[..] else { panic!("one conversation, not {page:?}") };
    assert_eq!(delta.complete_from_seq, 1);
    assert_eq!(delta.parts.len(), 5);
    let contact = page.changes.iter().find_map(|change| match change {
        Change::Contact { contact } => contact.name.clone(),
        _ => None,
    });
    assert_eq!(contact.as_deref(), Some("Mia"));
    let read = page.changes.iter().find_map(|change| match change {
        Change::ReadMark { read_mark } => Some(read_mark.contact_parts_read),
        _ => None,
    });
    assert_eq!(read, Some(1), "the own mark from before comes along");
}

async fn a_conversation_that_grows_brings_only_what_is_new(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let before = cursor(world).await;
    world.customer_says(id, "Anybody?").await;
    world.does(world.ada, id, note("Yes.")).await;
    let page = world.page(world.sam, before).await;
    let [delta] = deltas(&page)[..] else { panic!("one conversation, not {page:?}") };
    assert_eq!(delta.complete_from_seq, 2);
    assert_eq!(delta.parts.iter().map(|part| part.seq).collect::<Vec<_>>(), [2, 3]);
    // Its contact comes along, in case the cache is still being filled; there is no mark.
    assert_eq!(page.changes.len(), 2);
    assert!(matches!(page.changes[0], Change::Contact { .. }));
}

async fn a_conversation_that_leaves_is_evicted_with_its_contact(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let before = cursor(world).await;
    let version = world.does(world.ada, id, assign_team(Some(world.sales))).await;
    let page = world.page(world.sam, before).await;
    assert_eq!(
        page.changes.first(),
        Some(&Change::ConversationEvicted { conversation_id: id, version })
    );
    assert!(matches!(page.changes.get(1), Some(Change::ContactEvicted { .. })));
    assert_eq!(page.changes.len(), 2);
    let page = world.page(world.sofia, before).await;
    assert_eq!(deltas(&page).len(), 1, "the new team keeps seeing it");
    let page = world.page(world.ada, before).await;
    assert_eq!(contacts_evicted(&page), 0);
}

async fn a_contact_stays_while_one_of_its_conversations_does(world: &World) {
    let first = world.open("Mia", "Hello?").await;
    let second = world.open("Mia", "Again").await;
    let before = cursor(world).await;
    world.does(world.ada, first, assign_team(Some(world.sales))).await;
    let page = world.page(world.sam, before).await;
    assert_eq!((evicted(&page), contacts_evicted(&page)), (vec![first], 0));
    let before = cursor(world).await;
    world.does(world.ada, second, assign_team(Some(world.sales))).await;
    let page = world.page(world.sam, before).await;
    assert_eq!((evicted(&page), contacts_evicted(&page)), (vec![second], 1));
}

async fn a_conversation_that_passes_by_is_never_mentioned(world: &World) {
    let id = world.open("Mia", "secret").await;
    world.does(world.ada, id, assign_team(Some(world.sales))).await;
    let before = cursor(world).await;
    world.does(world.ada, id, note("secret")).await;
    world.does(world.sofia, id, reply("secret")).await;
    let page = world.page(world.sam, before).await;
    assert!(page.changes.is_empty(), "{page:?}");
    assert_eq!(page.cursor, cursor(world).await, "the cursor moves all the same");
}

async fn one_that_left_and_came_back_in_one_page_is_not_evicted(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let before = cursor(world).await;
    world.does(world.ada, id, assign_team(Some(world.sales))).await;
    world.does(world.ada, id, assign_team(Some(world.support))).await;
    let page = world.page(world.sam, before).await;
    assert!(evicted(&page).is_empty());
    assert_eq!(deltas(&page)[0].complete_from_seq, 1, "it may have been evicted in between");
}

async fn an_assigned_agent_gets_what_is_handed_over_and_loses_what_is_taken(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let before = cursor(world).await;
    world.does(world.ada, id, assign(Some(world.asif))).await;
    let page = world.page(world.asif, before).await;
    assert_eq!(deltas(&page)[0].parts.len(), 2);
    let before = cursor(world).await;
    world.does(world.asif, id, assign(Some(world.sam))).await;
    assert_eq!(evicted(&world.page(world.asif, before).await), [id]);
    let outcome = world.run(world.asif, id, Action::ConversationClose).await;
    assert!(matches!(outcome, recado_protocol::CommandOutcome::Refused { .. }));
}

async fn a_light_agent_follows_the_teams_conversations_only(world: &World) {
    let before = cursor(world).await;
    let id = world.open("Mia", "Hello?").await;
    assert!(deltas(&world.page(world.lena, before).await).is_empty());
    world.does(world.ada, id, assign_team(Some(world.support))).await;
    assert_eq!(deltas(&world.page(world.lena, before).await).len(), 1);
    let before = cursor(world).await;
    world.does(world.ada, id, assign(Some(world.sofia))).await;
    assert_eq!(deltas(&world.page(world.lena, before).await).len(), 1, "still the team's");
}

async fn a_change_of_teams_raises_the_epoch_and_tells_the_teammate_alone(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    world.does(world.ada, id, assign_team(Some(world.sales))).await;
    let before = cursor(world).await;
    let old_epoch = world.bootstrap(world.sam).await.access.epoch;
    let teams = AccessChange { team_ids: Some(vec![world.sales]), ..AccessChange::default() };
    let epoch = change(world, world.sam, teams).await;
    assert!(epoch > old_epoch);

    let page = world.page(world.sam, before).await;
    assert_eq!(page.epoch, epoch);
    let Some(Change::Access { access }) = page.changes.first() else { panic!("{page:?}") };
    assert_eq!((access.epoch, access.team_ids.as_slice()), (epoch, &[world.sales][..]));
    let teams = |page: &SyncPage| {
        page.changes.iter().filter(|change| matches!(change, Change::Team { .. })).count()
    };
    assert_eq!(teams(&page), 2, "the team that was left and the one that was joined");
    let others = world.page(world.sofia, before).await;
    assert_eq!((teams(&others), others.changes.len()), (2, 2), "nobody else hears of the access");
    assert!(world.read(world.sam, id).await.is_some());
}

async fn a_change_of_role_is_public_and_a_change_of_access_is_not(world: &World) {
    let before = cursor(world).await;
    let role = AccessChange { role: Some(Role::LightAgent), ..AccessChange::default() };
    change(world, world.sam, role).await;
    let page = world.page(world.sofia, before).await;
    let [Change::Teammate { teammate }] = &page.changes[..] else { panic!("{page:?}") };
    assert_eq!((teammate.role, teammate.version), (Role::LightAgent, before + 1));
    let before = cursor(world).await;
    let access = ConversationAccess::assigned();
    let access = AccessChange { conversation_access: Some(access), ..AccessChange::default() };
    change(world, world.sam, access).await;
    assert!(world.page(world.sofia, before).await.changes.is_empty());
    assert_eq!(world.page(world.sam, before).await.changes.len(), 1);
}

async fn a_change_of_nothing_raises_no_epoch(world: &World) {
    let before = (cursor(world).await, world.bootstrap(world.sam).await.access.epoch);
    let same = AccessChange {
        role: Some(Role::Agent),
        team_ids: Some(vec![world.support, world.support]),
        ..AccessChange::default()
    };
    let epoch = change(world, world.sam, same).await;
    assert_eq!((cursor(world).await, epoch), before);
}

async fn a_suspended_teammate_is_told_nothing(world: &World) {
    let before = world.bootstrap(world.sam).await;
    let state = AccessChange { state: Some(TeammateState::Suspended), ..AccessChange::default() };
    change(world, world.sam, state).await;
    let (core, who) = (&world.core, world.sam);
    let ended = Some(ErrorCode::SessionEnded);
    assert_eq!(code(sync::page(core, who, before.log_id, before.cursor, 10).await), ended);
    assert_eq!(code(sync::bootstrap(core, who).await), ended);
    assert_eq!(code(sync::conversations(core, who, &[]).await), ended);
    assert_eq!(code(sync::digest(core, who).await), ended);
    assert_eq!(code(sync::search(core, who, "hello", 10).await), ended);
}

async fn the_last_admin_stays_admin(world: &World) {
    let demotion = AccessChange { role: Some(Role::Agent), ..AccessChange::default() };
    let refused = access_change::apply(&world.core, world.ada, demotion.clone(), Actor::Console);
    assert_eq!(code(refused.await), Some(ErrorCode::InvalidValue));
    let promotion = AccessChange { role: Some(Role::Admin), ..AccessChange::default() };
    change(world, world.sam, promotion).await;
    change(world, world.ada, demotion).await;
}

async fn every_change_of_access_is_audited(world: &World) {
    let role = AccessChange { role: Some(Role::LightAgent), ..AccessChange::default() };
    change(world, world.sam, role.clone()).await;
    change(world, world.sam, role).await;
    assert_eq!(world.audited("teammate_access_change", "done").await, 1);
}
