//! Who is woken by what.

use recado_protocol::{AccessScope, ConversationAccess, LogId, Role, TeamId, Visibility};
use uuid::Uuid;

use super::reader::ENTRIES;
use super::{Audience, Reader, SHARES, Seat};
use crate::access_change::{self, AccessChange};
use crate::core::Principal;
use crate::offline_lease;
use crate::storage::audit::Actor;
use crate::storage::change_log::{self, EntryKind, LogWriter, NewEntry};
use crate::storage::{DbError, Tx};
use crate::testing::{World, assign, assign_team, on_every_engine, reply};

/// Everybody of a small workspace, with a stream each.
struct Crowd {
    audience: Audience,
    reader: Reader,
    seats: Vec<(Principal, Seat)>,
}

impl Crowd {
    async fn of(world: &World) -> Self {
        let audience = Audience::default();
        let mut crowd = Self {
            reader: Reader::new(world.core.clone(), world.workspace_id, audience.clone()),
            seats: world.everybody().into_iter().map(|who| (who, audience.enter())).collect(),
            audience,
        };
        crowd.reader.look().await;
        assert_eq!(crowd.read(world).await, world.everybody(), "whoever comes looks first");
        crowd
    }

    /// Who is woken by what has come; they have read when this returns.
    async fn read(&mut self, world: &World) -> Vec<Principal> {
        self.reader.look().await;
        let mut woken = Vec::new();
        for (who, seat) in self.seats.iter_mut().filter(|(_, seat)| seat.is_woken()) {
            seat.begin();
            seat.sees(&view(world, *who).await);
            woken.push(*who);
        }
        woken
    }
}

async fn view(world: &World, who: Principal) -> Visibility {
    let access = world.bootstrap(who).await.access;
    Visibility::new(who.teammate_id, access.conversation_access, access.team_ids)
}

on_every_engine!(
    only_those_in_whose_view_it_was_or_is_are_woken,
    whoever_a_change_of_access_touches_is_woken,
    what_everybody_may_see_wakes_everybody,
    everything_wakes_whoever_has_not_read_yet,
    a_log_that_does_not_go_on_wakes_everybody,
    more_than_one_reading_takes_at_once_is_read_to_its_end,
);

async fn only_those_in_whose_view_it_was_or_is_are_woken(world: &World) {
    let mut crowd = Crowd::of(world).await;
    let id = world.open("tom", "Hello?").await;
    assert_eq!(crowd.read(world).await, [world.ada, world.sam, world.sofia]);
    world.does(world.ada, id, assign_team(Some(world.sales))).await;
    // Sam no longer sees it.
    assert_eq!(crowd.read(world).await, [world.ada, world.sam, world.sofia]);
    world.customer_says(id, "Anybody?").await;
    assert_eq!(crowd.read(world).await, [world.ada, world.sofia]);
    world.does(world.ada, id, assign(Some(world.asif))).await;
    assert_eq!(crowd.read(world).await, [world.ada, world.sofia, world.asif]);
    world.does(world.asif, id, reply("Yes.")).await;
    assert_eq!(crowd.read(world).await, [world.ada, world.sofia, world.asif]);
    assert!(crowd.read(world).await.is_empty(), "nothing has come");
}

async fn whoever_a_change_of_access_touches_is_woken(world: &World) {
    let mut crowd = Crowd::of(world).await;
    let id = world.open("tom", "Hello?").await;
    world.does(world.ada, id, assign_team(Some(world.sales))).await;
    crowd.read(world).await;
    let access = ConversationAccess { scope: AccessScope::All, unassigned: true };
    set_access(world, world.lena, Some(access), None).await;
    assert_eq!(crowd.read(world).await, [world.lena]);
    world.customer_says(id, "Anybody?").await;
    assert_eq!(crowd.read(world).await, [world.ada, world.sofia, world.lena]);
    // Who is in a team everybody may see.
    set_access(world, world.sam, None, Some(vec![world.sales])).await;
    assert_eq!(crowd.read(world).await, world.everybody());
    world.customer_says(id, "Hello?").await;
    assert_eq!(crowd.read(world).await, [world.ada, world.sam, world.sofia, world.lena]);
}

async fn what_everybody_may_see_wakes_everybody(world: &World) {
    let mut crowd = Crowd::of(world).await;
    world.open("tom", "Hello?").await;
    crowd.read(world).await;
    // The directory of contacts is open to some, and whose conversations are in view only the database knows.
    world.open_as("tom", "Thomas", "Hello?").await;
    assert_eq!(crowd.read(world).await, world.everybody());
    let set = offline_lease::set(&world.core, world.workspace_id, 5, Actor::Console).await;
    set.expect("the lease");
    assert_eq!(crowd.read(world).await, world.everybody());
    let change = AccessChange { role: Some(Role::LightAgent), ..AccessChange::default() };
    access_change::apply(&world.core, world.sam, change, Actor::Console).await.expect("a change");
    assert_eq!(crowd.read(world).await, world.everybody());
}

async fn everything_wakes_whoever_has_not_read_yet(world: &World) {
    let mut crowd = Crowd::of(world).await;
    let id = world.open("tom", "Hello?").await;
    world.does(world.ada, id, assign(Some(world.ada))).await;
    crowd.read(world).await;
    let mut newcomer = crowd.audience.enter();
    newcomer.begin();
    world.customer_says(id, "Hello?").await;
    assert_eq!(crowd.read(world).await, [world.ada]);
    assert!(newcomer.is_woken());
    newcomer.begin();
    newcomer.sees(&view(world, world.lena).await);
    world.customer_says(id, "Hello?").await;
    assert_eq!(crowd.read(world).await, [world.ada]);
    assert!(!newcomer.is_woken(), "by now it is known that it sees nothing of it");
}

async fn more_than_one_reading_takes_at_once_is_read_to_its_end(world: &World) {
    let mut crowd = Crowd::of(world).await;
    let id = world.open("tom", "Hello?").await;
    world.does(world.ada, id, assign_team(Some(world.support))).await;
    crowd.read(world).await;
    let (at, workspace_id) = (world.core.now(), world.workspace_id);
    let only = NewEntry::unscoped(EntryKind::ReadMark, id.uuid()).only_for(world.ada.teammate_id);
    let many = async move |tx: &mut Tx| {
        let mut log = LogWriter::lock(tx, workspace_id).await?;
        for _ in 0..ENTRIES {
            log.append(tx, &only, at).await?;
        }
        Ok::<_, DbError>(())
    };
    world.core.db().write(many).await.expect("the entries");
    world.customer_says(id, "Hello?").await;
    assert_eq!(crowd.read(world).await, [world.ada, world.sam, world.lena]);
}

async fn set_access(
    world: &World,
    who: Principal,
    conversation_access: Option<ConversationAccess>,
    team_ids: Option<Vec<TeamId>>,
) {
    let change = AccessChange { conversation_access, team_ids, ..AccessChange::default() };
    access_change::apply(&world.core, who, change, Actor::Console).await.expect("a change");
}

async fn a_log_that_does_not_go_on_wakes_everybody(world: &World) {
    let mut crowd = Crowd::of(world).await;
    let (workspace_id, log_id) = (world.workspace_id, LogId::from_uuid(Uuid::from_u128(1)));
    let core = &world.core;
    let anew = core
        .db()
        .write(async move |tx| change_log::begin_anew(tx, workspace_id, log_id).await)
        .await;
    anew.expect("another log");
    assert_eq!(crowd.read(world).await, world.everybody());
    assert!(crowd.read(world).await.is_empty());
}

#[tokio::test]
async fn whoever_was_passed_over_hears_in_turn_how_far_the_log_is() {
    let world = World::new(crate::testing::On::SqliteMemory).await;
    let mut crowd = Crowd::of(&world).await;
    let id = world.open("tom", "Hello?").await;
    world.does(world.ada, id, assign(Some(world.ada))).await;
    crowd.read(&world).await;
    world.customer_says(id, "Hello?").await;
    assert_eq!(crowd.read(&world).await, [world.ada]);
    let mut told = Vec::new();
    for share in 0..SHARES {
        crowd.audience.wake_passed_over(share);
        for (who, seat) in crowd.seats.iter_mut().filter(|(_, seat)| seat.is_woken()) {
            assert!(seat.begin(), "it is only told how far the log is");
            told.push(*who);
        }
    }
    assert_eq!(told, [world.sam, world.sofia, world.asif, world.lena]);
    for share in 0..SHARES {
        crowd.audience.wake_passed_over(share);
    }
    assert!(crowd.read(&world).await.is_empty(), "they have heard it");
}

#[tokio::test]
async fn a_view_that_changes_while_a_stream_reads_has_it_read_once_more() {
    let world = World::new(crate::testing::On::SqliteMemory).await;
    let mut seat = Audience::default().enter();
    seat.begin();
    let narrow = view(&world, world.asif).await;
    assert!(!seat.sees(&narrow), "everything woke it before");
    assert!(!seat.sees(&narrow));
    let wide = Visibility { access: ConversationAccess::all(), ..narrow };
    assert!(seat.sees(&wide), "what came meanwhile was judged by the narrow view");
    assert!(!seat.sees(&wide));
}

#[test]
fn a_stream_that_ends_gives_its_place_up() {
    let audience = Audience::default();
    let (first, second) = (audience.enter(), audience.enter());
    assert_eq!(audience.seats().by_id.len(), 2);
    drop(first);
    drop(second);
    assert!(audience.seats().by_id.is_empty());
}
