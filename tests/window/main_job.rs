//! The main job, as an agent does it.

use std::collections::BTreeSet;

use anyhow::Result;
use recado_protocol::{ConversationAccess, Role};
use recado_testkit::profile_scan::{files, found_in};
use recado_testkit::{Engine, TestClient, TestServer};

use crate::desk::Desk;

const REPLY: &str = "CanaryReply71 is on its way";
const NOTE: &str = "CanaryNote72 for colleagues";
const DRAFT: &str = "CanaryDraft73 half written";

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_answers_in_the_window_and_a_colleague_sees_it() -> Result<()> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let ben = server.add("Ben Okafor", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    let id = shop.open("CanaryName70", None, "CanaryFirst74 is it open?").await?;
    let b = TestClient::start().await?;
    b.sign_in(&server.join_link(), &ben).await?;

    let link = server.join_link();
    let person = ana.clone();
    let desk = blocking(move || {
        let desk = Desk::sit_down()?;
        desk.sign_in(&link, &person)?;
        desk.click("sidebar-view-all")?;
        desk.click("conversation-row")?;
        desk.until_shown("[data-testid=message]", "CanaryFirst74")?;
        Ok(desk)
    })
    .await?;

    // A customer's message arrives in both.
    shop.message(id, "CanarySecond75 hello?").await?;
    b.until_shows(id, "CanarySecond75").await?;
    let desk = blocking(move || {
        desk.until_shown("[data-testid=message]", "CanarySecond75")?;
        desk.click("composer-tab-reply")?;
        desk.fill("composer-editor", REPLY)?;
        desk.click("composer-send")?;
        desk.until_shown("[data-testid=message][data-delivery=sent]", REPLY)?;
        desk.click("composer-tab-note")?;
        desk.fill("composer-editor", NOTE)?;
        desk.click("composer-send")?;
        desk.until_shown("[data-testid=message][data-kind=note][data-delivery=sent]", NOTE)?;
        Ok(desk)
    })
    .await?;

    assert_eq!(b.until_shows(id, REPLY).await?, 1);
    b.until_shows(id, NOTE).await?;
    let replies = shop.replies().await?;
    assert_eq!(replies.len(), 1, "the channel's whole cursor holds the reply once, and no note");
    assert_eq!(replies[0].body_text, REPLY);

    // A draft and the session survive a restart of the app.
    let secrets = [ana.password.clone(), ana.totp_secret.clone(), "rct_".to_owned()];
    blocking(move || {
        let mut desk = desk;
        desk.click("composer-tab-reply")?;
        desk.fill("composer-editor", DRAFT)?;
        // A draft is kept a moment after the last key. The app is not asked to close: it dies.
        desk.until_shown("[role=status]", "Saved")?;
        desk.close_app();
        desk.open_app()?;
        desk.click("sidebar-view-all")?;
        desk.click("conversation-row")?;
        desk.until(
            "the draft is back",
            "const editor = document.querySelector('[data-testid=composer-editor]');\
             return Boolean(editor) && (editor.value ?? editor.innerText).includes(arguments[0]);",
            &[serde_json::json!(DRAFT)],
        )?;

        let mut texts: Vec<String> = (70..76).map(canary).collect();
        texts.extend(secrets);
        assert_eq!(found_in(desk.everything(), &texts)?, BTreeSet::new(), "while it runs");
        desk.close_app();
        assert_eq!(found_in(desk.everything(), &texts)?, BTreeSet::new(), "after its end");
        let names = files(&desk.profile())?;
        assert!(names.iter().any(|path| path.ends_with("cache.db")), "the scan saw the cache");
        Ok(())
    })
    .await
}

fn canary(number: u32) -> String {
    let names = ["Name", "Reply", "Note", "Draft", "First", "Second"];
    let index = usize::try_from(number - 70).unwrap_or_default();
    format!("Canary{}{number}", names[index])
}

/// The driver blocks, and the server of the test goes on beside it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}
