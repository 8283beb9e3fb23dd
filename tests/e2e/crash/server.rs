//! Rounds in which the server, its disk or its PostgreSQL fails, while agents and customers go on.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use recado_protocol::host::{AppState, Delivery, Outbox, Phase};
use recado_protocol::{Action, ConversationAccess, ConversationId, Role};
use recado_server::backend::Database as ServerDatabase;
use recado_testkit::process::{ServerProcess, Surroundings};
use recado_testkit::{Channel, TestClient, TestServer};
use serde_json::json;
use xtask::postgres::{End, Postgres};

use super::disk::{Disk, FaultKind};
use super::lane::{Chance, Trace, require_no_panic};
use super::ledger::{Ledger, deed};
use super::rows::Database;

/// How long something is waited for that has to happen.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a fault is waited for that may never happen.
const FAULT_TIME: Duration = Duration::from_millis(600);
/// About how often the server changes something on its disk in a round. One commit is some dozens of calls, and only what
/// comes after the first can undo what was already answered.
const CALLS: u64 = 300;
/// About how often each of PostgreSQL's processes does so.
const POSTGRES_CALLS: u64 = 3;
/// Commands are committed and their answer is not sent: the place that the promise names.
const ANSWER_LOST: &str = "commands:after-commit";
/// Where the server can be had to die, and how often it comes there in a round, about.
const PLACES: [(&str, u64); 6] = [
    ("storage:statement", 150),
    ("storage:before-commit", 10),
    ("storage:after-commit", 10),
    (ANSWER_LOST, 3),
    ("channel:after-commit", 3),
    ("refresh:after-commit", 1),
];

/// What fails in a chapter.
pub(super) enum Failing<'a> {
    /// The server's process, at fail points and at any moment.
    Process(Option<&'a Postgres>),
    /// The disk under its SQLite.
    Disk,
    /// The same disk, which says that it has synced and has not. No program can keep its promises there.
    LyingDisk,
    /// The PostgreSQL under it.
    Postgres(&'a mut Postgres),
    /// The disk under its PostgreSQL.
    PostgresDisk(&'a mut Postgres, &'a mut Disk),
}

/// A server's data, and the people around it.
struct House {
    data_dir: PathBuf,
    port: u16,
    disk: Disk,
    surroundings: Surroundings,
    errors: PathBuf,
    database: Database,
    agent: Option<TestClient>,
    shop: Channel,
    conversations: Vec<ConversationId>,
    me: String,
    ledger: Ledger,
    /// Messages of customers that nobody has said yes to: key, conversation, text.
    waiting: Vec<(String, ConversationId, String)>,
    _folder: tempfile::TempDir,
}

impl House {
    async fn new(postgres: Option<&Postgres>, lying: bool) -> anyhow::Result<Self> {
        let schema = format!("crash_{}", uuid::Uuid::new_v4().simple());
        let on = match postgres {
            None => ServerDatabase::InDataDirectory,
            Some(postgres) => {
                ServerDatabase::PostgresSchema { url: postgres.url(), schema: schema.clone() }
            }
        };
        let server = TestServer::start_on(on).await?;
        let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
        let shop = server.channel("Web shop").await?;
        let mut conversations = Vec::new();
        for name in ["Tom", "Ida", "Joe", "Eva"] {
            conversations.push(shop.open(name, None, &format!("Hello from {name}")).await?);
        }
        let agent = TestClient::start().await?;
        agent.sign_in(&server.join_link(), &ana).await?;
        for (&id, name) in conversations.iter().zip(["Tom", "Ida", "Joe", "Eva"]) {
            agent.until_shows(id, name).await?;
        }
        let (folder, port) = server.stop().await;
        let data_dir = folder.path().join("server");
        let disk = Disk::new(&data_dir, folder.path());
        let disk = if lying { disk.lying() } else { disk };
        let errors = folder.path().join("errors");
        let surroundings = Surroundings { errors: Some(errors.clone()), ..Surroundings::default() };
        let (surroundings, database) = match postgres {
            None => {
                let database = Database::Sqlite(data_dir.join("recado.db"));
                (disk.under(surroundings)?, database)
            }
            Some(postgres) => {
                let url = postgres.url();
                let surroundings = surroundings.on_postgres(&url, &schema);
                (surroundings, Database::Postgres { url, schema })
            }
        };
        Ok(Self {
            data_dir,
            port,
            disk,
            surroundings,
            errors,
            database,
            agent: Some(agent),
            shop,
            conversations,
            me: ana.id.to_string(),
            ledger: Ledger::default(),
            waiting: Vec::new(),
            _folder: folder,
        })
    }

    fn agent(&self) -> anyhow::Result<&TestClient> {
        self.agent.as_ref().context("the agent is gone")
    }

    /// Starts the server. `None` if it dies before it answers.
    fn start(&self, fail_point: Option<&str>) -> anyhow::Result<Option<ServerProcess>> {
        let surroundings = match fail_point {
            Some(fail_point) => self.surroundings.clone().dying_at(fail_point),
            None => self.surroundings.clone(),
        };
        let server = ServerProcess::start(&self.data_dir, self.port, &surroundings)?;
        if server.is_some()
            && let Some(agent) = &self.agent
        {
            agent.client().network_changed();
        }
        Ok(server)
    }

    /// The agent writes, customers write, and whatever was not confirmed is sent again.
    async fn work(&mut self, chance: &mut Chance, name: &str) -> anyhow::Result<()> {
        for number in 0..1 + chance.below(4) {
            let deed = deed(chance, &self.conversations, &format!("{name}.{number}"), &self.me);
            let action: Action = serde_json::from_value(deed.action.clone())?;
            let submitted = self.agent()?.submit(deed.conversation_id, action).await?;
            self.ledger.took(submitted.command_id, deed);
        }
        for number in 0..chance.below(3) {
            let id = *chance.pick(&self.conversations);
            let key = format!("key {name}.{number}");
            self.waiting.push((key, id, format!("{name}.{number} from a customer")));
        }
        Ok(())
    }

    /// Sends customers' messages, and keeps those that nobody said yes to.
    async fn send_waiting(&mut self) {
        let mut left = Vec::new();
        for (key, id, text) in std::mem::take(&mut self.waiting) {
            match self.shop.message_as(&key, id, &text).await {
                Ok(_) => self.ledger.channel_took(key, text),
                Err(_) => left.push((key, id, text)),
            }
        }
        self.waiting = left;
    }

    async fn outbox(&mut self) -> anyhow::Result<usize> {
        let agent = self.agent.as_ref().context("the agent is gone")?;
        let state: AppState = agent.ask("app_state", json!({})).await?;
        ensure!(state.phase != Phase::SignIn, "the fault signed the agent out");
        if state.phase != Phase::Ready {
            return Ok(usize::MAX);
        }
        let outbox: Outbox = agent.ask("outbox", json!({})).await?;
        for entry in &outbox.entries {
            if matches!(entry.delivery, Delivery::Refused { .. }) {
                self.ledger.refused(entry.command_id);
                let given_up = json!({ "command_id": entry.command_id });
                let _: serde_json::Value = agent.ask("outbox_discard", given_up).await?;
            }
        }
        Ok(outbox.entries.len())
    }

    /// Waits, on a sound server, until everything is there, and compares it with what was promised.
    async fn settle(&mut self, chance: &mut Chance) -> anyhow::Result<()> {
        let begun = Instant::now();
        if chance.one_in(4) {
            // A new start asks for a new token, too.
            let agent = self.agent.take().context("the agent is gone")?;
            self.agent = Some(agent.restart().await?);
        }
        loop {
            self.send_waiting().await;
            if self.outbox().await? == 0 && self.waiting.is_empty() {
                break;
            }
            ensure!(begun.elapsed() < PATIENCE, "the outbox does not drain");
            self.agent()?.client().network_changed();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let rows = self.database.rows().await?;
        self.ledger.check(&rows)?;
        require_no_panic(&self.errors)
    }

    /// Lets the server work until it dies, everything is done, or its time is over. True if it has died.
    async fn until_dead(
        &mut self,
        server: &mut ServerProcess,
        time: Duration,
    ) -> anyhow::Result<bool> {
        let begun = Instant::now();
        loop {
            if server.has_ended()? {
                return Ok(true);
            }
            self.send_waiting().await;
            let done = self.outbox().await? == 0 && self.waiting.is_empty();
            if done || begun.elapsed() > time {
                return server.has_ended();
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }

    /// The process dies after a COMMIT of the agent's commands and before their answer.
    async fn lost_answer_round(
        &mut self,
        name: &str,
        chance: &mut Chance,
        trace: &mut Trace,
    ) -> anyhow::Result<()> {
        self.work(chance, name).await?;
        let server = self.start(Some(&format!("{ANSWER_LOST}:1")))?;
        let mut server = server.context("a sound server did not start")?;
        let died = self.until_dead(&mut server, PATIENCE).await?;
        ensure!(died, "the server answered commands after which it had to die");
        trace.named_fault(format!("{name}: died at {ANSWER_LOST}"));
        Ok(())
    }

    /// The process dies at a fail point or at any moment.
    async fn process_round(
        &mut self,
        name: &str,
        chance: &mut Chance,
        trace: &mut Trace,
    ) -> anyhow::Result<()> {
        self.work(chance, name).await?;
        let (place, often) = *chance.pick(&PLACES);
        let fail_point = format!("{place}:{}", 1 + chance.below(often));
        let at_fail_point = !chance.one_in(4);
        let server = self.start(at_fail_point.then_some(fail_point.as_str()))?;
        let Some(mut server) = server else {
            trace.fault(format!("{name}: died at {fail_point} while it started"));
            return Ok(());
        };
        let moment = Duration::from_micros(chance.below(60_000));
        let time = if at_fail_point { FAULT_TIME } else { moment };
        if self.until_dead(&mut server, time).await? {
            trace.fault(format!("{name}: died at {fail_point}"));
        } else {
            trace.fault(format!("{name}: killed"));
        }
        server.kill()
    }

    /// The disk fails, while the server starts or while it works.
    async fn disk_round(
        &mut self,
        name: &str,
        kind: FaultKind,
        chance: &mut Chance,
        trace: &mut Trace,
    ) -> anyhow::Result<()> {
        self.work(chance, name).await?;
        let while_starting = chance.one_in(4);
        if while_starting {
            self.disk.arm(kind, 1 + chance.below(12), chance)?;
        }
        let server = self.start(None)?;
        if !while_starting {
            self.disk.arm(kind, 1 + chance.below(CALLS), chance)?;
        }
        let mut sound = true;
        if let Some(mut server) = server {
            let died = self.until_dead(&mut server, FAULT_TIME).await?;
            let what = self.disk.happened();
            sound = what.is_none();
            self.disk.heal()?;
            if let Some(what) = what {
                trace.fault(format!("{name}: {what}, died: {died}"));
            }
            if !died && chance.one_in(2) {
                // A disk that works again is all that it needs.
                self.settle(chance).await.context("after the disk was healed")?;
            }
            server.kill()?;
        }
        if let Some(what) = self.disk.happened() {
            trace.fault(format!("{name} while it started: {what}"));
        } else if sound {
            trace.say(format!("{name}: killed"));
        }
        self.disk.heal()
    }
}

/// Rounds in which the process or its disk fails.
pub(super) async fn chapter(
    seed: u64,
    rounds: usize,
    failing: Failing<'_>,
    trace: &mut Trace,
) -> anyhow::Result<()> {
    let mut chance = Chance::new(seed);
    let mut house = match &failing {
        Failing::Process(postgres) => House::new(*postgres, false).await?,
        Failing::Disk => House::new(None, false).await?,
        Failing::LyingDisk => House::new(None, true).await?,
        Failing::Postgres(postgres) | Failing::PostgresDisk(postgres, _) => {
            House::new(Some(&**postgres), false).await?
        }
    };
    match failing {
        Failing::Postgres(postgres) => {
            return postgres_rounds(&mut house, seed, rounds, postgres, trace).await;
        }
        Failing::PostgresDisk(postgres, disk) => {
            return postgres_disk_rounds(&mut house, seed, rounds, postgres, disk, trace).await;
        }
        _ => {}
    }
    for round in 0..rounds {
        let name = format!("{seed}/{round}");
        let outcome = async {
            match failing {
                Failing::Disk => {
                    let kind = *chance.pick(&FaultKind::ALL);
                    house.disk_round(&name, kind, &mut chance, trace).await?;
                }
                Failing::LyingDisk => {
                    house.disk_round(&name, FaultKind::Cut, &mut chance, trace).await?;
                }
                _ if round % 3 == 1 => house.lost_answer_round(&name, &mut chance, trace).await?,
                _ => house.process_round(&name, &mut chance, trace).await?,
            }
            if round % 3 == 2 || round + 1 == rounds {
                let server = house.start(None)?.context("a sound server did not start")?;
                house.settle(&mut chance).await.context("on a sound server")?;
                server.kill()?;
            }
            anyhow::Ok(())
        };
        outcome.await.with_context(|| format!("round {round}"))?;
    }
    ensure!(house.ledger.promises() >= rounds, "hardly anything was promised");
    Ok(())
}

/// PostgreSQL dies under load and comes back. The server stays, and finds it again by itself.
async fn postgres_rounds(
    house: &mut House,
    seed: u64,
    rounds: usize,
    postgres: &mut Postgres,
    trace: &mut Trace,
) -> anyhow::Result<()> {
    let mut chance = Chance::new(seed);
    let mut server = house.start(None)?.context("the server did not start")?;
    for round in 0..rounds {
        let name = format!("{seed}/{round}");
        house.work(&mut chance, &name).await?;
        let end = if chance.one_in(2) { End::Killed } else { End::Immediate };
        let moment = Duration::from_micros(chance.below(30_000));
        let sending = async {
            house.send_waiting().await;
        };
        let dying = async {
            tokio::time::sleep(moment).await;
            postgres.crash(end)
        };
        let ((), died) = tokio::join!(sending, dying);
        died?;
        trace.fault(format!("{name}: {end:?}"));
        house.work(&mut chance, &format!("{name}+")).await?;
        house.send_waiting().await;
        postgres.until_ready()?;
        house.settle(&mut chance).await.with_context(|| format!("round {round}, {end:?}"))?;
        ensure!(!server.has_ended()?, "the server ended with its database");
    }
    server.kill()
}

/// The disk under PostgreSQL refuses what it is asked for, and is mended. The server stays; PostgreSQL too, or else it is
/// started again, as whoever mends a disk does.
async fn postgres_disk_rounds(
    house: &mut House,
    seed: u64,
    rounds: usize,
    postgres: &mut Postgres,
    disk: &mut Disk,
    trace: &mut Trace,
) -> anyhow::Result<()> {
    let mut chance = Chance::new(seed);
    let mut server = house.start(None)?.context("the server did not start")?;
    for round in 0..rounds {
        let name = format!("{seed}/{round}");
        let kind = *chance.pick(&FaultKind::REFUSALS);
        disk.arm(kind, 1 + chance.below(POSTGRES_CALLS), &mut chance)?;
        house.work(&mut chance, &name).await?;
        let ended = house.until_dead(&mut server, FAULT_TIME).await?;
        ensure!(!ended, "the server ended with its database's disk");
        disk.heal()?;
        if let Some(what) = disk.happened() {
            trace.fault(format!("{name}: {what}"));
        }
        if !postgres.is_ready_within(Duration::from_secs(2))? {
            trace.say(format!("{name}: PostgreSQL is started again"));
            postgres.crash(End::Immediate)?;
            postgres.until_ready()?;
        }
        house.settle(&mut chance).await.with_context(|| format!("round {round}, {kind:?}"))?;
        ensure!(!server.has_ended()?, "the server ended with its database");
    }
    server.kill()
}
