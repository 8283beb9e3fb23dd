//! What the desktop around the window does: notifications and the keychain.

use std::process::Command;

use anyhow::Result;
use recado_protocol::{ConversationAccess, Role};
use recado_testkit::{Engine, TestServer};
use xtask::poll;

use crate::desk::{Desk, PATIENCE};

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
        Ok(desk)
    })
    .await??;

    shop.message(id, "is anybody <b>there</b>?").await?;
    tokio::task::spawn_blocking(move || -> Result<()> {
        poll::until("the notification is shown", PATIENCE, || {
            Ok((desk.shell("dunstctl count displayed")?.trim() != "0").then_some(()))
        })?;
        desk.shell("dunstctl action 0")?;
        desk.until_shown("[data-testid=message]", "is anybody <b>there</b>?")?;
        // What is read is no longer announced.
        poll::until("the notification is gone", PATIENCE, || {
            Ok((desk.shell("dunstctl count displayed")?.trim() == "0").then_some(()))
        })
    })
    .await?
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_keychain_is_said_and_the_session_outlives_it() -> Result<()> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    shop.open("Tom", None, "first words").await?;
    let link = server.join_link();
    tokio::task::spawn_blocking(move || -> Result<()> {
        let mut desk = Desk::sit_down()?;
        desk.sign_in(&link, &ana)?;
        desk.click("sidebar-view-all")?;
        desk.wait("conversation-row")?;
        desk.close_app();
        desk.shell(
            "dbus-send --session --print-reply --dest=org.freedesktop.secrets \
             /org/freedesktop/secrets org.freedesktop.Secret.Service.Lock \
             array:objpath:/org/freedesktop/secrets/aliases/default",
        )?;
        desk.open_app()?;
        desk.wait("problem")?;
        desk.until(
            "the problem is told in a sentence",
            "return document.body.innerText.toLowerCase().includes('keychain');",
            &[],
        )?;
        assert!(desk.find("sign-in-email")?.is_none(), "nobody was signed out");
        assert!(desk.find("conversation-row")?.is_none(), "nothing is shown without the key");
        Ok(())
    })
    .await?
}

impl Desk {
    /// Runs a shell command in the session and gives what it printed.
    fn shell(&self, script: &str) -> Result<String> {
        let mut command = Command::new("sh");
        let output = self.enter(command.args(["-c", script])).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
