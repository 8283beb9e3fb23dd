//! What the desktop around the window does: notifications and the keychain.

use anyhow::Result;
use recado_protocol::{ConversationAccess, Role};
use recado_server::backend::TeammateChange;
use recado_testkit::{Engine, TestServer};
use serde_json::json;
use xtask::poll;
use xtask::webdriver::keys;

use crate::desk::{Desk, PATIENCE, blocking};
use crate::keychain::Keychain;

#[tokio::test(flavor = "multi_thread")]
async fn a_click_on_a_notification_opens_its_conversation() -> Result<()> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    let id = shop.open("Tom", None, "first words").await?;
    let link = server.join_link();
    let desk = tokio::task::spawn_blocking(move || -> Result<Desk> {
        let desk = Desk::sit_down()?;
        desk.sign_in(&link, &ana)?;
        desk.click("sidebar-view-all")?;
        desk.wait("conversation-row")?;
        desk.give_the_focus()?;
        Ok(desk)
    })
    .await??;

    // Whoever looks at the window sees it there.
    shop.message(id, "hello?").await?;
    let desk = blocking(move || {
        desk.until_shown("[data-testid=conversation-row]", "hello?")?;
        assert_eq!(desk.shell("dunstctl count displayed")?, "0");
        desk.take_the_focus_away()?;
        Ok(desk)
    })
    .await?;

    shop.message(id, "is anybody <b>there</b>?").await?;
    tokio::task::spawn_blocking(move || -> Result<()> {
        poll::until("the notification is shown", PATIENCE, || {
            Ok((desk.shell("dunstctl count displayed")? != "0").then_some(()))
        })?;
        desk.shell("dunstctl action 0")?;
        desk.until_shown("[data-testid=message]", "is anybody <b>there</b>?")?;
        // What is read is no longer announced.
        poll::until("the notification is gone", PATIENCE, || {
            Ok((desk.shell("dunstctl count displayed")? == "0").then_some(()))
        })
    })
    .await?
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_keychain_is_said_and_after_unlocking_it_all_is_there_again() -> Result<()> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    shop.open("Tom", None, "first words").await?;
    let link = server.join_link();
    let desk = blocking(move || {
        let mut desk = Desk::sit_down()?;
        desk.sign_in(&link, &ana)?;
        desk.click("sidebar-view-all")?;
        desk.wait("conversation-row")?;
        desk.close_app();
        Ok(desk)
    })
    .await?;
    let keychain = Keychain::of(&desk).await?;
    keychain.lock().await?;
    let desk = blocking(move || {
        let mut desk = desk;
        desk.open_app()?;
        desk.wait("problem")?;
        desk.until_shown("main", "Unlock your keychain, then try again")?;
        assert!(desk.find("sign-in-email")?.is_none(), "nobody was signed out");
        assert!(desk.find("conversation-row")?.is_none(), "nothing is shown without the key");
        Ok(desk)
    })
    .await?;

    keychain.unlock().await?;
    blocking(move || {
        desk.click("problem-retry")?;
        desk.click("sidebar-view-all")?;
        desk.click("conversation-row")?;
        desk.until_shown("[data-testid=message]", "first words")
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_in_a_conversation_that_left_is_copied() -> Result<()> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    shop.open("Tom", None, "first words").await?;
    let (link, person) = (server.join_link(), ana.clone());
    let desk = blocking(move || {
        let desk = Desk::sit_down()?;
        desk.sign_in(&link, &person)?;
        desk.click("sidebar-view-all")?;
        desk.click("conversation-row")?;
        desk.click("composer-tab-reply")?;
        desk.fill("composer-editor", "half written ¡sí!")?;
        Ok(desk)
    })
    .await?;

    let access = Some(ConversationAccess::assigned());
    server.change(&ana, TeammateChange { access, ..TeammateChange::default() }).await?;
    blocking(move || {
        desk.click("left-copy")?;
        desk.until_shown("[data-testid=toast]", "Copied")?;
        let field = desk.wait("search-input")?;
        desk.window()?.click(&field)?;
        desk.window()?.press(&[keys::CONTROL, "v"])?;
        let pasted =
            "return document.querySelector('[data-testid=search-input]').value === arguments[0];";
        desk.until("it is in the clipboard", pasted, &[json!("half written ¡sí!")])
    })
    .await
}
