//! The whole of what a client opens, damaged: its settings, the file that names the server, the keys and the databases.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use recado_protocol::host::{AppState, Drafts, Outbox, Phase};
use recado_protocol::{ConversationAccess, ErrorCode, Role};
use recado_testkit::{Engine, TestClient, TestServer, Weather};
use serde_json::json;

use super::super::lane::{Chance, Trace};
use super::damage::{copy_all, damage};

/// What the agent has written in vain: there is no network.
const NOTES: usize = 9;
const DRAFTS: usize = 3;

/// A client that is signed in, was cut off from the network, wrote something and was killed.
pub(super) struct Installation {
    /// Holds the keychain and the network.
    client: TestClient,
    killed: tempfile::TempDir,
    /// Every file of the profile that can be damaged.
    files: Vec<PathBuf>,
    _server: TestServer,
}

/// The contents of the files of the databases and their keys.
fn contents(dir: &Path) -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if path.is_dir() {
                dirs.push(path);
            } else if !path.to_string_lossy().ends_with("-shm") {
                found.insert(path.clone(), fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

impl Installation {
    pub(super) async fn new() -> anyhow::Result<Self> {
        let server = TestServer::start(Engine::Sqlite).await?;
        let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
        let shop = server.channel("Web shop").await?;
        let mut conversations = Vec::new();
        for name in ["Tom", "Ida", "Joe"] {
            conversations.push(shop.open(name, None, &format!("Hello from {name}")).await?);
        }
        let client = TestClient::start().await?;
        client.sign_in(&server.join_link(), &ana).await?;
        for (&id, name) in conversations.iter().zip(["Tom", "Ida", "Joe"]) {
            client.until_shows(id, name).await?;
        }
        let settings: AppState = client.ask("app_state", json!({})).await?;
        let chosen = serde_json::to_value(&settings.settings)?;
        let _: AppState = client.ask("settings_save", chosen).await?;
        client.network.set_weather(Weather::Cut);
        for number in 0..NOTES {
            let action =
                json!({ "type": "conversation_note", "body_text": format!("note {number}") });
            let id = conversations[number % conversations.len()];
            client.submit(id, serde_json::from_value(action)?).await?;
        }
        for &id in &conversations {
            let draft =
                json!({ "conversation_id": id, "kind": "reply", "body_text": "half a word" });
            let _: serde_json::Value = client.ask("draft_save", draft).await?;
        }
        let killed = tempfile::tempdir()?;
        copy_all(&client.profile(), killed.path())?;
        let files: Vec<PathBuf> = contents(killed.path())?
            .into_iter()
            .filter(|(path, bytes)| !bytes.is_empty() && name_of(path) != "lock")
            .filter_map(|(path, _)| path.strip_prefix(killed.path()).ok().map(Path::to_owned))
            .collect();
        let names: Vec<String> = files.iter().map(|path| name_of(path)).collect();
        for needed in
            ["account.json", "settings.json", "keys.json", "keys-copy.json", "outbox.db-wal"]
        {
            ensure!(names.iter().any(|name| name == needed), "there is no {needed} in {names:?}");
        }
        Ok(Self { client, killed, files, _server: server })
    }

    /// Starts a client on a profile and waits until it has come to something.
    async fn start(
        &self,
        folder: &Arc<tempfile::TempDir>,
    ) -> anyhow::Result<(TestClient, AppState)> {
        let client = self.client.start_on_copy(folder.clone()).await?;
        let state = client
            .until("the client has opened what it can", async |client| {
                let state: AppState = client.ask("app_state", json!({})).await?;
                Ok((state.phase != Phase::Opening).then_some(state))
            })
            .await?;
        Ok((client, state))
    }

    pub(super) async fn round(
        &mut self,
        chance: &mut Chance,
        trace: &mut Trace,
    ) -> anyhow::Result<()> {
        let folder = Arc::new(tempfile::tempdir()?);
        let profile = folder.path().join("profile");
        copy_all(self.killed.path(), &profile)?;
        let file = chance.pick(&self.files).clone();
        let name = name_of(&file);
        let sound = fs::read(profile.join(&file))?;
        let what = damage(&profile.join(&file), chance)?;
        trace.fault(format!("the client: {what}"));
        let before = contents(&profile.join("accounts"))?;
        let (mut client, mut state) = self.start(&folder).await?;
        let problem = |state: &AppState| state.problem.as_ref().map(|problem| problem.code);
        if state.phase != Phase::Ready {
            // The databases do not tell whose they are: without that file somebody signs in again.
            ensure!(name == "account.json", "{:?}, {:?}", state.phase, state.problem);
            ensure!(state.phase == Phase::Join, "{:?}, {:?}", state.phase, state.problem);
            ensure!(problem(&state) == Some(ErrorCode::DiskFailed), "nobody was told");
            client.stop().await;
            ensure!(contents(&profile.join("accounts"))? == before, "the account was touched");
            fs::write(profile.join(&file), &sound)?;
            (client, state) = self.start(&folder).await?;
        }
        ensure!(state.phase == Phase::Ready, "{:?}, {:?}", state.phase, state.problem);
        self.require_all_work(&client).await.with_context(|| format!("{:?}", state.problem))?;
        client.stop().await;
        // Whatever was damaged, the keys are the ones that the databases were made with.
        for (path, bytes) in contents(&self.killed.path().join("accounts"))? {
            if name_of(&path).starts_with("keys") {
                let here = profile.join(path.strip_prefix(self.killed.path())?);
                ensure!(fs::read(&here)? == bytes, "{} is another one", here.display());
            }
        }
        Ok(())
    }

    /// Everything that the agent wrote is there. Damage may be found, told and put right while it is looked at.
    async fn require_all_work(&self, client: &TestClient) -> anyhow::Result<()> {
        client
            .until("all that the agent wrote is there", async |client| {
                let outbox = client.ask::<Outbox>("outbox", json!({})).await;
                let drafts = client.ask::<Drafts>("drafts", json!({})).await;
                let (Ok(outbox), Ok(drafts)) = (outbox, drafts) else { return Ok(None) };
                let all = outbox.entries.len() == NOTES && drafts.drafts.len() == DRAFTS;
                Ok(all.then_some(()))
            })
            .await
    }
}
