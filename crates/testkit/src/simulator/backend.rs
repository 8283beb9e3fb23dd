//! The real server below its router, in memory and on one thread.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll, Waker};

use recado_client::engine::{Answer, Ask};
use recado_protocol::identity::{Device, RefreshRequest, Session};
use recado_protocol::sync::{HeadQuery, SyncPage};
use recado_protocol::{
    AccessScope, Action, ApiError, Command, ConversationAccess, ErrorCode, LogId, Role, SessionId,
    TeamId, TeammateId, TeammateState, Timestamp, WorkspaceId,
};
use recado_server::clock::Clock;
use recado_server::core::{ChannelPrincipal, Core, CoreError, Principal};
use recado_server::gate::SecretCheck;
use recado_server::identity::limiter::LimiterPolicies;
use recado_server::identity::totp::SealedSeed;
use recado_server::seed::{self, NewTeammate};
use recado_server::session::{AuthError, Caller, SessionSettings, Sessions};
use recado_server::storage::audit::Actor;
use recado_server::storage::{Contents, Db, DbError, account, workspace};
use recado_server::{commands, restore, sync};
use tokio::sync::{broadcast, watch};

use super::chance::{Chance, Source};
use super::plan::Weather;

/// When a run begins.
pub(super) const START: Timestamp = Timestamp::from_seconds(1_763_000_000);

/// The true time of a run.
#[derive(Debug, Default)]
pub(super) struct TrueTime(AtomicI64);

impl TrueTime {
    /// Moves the time on.
    pub(super) fn set(&self, micros_after_start: i64) {
        self.0.store(START.as_micros() + micros_after_start, Ordering::SeqCst);
    }
}

impl Clock for TrueTime {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// A database in memory never waits, so what runs on it is done at once.
pub(super) fn done<T>(future: impl Future<Output = T>) -> anyhow::Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => anyhow::bail!("something waits that has nothing to wait for"),
    }
}

/// A workspace with its people, before anything has happened. Made once and copied for each run.
pub(super) struct Template {
    contents: Contents,
    people: People,
}

/// Who there is.
#[derive(Debug, Clone)]
pub(super) struct People {
    /// An admin who sees everything and whose access never changes.
    pub(super) oracle: Principal,
    /// The agents, each with a machine.
    pub(super) agents: Vec<Principal>,
    /// The teams.
    pub(super) teams: Vec<TeamId>,
    /// The customer's system.
    pub(super) channel: ChannelPrincipal,
}

/// How many agents a workspace has.
pub(super) const AGENTS: usize = 5;
/// The names of the teams.
pub(super) const TEAMS: [&str; 2] = ["Support", "Sales"];

impl Template {
    /// Makes the workspace.
    ///
    /// # Errors
    /// What the server says.
    pub(super) fn new() -> anyhow::Result<Self> {
        let db = done(Db::open_sqlite_memory())??;
        let time = Arc::new(TrueTime::default());
        time.set(0);
        let core = Core::new(db.clone(), time, Arc::new(Source::new(Chance::of(0))));
        let workspace_id = done(seed::create_workspace(&core, "Lumen"))??.id;
        let mut teams = Vec::new();
        for name in TEAMS {
            let team = done(seed::create_team(&core, workspace_id, name, &[], Actor::Console))??;
            teams.push(team.id);
        }
        let person = |name: &str, role, access, team_ids: &[TeamId]| -> anyhow::Result<_> {
            let new = NewTeammate {
                name: name.to_owned(),
                email: format!("{name}@lumen.example"),
                role,
                state: TeammateState::Active,
                access,
                team_ids: team_ids.to_vec(),
            };
            let made = done(seed::create_teammate(&core, workspace_id, new, Actor::Console))??;
            give_account(&core, made.id)?;
            Ok(Principal { workspace_id, teammate_id: made.id })
        };
        let oracle = person("oracle", Role::Admin, ConversationAccess::all(), &[])?;
        let own = ConversationAccess::own_teams;
        let scope = AccessScope::AllExcept { team_ids: vec![teams[0]] };
        let but_first = ConversationAccess { scope, unassigned: true };
        let assigned = ConversationAccess { scope: AccessScope::Assigned, unassigned: false };
        let agents = vec![
            person("ana", Role::Agent, own(), &teams[..1])?,
            person("ben", Role::Agent, ConversationAccess::all(), &[])?,
            person("cleo", Role::Agent, own(), &teams[1..])?,
            person("dora", Role::LightAgent, but_first, &[])?,
            person("eve", Role::Admin, assigned, &teams)?,
        ];
        let key = [7; 32];
        let made = seed::create_channel(&core, workspace_id, "Shop", key, Actor::Console);
        let people = People { oracle, agents, teams, channel: done(made)?? };
        let contents = db.contents()?;
        let contents = contents.ok_or_else(|| anyhow::anyhow!("the database lies elsewhere"))?;
        Ok(Self { contents, people })
    }
}

/// The server of one run.
pub(super) struct Backend {
    core: Core,
    time: Arc<TrueTime>,
    entropy: Arc<Source>,
    /// Tells of commits that appended to the log.
    growth: watch::Receiver<u64>,
    sessions: Sessions,
    /// Tells of sessions that end.
    ends: broadcast::Receiver<SessionId>,
    settings: SessionSettings,
    /// Who there is.
    pub(super) people: People,
}

impl Backend {
    /// A server on a database that is made a copy of the template.
    ///
    /// # Errors
    /// What the database says.
    pub(super) fn new(
        template: &Template,
        db: &Db,
        chance: &Chance,
        weather: &Weather,
    ) -> anyhow::Result<Self> {
        let time = Arc::new(TrueTime::default());
        time.set(0);
        let entropy = Arc::new(Source::new(chance.fork(2)));
        db.fill_disk(false);
        db.refill(&template.contents)?;
        let growth = db.changes();
        let core = Core::new(db.clone(), Arc::clone(&time) as _, Arc::clone(&entropy) as _);
        let people = template.people.clone();
        let settings = SessionSettings { access_s: weather.token_s, ..SessionSettings::default() };
        let sessions = sessions(&core, people.oracle.workspace_id, settings);
        let ends = sessions.ends();
        set_lease(&core, people.oracle.workspace_id, weather.lease_s)?;
        Ok(Self { core, time, entropy, growth, sessions, ends, settings, people })
    }

    /// What lies below the router.
    pub(super) const fn core(&self) -> &Core {
        &self.core
    }

    /// Moves the server's clock.
    pub(super) fn set_time(&self, micros_after_start: i64) {
        self.time.set(micros_after_start);
    }

    /// The server's time.
    pub(super) fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// Backs the database up.
    ///
    /// # Errors
    /// What the database says.
    pub(super) fn back_up(&self) -> anyhow::Result<Db> {
        copy(self.core.db())
    }

    /// Puts a backup in the database's place.
    ///
    /// # Errors
    /// What the database says.
    pub(super) fn restore(&mut self, backup: &Db) -> anyhow::Result<()> {
        let time = Arc::clone(&self.time) as _;
        let db = copy(backup)?;
        self.growth = db.changes();
        self.core = Core::new(db, time, Arc::clone(&self.entropy) as _);
        self.sessions = sessions(&self.core, self.people.oracle.workspace_id, self.settings);
        self.ends = self.sessions.ends();
        done(restore::begin_new_logs(&self.core))??;
        Ok(())
    }

    /// The server's program ends and begins again on the same database.
    pub(super) fn start_again(&mut self) {
        let (db, time) = (self.core.db().clone(), Arc::clone(&self.time) as _);
        self.core = Core::new(db, time, Arc::clone(&self.entropy) as _);
        self.sessions = sessions(&self.core, self.people.oracle.workspace_id, self.settings);
        self.ends = self.sessions.ends();
    }

    /// Lets the server's disk take nothing from now on, or everything again.
    pub(super) fn fill_disk(&self, is_full: bool) {
        self.core.db().fill_disk(is_full);
    }

    /// Ends a session as an admin does.
    ///
    /// # Errors
    /// What the server says.
    pub(super) fn end_session(&self, id: SessionId) -> anyhow::Result<()> {
        Ok(done(self.sessions.end_simulated(id))??)
    }

    /// Signs somebody in.
    ///
    /// # Errors
    /// What the server says.
    pub(super) fn sign_in(&self, who: Principal, refresh_hash: &str) -> anyhow::Result<Session> {
        let device = Device {
            id: who.teammate_id.to_string(),
            name: "a machine".to_owned(),
            system: "Linux".to_owned(),
            app_version: "1.0.0".to_owned(),
        };
        let begun = self.sessions.begin_simulated(who.teammate_id, &device, refresh_hash);
        Ok(done(begun)??)
    }

    /// Answers a refresh as the router does.
    ///
    /// # Errors
    /// What the server answers with instead.
    pub(super) fn refresh(&self, request: RefreshRequest) -> Result<Session, ApiError> {
        now(self.sessions.refresh(check(), request))?.map_err(|error| said(&error))
    }

    /// Whose access token it is, as the router asks.
    ///
    /// # Errors
    /// What the server answers with instead.
    pub(super) fn authenticate(&self, access_token: &str) -> Result<Caller, ApiError> {
        let known = now(self.sessions.authenticate(access_token))?;
        known.map(|(caller, _)| caller).map_err(|error| said(&error))
    }

    /// Lets a ticket in.
    ///
    /// # Errors
    /// What the server answers with instead.
    pub(super) fn redeem_live_ticket(&self, ticket: &str) -> Result<Caller, ApiError> {
        now(self.sessions.redeem_live_ticket(check(), ticket))?.map_err(|error| said(&error))
    }

    /// A session that has ended since this was asked before, if one has.
    pub(super) fn ended_session(&mut self) -> Option<SessionId> {
        self.ends.try_recv().ok()
    }

    /// Whether the log may have grown since this was asked before: whether a commit was announced that
    /// appended to it.
    pub(super) fn has_grown(&mut self) -> bool {
        let grew = self.growth.has_changed().unwrap_or(true);
        self.growth.mark_unchanged();
        grew
    }

    /// A page of the change log as the oracle sees it, which is everything.
    ///
    /// # Errors
    /// What the server says.
    pub(super) fn everything_after(&self, log_id: LogId, cursor: u64) -> anyhow::Result<SyncPage> {
        Ok(done(sync::page(&self.core, self.people.oracle, log_id, cursor, 500))??)
    }

    /// Answers a question as the router does.
    ///
    /// # Errors
    /// What the server answers with instead.
    pub(super) fn answer(
        &self,
        who: Principal,
        session_id: SessionId,
        ask: &Ask,
        weather: &Weather,
    ) -> Result<Answer, ApiError> {
        let refused = |error: CoreError| error.to_api();
        Ok(match ask {
            Ask::Bootstrap => Answer::Bootstrap(Box::new(
                now(sync::bootstrap(&self.core, who))?.map_err(refused)?,
            )),
            Ask::Sync { log_id, cursor, limit } => {
                let limit = weather.page.min(*limit);
                let page = sync::page(&self.core, who, *log_id, *cursor, limit);
                Answer::Sync(now(page)?.map_err(refused)?)
            }
            Ask::Heads(query) => {
                let limit = query.limit.map_or(weather.heads, |limit| weather.heads.min(limit));
                let query = HeadQuery { limit: Some(limit), ..query.clone() };
                Answer::Heads(now(sync::heads(&self.core, who, &query))?.map_err(refused)?)
            }
            Ask::Conversation { conversation_id, before_seq: Some(before_seq), limit } => {
                let id = *conversation_id;
                let parts = sync::parts_before(&self.core, who, id, *before_seq, *limit);
                Answer::Conversations(now(parts)?.map_err(refused)?)
            }
            Ask::Conversation { conversation_id, before_seq: None, .. } => {
                let ids = [*conversation_id];
                let page = now(sync::conversations(&self.core, who, &ids))?.map_err(refused)?;
                if page.conversations.is_empty() {
                    return Err(refused(CoreError::NotFound));
                }
                Answer::Conversations(page)
            }
            Ask::Fetch(ids) => {
                let page = sync::conversations(&self.core, who, ids);
                Answer::Conversations(now(page)?.map_err(refused)?)
            }
            Ask::Digest => Answer::Digest(now(sync::digest(&self.core, who))?.map_err(refused)?),
            Ask::Commands(request) => {
                let adds =
                    |command: &Command| matches!(command.action, Action::ConversationTagAdd { .. });
                if weather.older_server && request.commands.iter().any(adds) {
                    let message = "There is no such action.";
                    return Err(ApiError::new(ErrorCode::InvalidRequest, message));
                }
                let answer = commands::run_all(&self.core, who, request);
                Answer::Commands(now(answer)?.map_err(refused)?)
            }
            Ask::LiveTicket => {
                let ticket = now(self.sessions.issue_live_ticket(session_id))?;
                Answer::LiveTicket(ticket.map_err(|error| said(&error))?)
            }
        })
    }
}

fn sessions(core: &Core, workspace_id: WorkspaceId, settings: SessionSettings) -> Sessions {
    Sessions::new(core.clone(), workspace_id, LimiterPolicies::default(), settings)
}

/// Sets for how long a cache may be shown without the server, as it was set before the run.
fn set_lease(core: &Core, id: WorkspaceId, lease_s: u32) -> anyhow::Result<()> {
    let write = core.db().write(async move |tx| {
        let version = workspace::get(tx, id).await?.version;
        workspace::set_offline_lease(tx, id, lease_s, version).await
    });
    let written: Result<(), DbError> = done(write)?;
    Ok(written?)
}

/// An account that nobody signs in to with its password.
fn give_account(core: &Core, teammate_id: TeammateId) -> anyhow::Result<()> {
    let seed = SealedSeed { key_id: "none".to_owned(), ciphertext: Vec::new() };
    let write =
        core.db().write(async move |tx| account::put(tx, teammate_id, "none", &seed, None).await);
    let written: Result<(), DbError> = done(write)?;
    Ok(written?)
}

const fn check() -> SecretCheck {
    SecretCheck::simulated(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

fn said(error: &AuthError) -> ApiError {
    let internal = || ApiError::new(ErrorCode::Internal, error.to_string());
    error.answer().unwrap_or_else(internal)
}

fn copy(db: &Db) -> anyhow::Result<Db> {
    db.copy_memory()?.ok_or_else(|| anyhow::anyhow!("the database does not lie in memory"))
}

fn now<T>(future: impl Future<Output = T>) -> Result<T, ApiError> {
    done(future).map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
}
