//! Processes that die at each step of making a key, of changing it, and of moving it: the next one opens
//! everything.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use recado_protocol::host::{AppState, Draft, DraftKind, Drafts, Phase, SecretStorage};
use recado_protocol::{ConversationAccess, ConversationId, ErrorCode, Role};
use recado_testkit::process::{ClientProcess, Surroundings};
use recado_testkit::{Engine, Person, TestServer};
use serde_json::{Value, json};

use super::profile::{ensure_newer, make_older};

const PATIENCE: Duration = Duration::from_secs(30);
const PASSPHRASE: &str = "a horse, a battery and a staple";
const DRAFT: &str = "Half a thought";
/// The step at which a process dies.
const STEP: &str = "RECADO_KEY_STEP";

const CREATION: [&str; 4] = ["Creating", "Created", "FirstFile", "BothFiles"];
const SETTLING: [&str; 3] = ["Settling", "FirstFile", "BothFiles"];
const ROTATION: [&str; 7] =
    ["Rotating", "NextStored", "FirstFile", "BothFiles", "NextChecked", "KeyReplaced", "Rotated"];
const MOVE: [&str; 4] = ["Moving", "KeyMoved", "SessionMoved", "VaultRemoved"];

/// A house, and one agent's machine after the other.
struct House {
    server: TestServer,
    conversation: ConversationId,
    people: usize,
}

/// A machine, on which programs die.
struct Machine<'a> {
    house: &'a House,
    person: Person,
    folder: tempfile::TempDir,
    /// What has to be there whenever it opens.
    drafted: bool,
}

impl House {
    async fn new() -> anyhow::Result<Self> {
        let server = TestServer::start(Engine::Sqlite).await?;
        let shop = server.channel("Web shop").await?;
        let conversation = shop.open("Tom", None, "Where is my order?").await?;
        Ok(Self { server, conversation, people: 0 })
    }

    /// A machine on which nobody has signed in.
    async fn machine(&mut self) -> anyhow::Result<Machine<'_>> {
        self.people += 1;
        let name = format!("Agent {}", self.people);
        let access = ConversationAccess::all();
        let person = self.server.add(&name, Role::Agent, access, &[]).await?;
        Ok(Machine { house: self, person, folder: tempfile::tempdir()?, drafted: false })
    }
}

impl Machine<'_> {
    fn profile(&self) -> PathBuf {
        self.folder.path().join("profile")
    }

    /// Starts a program that dies at a step, or at none.
    fn start(&self, step: Option<&str>) -> anyhow::Result<ClientProcess> {
        let surroundings = match step {
            Some(step) => Surroundings::default().with(STEP, format!("{step}:1")),
            None => Surroundings::default(),
        };
        ClientProcess::start(self.folder.path(), &surroundings)
    }

    fn join(&self, client: &mut ClientProcess) -> anyhow::Result<()> {
        let link = json!({ "link": self.house.server.join_link() });
        client.ask::<AppState>("workspace_join", link).map(drop)
    }

    /// The step before the last one of a sign-in. Gives the last one's request.
    fn password(&self, client: &mut ClientProcess) -> anyhow::Result<Value> {
        let password = json!({ "email": self.person.email, "password": self.person.password });
        let _: AppState = client.ask("sign_in", password)?;
        Ok(json!({ "code": self.person.code()? }))
    }

    /// Signs in, waits for the inbox and writes half a thought.
    fn sign_in(&mut self, client: &mut ClientProcess) -> anyhow::Result<()> {
        let code = self.password(client)?;
        let _: AppState = client.ask("sign_in_code", code)?;
        self.until_open(client)?;
        let (conversation_id, body_text) = (self.house.conversation, DRAFT.to_owned());
        let draft = Draft { conversation_id, kind: DraftKind::Reply, body_text };
        let _: Value = client.ask("draft_save", serde_json::to_value(draft)?)?;
        self.drafted = true;
        Ok(())
    }

    /// Waits for the inbox, and gives passphrases on the way where they are asked for.
    fn until_open(&self, client: &mut ClientProcess) -> anyhow::Result<AppState> {
        let begun = Instant::now();
        loop {
            let state: AppState = client.ask("app_state", json!({}))?;
            let code = state.problem.as_ref().map(|problem| problem.code);
            let passphrase = json!({ "passphrase": PASSPHRASE });
            match (state.phase, code) {
                (Phase::Ready, _) => return Ok(state),
                (Phase::Locked, _) => drop(client.ask::<AppState>("app_unlock", passphrase)?),
                (Phase::Blocked, Some(ErrorCode::VaultLocked)) => {
                    drop(client.ask::<AppState>("vault_unlock", passphrase)?);
                }
                (Phase::Opening, _) if begun.elapsed() < PATIENCE => client.next_event()?,
                _ => bail!("it does not open: {:?} {:?}", state.phase, state.problem),
            }
        }
    }

    /// A new program, to which everything opens, and what was written is there.
    fn reopened(&self) -> anyhow::Result<(ClientProcess, AppState)> {
        let mut client = self.start(None)?;
        let state = self.until_open(&mut client)?;
        if self.drafted {
            let drafts: Drafts = client.ask("drafts", json!({}))?;
            let there = drafts.drafts.iter().any(|stored| stored.draft.body_text == DRAFT);
            ensure!(there, "what was written is gone");
        }
        Ok((client, state))
    }
}

/// Sends a command and waits until the program has died of it.
fn until_dead(client: &mut ClientProcess, command: &str, request: Value) -> anyhow::Result<()> {
    client.send(command, request);
    let begun = Instant::now();
    while client.answer()?.is_some() {
        ensure!(begun.elapsed() < PATIENCE, "it does not die");
        client.send("next_event", Value::Null);
    }
    client.kill()
}

pub(super) async fn while_a_key_is_made() -> anyhow::Result<()> {
    let mut house = House::new().await?;
    for step in CREATION {
        let machine = house.machine().await?;
        let died = || -> anyhow::Result<()> {
            let mut client = machine.start(Some(step))?;
            machine.join(&mut client)?;
            let code = machine.password(&mut client)?;
            until_dead(&mut client, "sign_in_code", code)?;
            machine.reopened()?.0.kill()
        };
        died().context(step)?;
    }
    Ok(())
}

pub(super) async fn while_an_older_form_is_renewed() -> anyhow::Result<()> {
    let mut house = House::new().await?;
    let mut machine = house.machine().await?;
    let mut client = machine.start(None)?;
    machine.join(&mut client)?;
    machine.sign_in(&mut client)?;
    client.kill()?;
    for step in SETTLING {
        let died = || -> anyhow::Result<()> {
            make_older(&machine.profile())?;
            let mut client = machine.start(Some(step))?;
            until_dead(&mut client, "app_state", json!({}))?;
            machine.reopened()?.0.kill()?;
            ensure_newer(&machine.profile())
        };
        died().context(step)?;
    }
    Ok(())
}

pub(super) async fn while_the_key_is_changed() -> anyhow::Result<()> {
    let mut house = House::new().await?;
    let mut machine = house.machine().await?;
    let mut client = machine.start(None)?;
    machine.join(&mut client)?;
    machine.sign_in(&mut client)?;
    client.kill()?;
    let set = json!({ "passphrase": PASSPHRASE, "current": null });
    let remove = json!({ "passphrase": PASSPHRASE });
    for step in ROTATION {
        let died = || -> anyhow::Result<()> {
            let mut client = machine.start(Some(step))?;
            machine.until_open(&mut client)?;
            until_dead(&mut client, "app_lock_set", set.clone())?;
            let (mut client, state) = machine.reopened()?;
            if !state.app_lock {
                let _: AppState = client.ask("app_lock_set", set.clone())?;
            }
            client.kill()?;

            let mut client = machine.start(Some(step))?;
            machine.until_open(&mut client)?;
            until_dead(&mut client, "app_lock_remove", remove.clone())?;
            let (mut client, state) = machine.reopened()?;
            if state.app_lock {
                let _: AppState = client.ask("app_lock_remove", remove.clone())?;
            }
            client.kill()
        };
        died().context(step)?;
    }
    // What one has left is finished by another, which dies as well.
    let mut client = machine.start(Some("NextChecked"))?;
    machine.until_open(&mut client)?;
    until_dead(&mut client, "app_lock_set", set)?;
    let mut client = machine.start(Some("KeyReplaced"))?;
    let begun = Instant::now();
    while client.ask::<AppState>("app_state", json!({}))?.phase != Phase::Locked {
        ensure!(begun.elapsed() < PATIENCE, "it does not ask for the passphrase");
        client.next_event()?;
    }
    until_dead(&mut client, "app_unlock", remove)?;
    machine.reopened()?.0.kill()
}

pub(super) async fn while_it_is_moved() -> anyhow::Result<()> {
    let mut house = House::new().await?;
    for step in MOVE.into_iter().chain(ROTATION) {
        let mut machine = house.machine().await?;
        let mut died = || -> anyhow::Result<()> {
            let absent = machine.folder.path().join("keychain.absent");
            std::fs::write(&absent, "")?;
            let mut client = machine.start(None)?;
            machine.join(&mut client)?;
            ensure!(machine.password(&mut client).is_err(), "there is no keychain");
            let passphrase = json!({ "passphrase": PASSPHRASE });
            let _: AppState = client.ask("vault_create", passphrase)?;
            machine.sign_in(&mut client)?;
            client.kill()?;

            std::fs::remove_file(absent)?;
            let mut client = machine.start(Some(step))?;
            let state = machine.until_open(&mut client)?;
            ensure!(state.secret_storage == SecretStorage::Vault, "{:?}", state.secret_storage);
            until_dead(&mut client, "vault_leave", json!({}))?;
            let (mut client, state) = machine.reopened()?;
            if state.secret_storage == SecretStorage::Vault {
                let _: AppState = client.ask("vault_leave", json!({}))?;
                machine.until_open(&mut client)?;
            }
            client.kill()?;
            let (mut client, state) = machine.reopened()?;
            ensure!(state.secret_storage == SecretStorage::Keychain, "{:?}", state.secret_storage);
            ensure!(!machine.profile().join("vault.json").exists(), "the file is still there");
            client.kill()
        };
        died().context(step)?;
    }
    Ok(())
}
