//! Random work by everybody at once: what each teammate has been sent is always exactly what is theirs to see, nothing
//! else has ever been in a page, and whoever has something to read has been woken.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use recado_protocol::access::AccessScope;
use recado_protocol::sync::{Change, SyncPage};
use recado_protocol::{
    Action, ConversationAccess, ConversationId, Priority, Role, TeamId, Visibility,
};

use super::cache::Cache;
use crate::access_change::{self, AccessChange};
use crate::core::Principal;
use crate::live::audience::{Audience, Reader, Seat};
use crate::offline_lease;
use crate::snooze;
use crate::storage::audit::Actor;
use crate::storage::conversation;
use crate::testing::{On, World, assign, assign_team, note, reply};

const CUSTOMERS: usize = 4;

#[derive(Debug, Clone)]
enum Step {
    /// A customer, who may go by another name than before.
    Open {
        customer: usize,
        renamed: bool,
    },
    CustomerSays {
        conversation: usize,
    },
    Act {
        who: usize,
        conversation: usize,
        action: usize,
        target: usize,
    },
    ChangeAccess {
        who: usize,
        scope: usize,
        unassigned: bool,
        teams: usize,
        light: bool,
    },
    SetLease {
        hours: u32,
    },
    Pull {
        who: usize,
        limit: u32,
    },
    Wait,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..CUSTOMERS, any::<bool>())
            .prop_map(|(customer, renamed)| Step::Open { customer, renamed }),
        3 => (0..20_usize).prop_map(|conversation| Step::CustomerSays { conversation }),
        12 => (0..5_usize, 0..20_usize, 0..12_usize, 0..6_usize).prop_map(
            |(who, conversation, action, target)| Step::Act { who, conversation, action, target }
        ),
        3 => (1..5_usize, 0..5_usize, any::<bool>(), 0..4_usize, any::<bool>()).prop_map(
            |(who, scope, unassigned, teams, light)| {
                Step::ChangeAccess { who, scope, unassigned, teams, light }
            }
        ),
        1 => (1..10_u32).prop_map(|hours| Step::SetLease { hours }),
        6 => (0..5_usize, 1..6_u32).prop_map(|(who, limit)| Step::Pull { who, limit }),
        1 => Just(Step::Wait),
    ];
    proptest::collection::vec(step, 1..60)
}

fn run(on: On, cases: u32) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&steps(), |steps| {
        runtime.block_on(async {
            let mut simulation = Simulation::new(on).await;
            for step in steps {
                simulation.step(step).await;
            }
            simulation.finish().await;
        });
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

#[test]
fn caches_follow_the_log_and_see_nothing_else_on_sqlite_in_memory() {
    run(On::SqliteMemory, cases(60));
}

#[test]
fn caches_follow_the_log_and_see_nothing_else_on_a_sqlite_file() {
    run(On::SqliteFile, cases(6));
}

#[test]
fn caches_follow_the_log_and_see_nothing_else_on_postgres() {
    run(On::Postgres, cases(6));
}

fn cases(quick: u32) -> u32 {
    if std::env::var_os("RECADO_LONG").is_some() { quick * 20 } else { quick }
}

struct Simulation {
    world: World,
    caches: Vec<Cache>,
    /// Each teammate's live stream, as far as it is woken.
    seats: Vec<Seat>,
    reader: Reader,
    conversations: Vec<(ConversationId, usize)>,
}

fn canary(conversation: usize) -> String {
    format!("canary{conversation}end")
}

fn customer_name(customer: usize) -> String {
    format!("customer{customer}name")
}

impl Simulation {
    async fn new(on: On) -> Self {
        let world = World::new(on).await;
        let mut caches = Vec::new();
        for who in world.everybody() {
            caches.push(Cache::fill(&world.core, who).await);
        }
        let audience = Audience::default();
        let seats = caches.iter().map(|_| audience.enter()).collect();
        let reader = Reader::new(world.core.clone(), world.workspace_id, audience);
        Self { world, caches, seats, reader, conversations: Vec::new() }
    }

    async fn step(&mut self, step: Step) {
        let world = &self.world;
        world.advance_s(1);
        match step {
            Step::Open { customer, renamed } => {
                let text = canary(self.conversations.len());
                let customer_name = customer_name(customer);
                let name =
                    if renamed { format!("{customer_name} anew") } else { customer_name.clone() };
                let id = world.open_as(&customer_name, &name, &text).await;
                self.conversations.push((id, customer));
            }
            Step::CustomerSays { conversation } => {
                if let Some((id, _)) = self.conversations.get(conversation) {
                    world.customer_says(*id, &canary(conversation)).await;
                }
            }
            Step::Act { who, conversation, action, target } => {
                if let Some((id, _)) = self.conversations.get(conversation) {
                    let who = world.everybody()[who];
                    let action = self.action(action, target, &canary(conversation));
                    world.run(who, *id, action).await;
                }
            }
            Step::ChangeAccess { who, scope, unassigned, teams, light } => {
                let role = if light { Role::LightAgent } else { Role::Agent };
                let access = self.access(scope, unassigned);
                let change = AccessChange {
                    role: Some(role),
                    conversation_access: Some(access),
                    team_ids: Some(self.teams(teams)),
                    ..AccessChange::default()
                };
                let who = world.everybody()[who];
                let changed = access_change::apply(&world.core, who, change, Actor::Console);
                changed.await.expect("a change");
            }
            Step::SetLease { hours } => {
                let id = world.workspace_id;
                let set = offline_lease::set(&world.core, id, hours, Actor::Console);
                set.await.expect("the lease");
            }
            Step::Pull { who, limit } => self.pull(who, limit).await,
            Step::Wait => {
                world.advance_s(40);
                snooze::wake_due(&world.core).await.expect("the due wake");
            }
        }
        self.whoever_has_something_to_read_is_woken().await;
    }

    async fn whoever_has_something_to_read_is_woken(&mut self) {
        self.reader.look().await;
        for (who, cache) in self.caches.iter().enumerate() {
            if !self.seats[who].is_woken() {
                let unread = cache.unread(&self.world.core).await;
                assert!(unread.is_empty(), "teammate {who} was not woken for {unread:?}");
            }
        }
    }

    fn teams(&self, bits: usize) -> Vec<TeamId> {
        let teams = [self.world.support, self.world.sales];
        (0..2).filter(|index| bits >> index & 1 == 1).map(|index| teams[index]).collect()
    }

    fn action(&self, action: usize, target: usize, canary: &str) -> Action {
        let world = &self.world;
        let tag = format!("{canary}tag");
        match action {
            0 => reply(canary),
            1 => note(canary),
            2 | 3 => assign(world.everybody().get(target).copied()),
            4 | 5 => assign_team([Some(world.support), Some(world.sales), None][target % 3]),
            6 => Action::ConversationClose,
            7 => Action::ConversationOpen,
            8 => Action::ConversationSnooze { snoozed_until: world.core.now().plus_seconds(30) },
            9 => Action::ConversationPrioritize {
                priority: [Priority::Priority, Priority::NotPriority][target % 2],
            },
            10 if target.is_multiple_of(2) => Action::ConversationTagAdd { tag },
            10 => Action::ConversationTagRemove { tag },
            _ => Action::ConversationMark {
                contact_parts_read: u32::try_from(target).expect("a small number"),
            },
        }
    }

    fn access(&self, scope: usize, unassigned: bool) -> ConversationAccess {
        let scope = match scope {
            0 => AccessScope::All,
            1 => AccessScope::AllExcept { team_ids: self.teams(1) },
            2 => AccessScope::AllExcept { team_ids: self.teams(3) },
            3 => AccessScope::OwnTeams,
            _ => AccessScope::Assigned,
        };
        ConversationAccess { scope, unassigned }
    }

    /// Lets one teammate's cache catch up, looking at every page for what is not theirs.
    async fn pull(&mut self, who: usize, limit: u32) {
        let viewer = self.world.everybody()[who];
        self.seats[who].begin();
        let hidden = self.hidden(viewer).await;
        let mut inspect = |page: &SyncPage| {
            let (evictions, rest): (Vec<_>, Vec<_>) = page.changes.iter().partition(|change| {
                matches!(change, Change::ConversationEvicted { .. } | Change::ContactEvicted { .. })
            });
            let evictions = serde_json::to_string(&evictions).expect("changes serialise");
            let rest = serde_json::to_string(&rest).expect("changes serialise");
            for word in &hidden.words {
                assert!(!evictions.contains(word) && !rest.contains(word), "{word} in {rest}");
            }
            for id in &hidden.ids {
                assert!(!rest.contains(id), "{id} in {rest}");
            }
        };
        self.caches[who].pull(&self.world.core, limit, &mut inspect).await;
        self.seats[who].sees(&self.caches[who].view());
    }

    /// What may not be in a page for this teammate.
    async fn hidden(&self, who: Principal) -> Hidden {
        let access = self.world.bootstrap(who).await.access;
        let view = Visibility::new(who.teammate_id, access.conversation_access, access.team_ids);
        let workspace_id = self.world.workspace_id;
        let db = self.world.core.db();
        let scopes = db.read(async move |tx| conversation::scopes(tx, workspace_id).await).await;
        let seen: BTreeSet<_> = scopes
            .expect("the scopes")
            .into_iter()
            .filter(|(_, facts)| view.matches(facts))
            .map(|(id, _)| id)
            .collect();
        let known: BTreeSet<_> = self
            .conversations
            .iter()
            .filter(|(id, _)| seen.contains(id))
            .map(|(_, customer)| *customer)
            .collect();
        let mut hidden = Hidden { words: Vec::new(), ids: Vec::new() };
        for (index, (id, _)) in self.conversations.iter().enumerate() {
            if !seen.contains(id) {
                hidden.words.push(canary(index));
                hidden.ids.push(id.to_string());
            }
        }
        let unknown = (0..CUSTOMERS).filter(|customer| !known.contains(customer));
        hidden.words.extend(unknown.map(customer_name));
        hidden
    }

    async fn finish(mut self) {
        let entries = self.world.bootstrap(self.world.ada).await.cursor;
        for who in 0..self.caches.len() {
            self.pull(who, 500).await;
            let cache = &self.caches[who];
            assert_eq!(cache.cursor, entries, "a cache reaches the end of the log");
            let fresh = Cache::fill(&self.world.core, self.world.everybody()[who]).await;
            assert_eq!(cache.clone().comparable(), fresh.comparable(), "teammate {who}");
        }
        self.log_is_gapless(entries).await;
    }

    async fn log_is_gapless(&self, entries: u64) {
        let workspace_id = self.world.workspace_id;
        let db = self.world.core.db();
        let log = db.read(async move |tx| {
            crate::storage::change_log::entries(tx, workspace_id, 0, 100_000).await
        });
        let seqs: Vec<_> = log.await.expect("the log").iter().map(|entry| entry.seq).collect();
        assert_eq!(seqs, (1..=entries).collect::<Vec<_>>());
    }
}

struct Hidden {
    words: Vec<String>,
    ids: Vec<String>,
}
