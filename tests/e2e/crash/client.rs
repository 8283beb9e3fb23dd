//! Rounds in which the client dies, or its disk fails, while the server goes on.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use recado_protocol::host::{
    AppState, ConversationView, Delivery, DraftKind, Drafts, HostError, Outbox, Phase, Submitted,
};
use recado_protocol::{ConversationAccess, ConversationId, ErrorCode, Role};
use recado_testkit::process::{ClientProcess, Surroundings};
use recado_testkit::{Channel, Engine, TestServer};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::disk::{Disk, FaultKind};
use super::lane::{Chance, Trace, require_no_panic};
use super::ledger::{Deed, Ledger, deed};
use super::rows::Database;

/// How long something is waited for that has to happen.
const PATIENCE: Duration = Duration::from_secs(30);
/// About how often the client changes something on its disk while it opens, and during the work of a round.
const CALLS: u64 = 60;

/// What a client did with a question.
enum Said<T> {
    Yes(T),
    No,
    Died,
}

/// A client, and all that is known of it outside of it.
struct Desk {
    server: TestServer,
    shop: Channel,
    database: Database,
    conversations: Vec<ConversationId>,
    me: String,
    folder: tempfile::TempDir,
    disk: Disk,
    surroundings: Surroundings,
    errors: PathBuf,
    ledger: Ledger,
    /// What may stand in each draft.
    drafts: BTreeMap<(ConversationId, DraftKind), Vec<Option<String>>>,
}

fn ask<T: DeserializeOwned>(
    client: &mut ClientProcess,
    command: &str,
    request: Value,
) -> anyhow::Result<Said<T>> {
    client.send(command, request);
    Ok(match client.answer()? {
        None => Said::Died,
        Some(Ok(answer)) => Said::Yes(serde_json::from_value(answer)?),
        Some(Err(_)) => Said::No,
    })
}

impl Desk {
    async fn new(lying: bool) -> anyhow::Result<Self> {
        let server = TestServer::start(Engine::Sqlite).await?;
        let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
        let shop = server.channel("Web shop").await?;
        let mut conversations = Vec::new();
        for name in ["Tom", "Ida", "Joe", "Eva"] {
            conversations.push(shop.open(name, None, &format!("Hello from {name}")).await?);
        }
        let folder = tempfile::tempdir()?;
        let disk = Disk::new(&folder.path().join("profile"), folder.path());
        // Only once it is signed in: a disk that loses all of that leaves nothing to look at.
        let lying_disk = Disk::new(&folder.path().join("profile"), folder.path()).lying();
        let errors = folder.path().join("errors");
        let surroundings = disk.under(Surroundings::default())?;
        let surroundings = Surroundings { errors: Some(errors.clone()), ..surroundings };
        let database = Database::Sqlite(server.data_dir().join("recado.db"));
        let mut desk = Self {
            shop,
            database,
            conversations,
            me: ana.id.to_string(),
            folder,
            disk,
            surroundings,
            errors,
            ledger: Ledger::default(),
            drafts: BTreeMap::new(),
            server,
        };
        let mut client = desk.start()?;
        let link = json!({ "link": desk.server.join_link() });
        let _: AppState = client.ask("workspace_join", link)?;
        let password = json!({ "email": ana.email, "password": ana.password });
        let _: AppState = client.ask("sign_in", password)?;
        let _: AppState = client.ask("sign_in_code", json!({ "code": ana.code()? }))?;
        let begun = Instant::now();
        for &id in &desk.conversations {
            let open = json!({ "conversation_id": id, "limit": 10 });
            while !matches!(
                ask::<ConversationView>(&mut client, "conversation_open", open.clone())?,
                Said::Yes(_)
            ) {
                ensure!(begun.elapsed() < PATIENCE, "the inbox was never loaded");
                client.next_event()?;
            }
        }
        client.kill()?;
        if lying {
            desk.surroundings = Surroundings {
                errors: Some(desk.errors.clone()),
                ..lying_disk.under(Surroundings::default())?
            };
        }
        Ok(desk)
    }

    fn start(&self) -> anyhow::Result<ClientProcess> {
        ClientProcess::start(self.folder.path(), &self.surroundings)
    }

    /// Waits until the inbox is shown. False if the client died before.
    fn until_ready(&self, client: &mut ClientProcess, trace: &mut Trace) -> anyhow::Result<bool> {
        let begun = Instant::now();
        let mut healed = false;
        loop {
            let Said::Yes(state) = ask::<AppState>(client, "app_state", json!({}))? else {
                return Ok(false);
            };
            let problem = state.problem.as_ref().map(|problem| problem.code);
            match (state.phase, problem) {
                (Phase::SignIn | Phase::Join, _) => {
                    bail!("the fault signed the agent out: {problem:?}")
                }
                (_, Some(ErrorCode::CacheDamaged)) => {
                    trace.rebuilt("the cache was built anew");
                    if matches!(ask::<AppState>(client, "problem_retry", json!({}))?, Said::Died) {
                        return Ok(false);
                    }
                }
                (_, Some(code)) if !matches!(code, ErrorCode::DiskFailed | ErrorCode::DiskFull) => {
                    bail!("a problem that this fault cannot make: {:?}", state.problem)
                }
                (Phase::Ready, _) => return Ok(true),
                // Told, and to be tried again once the disk works.
                (Phase::Blocked, _) => {
                    ensure!(!healed || begun.elapsed() < PATIENCE, "it stays blocked: {problem:?}");
                    trace.say(format!("blocked by {problem:?}"));
                    healed = true;
                    self.disk.heal()?;
                    if matches!(ask::<AppState>(client, "problem_retry", json!({}))?, Said::Died) {
                        return Ok(false);
                    }
                }
                _ => {}
            }
            ensure!(begun.elapsed() < PATIENCE, "it never opened: {:?} {problem:?}", state.phase);
            if client.next_event().is_err() {
                return Ok(false);
            }
        }
    }

    /// Waits until nothing is queued, and compares with what was promised. The disk is sound; what failed before may
    /// still have to be tried again.
    async fn settle(
        &mut self,
        client: &mut ClientProcess,
        chance: &mut Chance,
        trace: &mut Trace,
    ) -> anyhow::Result<()> {
        for _ in 0..3 {
            let outcome = self.settle_once(client, chance).await;
            let Err(error) = &outcome else { return outcome };
            let refused = error.downcast_ref::<HostError>().map(|refused| refused.code);
            let rebuilt = refused == Some(ErrorCode::CacheDamaged);
            // What it is told while it opens anew; by now it may have done so.
            let opened_anew = refused == Some(ErrorCode::InvalidRequest);
            if rebuilt {
                trace.rebuilt(format!("the cache is built anew: {error:#}"));
            }
            match ask::<AppState>(client, "app_state", json!({}))? {
                Said::Yes(state) if rebuilt || opened_anew || state.phase != Phase::Ready => {
                    trace.say(format!("{:?} again: {error:#}", state.phase));
                    ensure!(self.until_ready(client, trace)?, "it died on a sound disk");
                }
                _ => return outcome,
            }
        }
        self.settle_once(client, chance).await
    }

    async fn settle_once(
        &mut self,
        client: &mut ClientProcess,
        chance: &mut Chance,
    ) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let outbox: Outbox = client.ask("outbox", json!({}))?;
            if outbox.entries.is_empty() {
                break;
            }
            for entry in outbox.entries {
                if matches!(entry.delivery, Delivery::Refused { .. }) {
                    self.ledger.refused(entry.command_id);
                    let given_up = json!({ "command_id": entry.command_id });
                    let _: Value = client.ask("outbox_discard", given_up)?;
                }
            }
            ensure!(begun.elapsed() < PATIENCE, "the outbox does not drain");
            client.next_event()?;
        }
        let rows = self.database.rows().await?;
        self.ledger.check(&rows)?;
        self.check_drafts(client)?;
        let id = *chance.pick(&self.conversations);
        let place = id.uuid();
        let of_it = |part: &&super::rows::PartRow| part.conversation_id == place.as_bytes();
        let there: Vec<String> =
            rows.parts.iter().filter(of_it).map(|part| part.body_text.clone()).collect();
        loop {
            let open = json!({ "conversation_id": id, "limit": 200 });
            let view: ConversationView = client.ask("conversation_open", open)?;
            let here: Vec<String> =
                view.parts.iter().map(|view| view.part.body_text.clone()).collect();
            if here == there {
                break;
            }
            ensure!(
                begun.elapsed() < PATIENCE,
                "the cache shows {} parts of {}",
                here.len(),
                there.len()
            );
            client.next_event()?;
        }
        require_no_panic(&self.errors)
    }

    fn check_drafts(&mut self, client: &mut ClientProcess) -> anyhow::Result<()> {
        let kept: Drafts = client.ask("drafts", json!({}))?;
        for ((id, kind), may_be) in &mut self.drafts {
            let found = kept
                .drafts
                .iter()
                .find(|kept| kept.draft.conversation_id == *id && kept.draft.kind == *kind)
                .map(|kept| kept.draft.body_text.clone());
            ensure!(may_be.contains(&found), "a draft holds {found:?} and not one of {may_be:?}");
            *may_be = vec![found];
        }
        Ok(())
    }

    /// What a draft may hold after something was asked for, and whether it was done for sure.
    fn draft_may_be(
        &mut self,
        id: ConversationId,
        kind: DraftKind,
        text: Option<String>,
        sure: bool,
    ) {
        let may_be = self.drafts.entry((id, kind)).or_insert_with(|| vec![None]);
        if sure {
            may_be.clear();
        }
        may_be.push(text);
    }

    /// Sends some work to the client and writes down what it says. False once it is dead.
    fn work(
        &mut self,
        client: &mut ClientProcess,
        chance: &mut Chance,
        name: &str,
        all_answers: bool,
    ) -> anyhow::Result<bool> {
        enum Asked {
            Deed(Deed),
            Draft(ConversationId, String),
        }
        let count = 1 + chance.below(6);
        let mut asked = Vec::new();
        for number in 0..count {
            let name = format!("{name}.{number}");
            if chance.one_in(5) {
                let id = *chance.pick(&self.conversations);
                let draft = json!({ "conversation_id": id, "kind": "reply", "body_text": name });
                client.send("draft_save", draft);
                asked.push(Asked::Draft(id, name));
            } else {
                let deed = deed(chance, &self.conversations, &name, &self.me);
                client.send(
                    "command_submit",
                    json!({ "conversation_id": deed.conversation_id, "action": deed.action }),
                );
                asked.push(Asked::Deed(deed));
            }
        }
        let answered = if all_answers { count } else { chance.below(count + 1) };
        let mut alive = true;
        for (number, asked) in (0..count).zip(asked) {
            let answer = if alive && number < answered { client.answer()? } else { None };
            alive &= answer.is_some() || number >= answered;
            let taken = match &answer {
                Some(Ok(answer)) => Some(answer),
                // Told, so nothing was promised.
                Some(Err(_)) | None => None,
            };
            match asked {
                Asked::Draft(id, text) => {
                    self.draft_may_be(id, DraftKind::Reply, Some(text), taken.is_some());
                }
                Asked::Deed(deed) => {
                    let kind = match deed.action["type"].as_str() {
                        Some("conversation_reply") => Some(DraftKind::Reply),
                        Some("conversation_note") => Some(DraftKind::Note),
                        _ => None,
                    };
                    if let Some(kind) = kind {
                        self.draft_may_be(deed.conversation_id, kind, None, taken.is_some());
                    }
                    match taken {
                        Some(answer) => {
                            let submitted: Submitted = serde_json::from_value(answer.clone())?;
                            self.ledger.took(submitted.command_id, deed);
                        }
                        None => self.ledger.unanswered(deed.mark),
                    }
                }
            }
        }
        Ok(alive)
    }

    async fn round(
        &mut self,
        name: &str,
        kinds: &[FaultKind],
        chance: &mut Chance,
        trace: &mut Trace,
    ) -> anyhow::Result<()> {
        // Without a kind the process is killed from outside, at a moment that nobody chose.
        let kind = (!chance.one_in(4)).then(|| *chance.pick(kinds));
        let while_opening = chance.one_in(3);
        if let Some(kind) = kind
            && while_opening
        {
            self.disk.arm(kind, 1 + chance.below(CALLS), chance)?;
        }
        let mut client = self.start()?;
        let mut ready = self.until_ready(&mut client, trace)?;
        if let Some(what) = self.disk.happened() {
            trace.fault(format!("{name} while opening: {what}"));
        }
        self.disk.heal()?;
        // The fault may have met what it did of its own accord right after it had opened.
        ready =
            ready && matches!(ask::<AppState>(&mut client, "app_state", json!({}))?, Said::Yes(_));
        if !ready {
            drop(client);
            client = self.start()?;
            ready = self.until_ready(&mut client, trace)?;
        }
        ensure!(ready, "it died on a sound disk");
        if chance.one_in(2) {
            let id = *chance.pick(&self.conversations);
            let (key, text) = (format!("key {name}"), format!("{name} from a customer"));
            self.shop.message_as(&key, id, &text).await?;
            self.ledger.channel_took(key, text);
        }
        self.settle(&mut client, chance, trace).await.context("before the work")?;

        match kind {
            Some(kind) if !while_opening => {
                self.disk.arm(kind, 1 + chance.below(CALLS), chance)?;
                let alive = self.work(&mut client, chance, name, true)?;
                if alive {
                    // What follows is the client's own work: sending, applying, marking.
                    tokio::time::sleep(Duration::from_micros(chance.below(60_000))).await;
                }
                if let Some(what) = self.disk.happened() {
                    trace.fault(format!("{name} at work: {what}"));
                }
                let survived = alive
                    && matches!(
                        ask::<AppState>(&mut client, "app_state", json!({}))?,
                        Said::Yes(_)
                    );
                if survived && chance.one_in(2) {
                    // It goes on by itself, or after somebody has tried again.
                    self.disk.heal()?;
                    if self.until_ready(&mut client, trace)? {
                        self.settle(&mut client, chance, trace).await.context("after the fault")?;
                    }
                }
            }
            _ => {
                self.work(&mut client, chance, name, false)?;
                tokio::time::sleep(Duration::from_micros(chance.below(40_000))).await;
                trace.named_fault(format!("{name}: killed"));
            }
        }
        client.kill()?;
        self.disk.heal()
    }
}

pub(super) async fn chapter(
    seed: u64,
    rounds: usize,
    kinds: &[FaultKind],
    trace: &mut Trace,
) -> anyhow::Result<()> {
    on_a_desk(Desk::new(false).await?, seed, rounds, kinds, trace).await
}

/// The same on a disk that lies about what it has synced. No program can keep its promises there, so this has to fail.
pub(super) async fn lying_chapter(
    seed: u64,
    rounds: usize,
    trace: &mut Trace,
) -> anyhow::Result<()> {
    on_a_desk(Desk::new(true).await?, seed, rounds, &[FaultKind::Cut], trace).await
}

/// A disk that is full is told as that by a client that stays, and nothing that it promised is lost.
pub(super) async fn on_a_full_disk() -> anyhow::Result<()> {
    let mut desk = Desk::new(false).await?;
    let (mut chance, mut trace) = (Chance::new(1), Trace::default());
    let mut client = desk.start()?;
    ensure!(desk.until_ready(&mut client, &mut trace)?, "it died on a sound disk");
    let id = desk.conversations[0];
    let reply = |text: &str| {
        let action = json!({ "type": "conversation_reply", "body_text": text, "last_seen_seq": 0 });
        Deed { conversation_id: id, mark: Some(text.to_owned()), action }
    };
    let submit = |client: &mut ClientProcess, deed: &Deed| {
        client.send(
            "command_submit",
            json!({ "conversation_id": deed.conversation_id, "action": deed.action }),
        );
        client.answer()?.context("it died")
    };
    let before = reply("while there was room");
    let taken: Submitted = serde_json::from_value(submit(&mut client, &before)??)?;
    desk.ledger.took(taken.command_id, before);
    desk.settle(&mut client, &mut chance, &mut trace).await?;

    desk.disk.arm(FaultKind::FullFromNow, 1, &mut chance)?;
    // What cannot be kept is not promised. Where the cache has met the full disk first, the inbox closes for a moment.
    let begun = Instant::now();
    loop {
        let refused = submit(&mut client, &reply("without room")).map(|answer| answer.err());
        let refused = refused?.context("it promised what it cannot keep")?;
        if refused.code == ErrorCode::DiskFull {
            break;
        }
        let closed = refused.code == ErrorCode::InvalidRequest && begun.elapsed() < PATIENCE;
        ensure!(closed, "{refused:?}");
    }
    desk.shop.message_as("key full", id, "from a customer, without room").await?;
    desk.ledger.channel_took("key full".to_owned(), "from a customer, without room".to_owned());
    let begun = Instant::now();
    let problem = loop {
        let state: AppState = client.ask("app_state", json!({}))?;
        if let (Phase::Blocked, Some(problem)) = (state.phase, state.problem) {
            break problem;
        }
        ensure!(begun.elapsed() < PATIENCE, "it goes on as if there were room");
        client.next_event()?;
    };
    ensure!(problem.code == ErrorCode::DiskFull && problem.can_retry, "{problem:?}");

    desk.disk.heal()?;
    let _: AppState = client.ask("problem_retry", json!({}))?;
    ensure!(desk.until_ready(&mut client, &mut trace)?, "it died on a sound disk");
    let after = reply("with room again");
    let taken: Submitted = serde_json::from_value(submit(&mut client, &after)??)?;
    desk.ledger.took(taken.command_id, after);
    desk.settle(&mut client, &mut chance, &mut trace).await
}

async fn on_a_desk(
    mut desk: Desk,
    seed: u64,
    rounds: usize,
    kinds: &[FaultKind],
    trace: &mut Trace,
) -> anyhow::Result<()> {
    let mut chance = Chance::new(seed);
    for round in 0..rounds {
        let name = format!("{seed}/{round}");
        let outcome = desk.round(&name, kinds, &mut chance, trace).await;
        outcome.with_context(|| format!("round {round}"))?;
    }
    let mut client = desk.start()?;
    ensure!(desk.until_ready(&mut client, trace)?, "it died on a sound disk");
    desk.settle(&mut client, &mut chance, trace).await.context("at the end")?;
    ensure!(desk.ledger.promises() * 2 >= rounds, "hardly anything was promised");
    Ok(())
}
