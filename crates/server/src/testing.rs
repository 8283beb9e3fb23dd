//! A small workspace with people in it, on every engine, for the tests of what lies below the router.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use recado_protocol::channel::{AddMessage, ChannelContact, ChannelMessage, OpenConversation};
use recado_protocol::sync::{Bootstrap, ConversationDelta, HeadQuery, SyncPage};
use recado_protocol::{
    Action, Command, CommandId, CommandOutcome, ConversationAccess, ConversationHead,
    ConversationId, ConversationState, PartId, Role, TeamId, TeammateState, Timestamp, WorkspaceId,
};
use uuid::Uuid;

use crate::clock::Clock;
use crate::core::{ChannelPrincipal, Core, CoreError, Principal};
use crate::ids::Entropy;
use crate::seed::{self, NewTeammate};
use crate::storage::audit::Actor;
use crate::storage::{Db, DbError, params};
use crate::{commands, inbound, sync};

/// Where the tests' clock begins.
pub(crate) const START: Timestamp = Timestamp::from_seconds(1_763_000_000);

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    SqliteMemory,
    SqliteFile,
    Postgres,
}

/// Runs each behaviour, an `async fn(&World)`, on every engine.
macro_rules! on_every_engine {
    ($($behaviour:ident),* $(,)?) => {
        on_every_engine!(@engine sqlite_memory, SqliteMemory, $($behaviour),*);
        on_every_engine!(@engine sqlite_file, SqliteFile, $($behaviour),*);
        on_every_engine!(@engine postgres, Postgres, $($behaviour),*);
    };
    (@engine $module:ident, $on:ident, $($behaviour:ident),*) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $behaviour() {
                    let world = $crate::testing::World::new($crate::testing::On::$on).await;
                    super::$behaviour(&world).await;
                }
            )*
        }
    };
}
pub(crate) use on_every_engine;

pub(crate) struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

struct CountingEntropy(AtomicU64);

impl Entropy for CountingEntropy {
    fn seed(&self) -> [u8; 16] {
        u128::from(self.0.fetch_add(1, Ordering::SeqCst)).to_be_bytes()
    }
}

/// What lies below the router on a database that is there, one day after [`START`].
pub(crate) fn core_on(db: Db) -> Core {
    let clock = Arc::new(SetClock(AtomicI64::new(START.plus_seconds(86_400).as_micros())));
    Core::new(db, clock, Arc::new(CountingEntropy(AtomicU64::new(1 << 32))))
}

/// A workspace with two teams, a channel and one teammate of each kind.
pub(crate) struct World {
    pub(crate) core: Core,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) channel: ChannelPrincipal,
    pub(crate) support: TeamId,
    pub(crate) sales: TeamId,
    /// Admin, sees all.
    pub(crate) ada: Principal,
    /// Agent in support, sees own teams and unassigned.
    pub(crate) sam: Principal,
    /// Agent in sales, sees own teams and unassigned.
    pub(crate) sofia: Principal,
    /// Agent in no team, sees what is assigned to them.
    pub(crate) asif: Principal,
    /// Light agent in support, sees own teams without unassigned.
    pub(crate) lena: Principal,
    clock: Arc<SetClock>,
    requests: AtomicU64,
    _directory: Option<tempfile::TempDir>,
}

impl World {
    pub(crate) async fn new(on: On) -> Self {
        let (db, directory) = open(on).await;
        let clock = Arc::new(SetClock(AtomicI64::new(START.as_micros())));
        let entropy = Arc::new(CountingEntropy(AtomicU64::new(1)));
        let core = Core::new(db, Arc::clone(&clock) as _, entropy);
        let workspace = seed::create_workspace(&core, "Lumen").await.expect("a workspace");
        let workspace_id = workspace.id;
        let team = async |name| {
            let team = seed::create_team(&core, workspace_id, name, &[], Actor::Console).await;
            team.expect("a team").id
        };
        let (support, sales) = (team("Support").await, team("Sales").await);
        let person = async |name: &str, role, access, team_ids: &[TeamId]| {
            let new = NewTeammate {
                name: name.to_owned(),
                email: format!("{name}@lumen.example"),
                role,
                state: TeammateState::Active,
                access,
                team_ids: team_ids.to_vec(),
            };
            let made = seed::create_teammate(&core, workspace_id, new, Actor::Console).await;
            Principal { workspace_id, teammate_id: made.expect("a teammate").id }
        };
        let own = ConversationAccess::own_teams;
        let own_only = ConversationAccess { unassigned: false, ..own() };
        let ada = person("ada", Role::Admin, ConversationAccess::all(), &[]).await;
        let sam = person("sam", Role::Agent, own(), &[support]).await;
        let sofia = person("sofia", Role::Agent, own(), &[sales]).await;
        let asif = person("asif", Role::Agent, ConversationAccess::assigned(), &[]).await;
        let lena = person("lena", Role::LightAgent, own_only, &[support]).await;
        let channel = seed::create_channel(&core, workspace_id, "Shop", [7; 32], Actor::Console);
        let channel = channel.await.expect("a channel");
        Self {
            core,
            workspace_id,
            channel,
            support,
            sales,
            ada,
            sam,
            sofia,
            asif,
            lena,
            clock,
            requests: AtomicU64::new(1),
            _directory: directory,
        }
    }

    pub(crate) fn everybody(&self) -> [Principal; 5] {
        [self.ada, self.sam, self.sofia, self.asif, self.lena]
    }

    pub(crate) fn advance_s(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    fn next_number(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::SeqCst)
    }

    pub(crate) fn key(&self) -> String {
        format!("request-{}", self.next_number())
    }

    /// A customer opens a conversation that is assigned to nobody.
    pub(crate) async fn open(&self, customer: &str, text: &str) -> ConversationId {
        self.open_as(customer, customer, text).await
    }

    /// The same of a customer who goes by this name now.
    pub(crate) async fn open_as(&self, customer: &str, name: &str, text: &str) -> ConversationId {
        let mut request = opening(customer, text);
        request.contact.name = Some(name.to_owned());
        let key = self.key();
        let receipt = inbound::open_conversation(&self.core, self.channel, &key, &request);
        receipt.await.expect("a conversation").conversation_id
    }

    /// The customer writes again.
    pub(crate) async fn customer_says(&self, id: ConversationId, text: &str) -> PartId {
        let request = AddMessage { message: message(text) };
        let key = self.key();
        let receipt = inbound::add_message(&self.core, self.channel, &key, id, &request);
        receipt.await.expect("a message").part_id
    }

    pub(crate) fn command(&self, conversation_id: ConversationId, action: Action) -> Command {
        let millis = u64::try_from(self.core.now().as_millis()).expect("after 1970");
        let mut number = [0; 10];
        number[2..].copy_from_slice(&self.next_number().to_be_bytes());
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &number).into_uuid();
        let created_at = self.core.now();
        Command { id: CommandId::from_uuid(id), conversation_id, after: None, action, created_at }
    }

    pub(crate) async fn run(
        &self,
        who: Principal,
        id: ConversationId,
        action: Action,
    ) -> CommandOutcome {
        let command = self.command(id, action);
        commands::run(&self.core, who, &command).await.expect("an outcome").outcome
    }

    /// Runs a command that has to be applied.
    pub(crate) async fn does(&self, who: Principal, id: ConversationId, action: Action) -> u64 {
        let name = action.name();
        match self.run(who, id, action).await {
            CommandOutcome::Applied { version, .. } => version,
            other => panic!("{name}: {other:?}"),
        }
    }

    /// The whole conversation, if `who` sees it.
    pub(crate) async fn read(
        &self,
        who: Principal,
        id: ConversationId,
    ) -> Option<ConversationDelta> {
        let page = sync::conversations(&self.core, who, &[id]).await.expect("an answer");
        page.conversations.into_iter().next()
    }

    pub(crate) async fn head(&self, id: ConversationId) -> ConversationHead {
        self.read(self.ada, id).await.expect("a conversation that an admin sees").head
    }

    pub(crate) async fn bootstrap(&self, who: Principal) -> Bootstrap {
        sync::bootstrap(&self.core, who).await.expect("a bootstrap")
    }

    pub(crate) async fn page(&self, who: Principal, after: u64) -> SyncPage {
        let log_id = self.bootstrap(who).await.log_id;
        sync::page(&self.core, who, log_id, after, 500).await.expect("a page")
    }

    /// The ids in a list, over as many pages as it takes.
    pub(crate) async fn list(
        &self,
        who: Principal,
        state: ConversationState,
        limit: u32,
    ) -> Vec<ConversationId> {
        let mut query = HeadQuery { state, contact_id: None, after: None, limit: Some(limit) };
        let mut ids = Vec::new();
        loop {
            let page = sync::heads(&self.core, who, &query).await.expect("a page of heads");
            ids.extend(page.heads.iter().map(|head| head.id));
            match page.next {
                Some(next) => query.after = Some(next),
                None => return ids,
            }
        }
    }

    /// How many rows of the audit have this action and result.
    pub(crate) async fn audited(&self, action: &str, result: &str) -> u64 {
        let parameters = params![self.workspace_id, action, result];
        let count = self.core.db().read(async move |tx| {
            let sql = "SELECT COUNT(*) FROM audit_event
                       WHERE workspace_id = ?1 AND action = ?2 AND result = ?3";
            tx.query_one(sql, &parameters).await?.get::<u64>(0)
        });
        let count: Result<u64, DbError> = count.await;
        count.expect("a count")
    }
}

async fn open(on: On) -> (Db, Option<tempfile::TempDir>) {
    match on {
        On::SqliteMemory => (Db::open_sqlite_memory().await.expect("a database"), None),
        On::SqliteFile => {
            let directory = tempfile::tempdir().expect("a directory");
            let db = Db::open_sqlite(directory.path().join("recado.db")).await;
            (db.expect("a database"), Some(directory))
        }
        On::Postgres => {
            let url = std::env::var("RECADO_TEST_POSTGRES").expect(
                "RECADO_TEST_POSTGRES is not set; `cargo xtask test` starts a PostgreSQL server for the tests",
            );
            let schema = format!("test_{}", Uuid::new_v4().simple());
            let db = Db::connect_postgres(&url, Some(&schema)).await;
            (db.expect("a database"), None)
        }
    }
}

pub(crate) fn message(text: &str) -> ChannelMessage {
    ChannelMessage { body_text: Some(text.to_owned()), ..ChannelMessage::default() }
}

pub(crate) fn opening(customer: &str, text: &str) -> OpenConversation {
    OpenConversation {
        contact: ChannelContact {
            external_id: customer.to_owned(),
            name: Some(customer.to_owned()),
            ..ChannelContact::default()
        },
        title: None,
        message: message(text),
        team: None,
    }
}

pub(crate) fn reply(text: &str) -> Action {
    Action::ConversationReply { body_text: text.to_owned(), last_seen_seq: 1 }
}

pub(crate) fn note(text: &str) -> Action {
    Action::ConversationNote { body_text: text.to_owned() }
}

pub(crate) fn assign(to: Option<Principal>) -> Action {
    Action::ConversationAssign { admin_assignee_id: to.map(|who| who.teammate_id) }
}

pub(crate) const fn assign_team(team_assignee_id: Option<TeamId>) -> Action {
    Action::ConversationAssignTeam { team_assignee_id }
}

/// The code of an error that a request was refused with.
pub(crate) fn code<T>(outcome: Result<T, CoreError>) -> Option<recado_protocol::ErrorCode> {
    outcome.err().map(|error| error.to_api().code)
}
