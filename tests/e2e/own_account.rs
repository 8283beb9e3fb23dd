//! What the owner of an account does with it reaches every machine of theirs.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use recado_protocol::account::{AccountSecurity, RecoveryCodes, SessionList, SessionStanding};
use recado_protocol::host::{AppState, AuthenticatorPicture, Phase, SavedFile, View};
use recado_protocol::{ConversationAccess, ErrorCode, Role, SessionEndReason};
use recado_testkit::{Channel, Engine, Person, TestClient, TestServer};
use serde_json::json;

/// One agent on two machines, each with a conversation in its cache.
struct House {
    server: TestServer,
    shop: Channel,
    ana: Person,
    here: TestClient,
    there: TestClient,
}

impl House {
    async fn build(engine: Engine) -> anyhow::Result<Self> {
        let server = TestServer::start(engine).await?;
        let ana = server.add("Ana Ruiz", Role::Admin, ConversationAccess::all(), &[]).await?;
        let shop = server.channel("Web shop").await?;
        shop.open("Marta", None, "Is the terrace free on Thursday?").await?;
        let (here, there) = (TestClient::start().await?, TestClient::start().await?);
        for client in [&here, &there] {
            client.sign_in(&server.join_link(), &ana).await?;
            anyhow::ensure!(client.inbox(View::All).await?.rows.len() == 1, "it is in the cache");
        }
        Ok(Self { server, shop, ana, here, there })
    }

    async fn sessions(&self) -> anyhow::Result<SessionList> {
        Ok(self.here.ask("sessions", json!({ "teammate_id": null })).await?)
    }

    /// Ends the session on the other machine.
    async fn end_there(&self, wipe: bool) -> anyhow::Result<()> {
        let listed = self.sessions().await?;
        let others = listed.sessions.iter().filter(|session| !session.current);
        let ids: Vec<_> = others.map(|session| session.session_id).collect();
        anyhow::ensure!(ids.len() == 1, "there is one other session");
        let request = json!({ "teammate_id": null, "session_ids": ids, "wipe": wipe });
        let _: SessionList = self.here.ask("sessions_end", request).await?;
        Ok(())
    }

    async fn standing_there(&self) -> anyhow::Result<SessionStanding> {
        let listed = self.sessions().await?;
        let other = listed.sessions.iter().find(|session| !session.current);
        other.map(|session| session.standing).ok_or_else(|| anyhow::anyhow!("it is listed"))
    }
}

/// Waits until a machine is signed out under this code. Gives the reason that it is told.
async fn until_signed_out(
    client: &TestClient,
    code: ErrorCode,
) -> anyhow::Result<Option<SessionEndReason>> {
    client
        .until("it is signed out", async |client| {
            let state: AppState = client.ask("app_state", json!({})).await?;
            let told = state.problem.filter(|problem| problem.code == code);
            let told = told.filter(|_| state.phase == Phase::SignIn);
            Ok(told.map(|problem| problem.session_end))
        })
        .await
}

/// Every file of an account below a profile.
fn account_files(profile: &Path) -> Vec<std::path::PathBuf> {
    let mut folders = vec![profile.join("accounts")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        if path.is_dir() {
            copy_folder(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_machine_erases_its_copy_and_says_so_and_a_copy_of_that_opens_no_more()
-> anyhow::Result<()> {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let house = House::build(engine).await?;
        let stolen = Arc::new(tempfile::tempdir()?);
        copy_folder(&house.there.profile(), &stolen.path().join("profile"))?;
        assert!(!account_files(&house.there.profile()).is_empty());

        house.end_there(true).await?;
        until_signed_out(&house.there, ErrorCode::SessionWiped).await?;
        assert_eq!(account_files(&house.there.profile()), Vec::<std::path::PathBuf>::new());
        house
            .here
            .until("the machine has said that it is erased", async |_| {
                Ok((house.standing_there().await? == SessionStanding::Wiped).then_some(()))
            })
            .await?;

        // With the keychain as it is now, the copy that was taken before has no key any more.
        let copy = house.there.start_on_copy(stolen).await?;
        let phase = copy
            .until("the copy has tried to open", async |client| {
                let state: AppState = client.ask("app_state", json!({})).await?;
                Ok((state.phase != Phase::Opening).then_some(state.phase))
            })
            .await?;
        assert!(matches!(phase, Phase::Blocked | Phase::SignIn), "{phase:?}");
        assert!(copy.inbox(View::All).await.is_err(), "nothing can be read in it");
        drop(copy);
        let started_anew = house.there.restart().await?;
        started_anew
            .until("somebody may sign in", async |client| {
                let state: AppState = client.ask("app_state", json!({})).await?;
                Ok((state.phase == Phase::SignIn).then_some(()))
            })
            .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_a_network_is_wiped_at_its_next_contact() -> anyhow::Result<()> {
    let house = House::build(Engine::Sqlite).await?;
    house.there.network.set_weather(recado_testkit::Weather::Cut);
    house.end_there(true).await?;
    assert_eq!(house.standing_there().await?, SessionStanding::WipePending);
    assert_eq!(house.there.inbox(View::All).await?.rows.len(), 1, "the lease holds");

    house.there.network.set_weather(recado_testkit::Weather::Fair);
    house.there.client().network_changed();
    until_signed_out(&house.there, ErrorCode::SessionWiped).await?;
    assert_eq!(account_files(&house.there.profile()), Vec::<std::path::PathBuf>::new());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_machine_keeps_its_closed_copy_and_opens_it_after_signing_in() -> anyhow::Result<()>
{
    let house = House::build(Engine::Sqlite).await?;
    house.end_there(false).await?;
    let reason = until_signed_out(&house.there, ErrorCode::SessionEnded).await?;
    assert_eq!(reason, Some(SessionEndReason::EndedElsewhere));
    assert!(!account_files(&house.there.profile()).is_empty());
    assert!(house.there.inbox(View::All).await.is_err(), "nothing can be read meanwhile");
    house.shop.open("Noor", None, "Do you deliver?").await?;

    let password = json!({ "email": house.ana.email, "password": house.ana.password });
    let _: AppState = house.there.ask("sign_in", password).await?;
    let code = json!({ "code": house.ana.code()? });
    let _: AppState = house.there.ask("sign_in_code", code).await?;
    house.there.until_online().await?;
    assert_eq!(house.there.inbox(View::All).await?.rows.len(), 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_are_saved_and_let_in_who_has_lost_the_authenticator() -> anyhow::Result<()>
{
    let house = House::build(Engine::Sqlite).await?;
    let made: RecoveryCodes = house.here.ask("recovery_codes_make", json!({})).await?;
    let saved: SavedFile =
        house.here.ask("recovery_codes_save", json!({ "codes": made.codes })).await?;
    let text = fs::read_to_string(&saved.path)?;
    assert!(made.codes.iter().all(|code| text.contains(code)));
    assert!(text.contains(&house.ana.email) && !text.contains(&house.ana.password));

    let phone_lost = TestClient::start().await?;
    let link = json!({ "link": house.server.join_link() });
    let _: AppState = phone_lost.ask("workspace_join", link).await?;
    let password = json!({ "email": house.ana.email, "password": house.ana.password });
    let _: AppState = phone_lost.ask("sign_in", password).await?;
    let code = json!({ "code": made.codes[3].to_uppercase() });
    let _: AppState = phone_lost.ask("sign_in_recovery", code).await?;
    phone_lost.until_online().await?;
    let security: AccountSecurity = phone_lost.ask("account_security", json!({})).await?;
    assert_eq!(security.recovery_codes_left, 9);

    // Whoever has lost the authenticator sets up another one there, which ends the other sessions.
    let setup: AuthenticatorPicture = phone_lost.ask("authenticator_setup", json!({})).await?;
    assert!(setup.rows.len() > 20);
    let mut new = house.ana.clone();
    new.totp_secret.clone_from(&setup.secret);
    let code = json!({ "code": new.code()? });
    let _: AccountSecurity = phone_lost.ask("authenticator_confirm", code).await?;
    for machine in [&house.here, &house.there] {
        let reason = until_signed_out(machine, ErrorCode::SessionEnded).await?;
        assert_eq!(reason, Some(SessionEndReason::CredentialsChanged));
    }
    phone_lost.until_online().await?;
    Ok(())
}
