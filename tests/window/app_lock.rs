//! The app lock in the window: by the system's screen lock, and across a start.

use anyhow::Result;
use recado_protocol::{ConversationAccess, Role};
use recado_testkit::{Engine, TestServer};

use crate::desk::{Desk, blocking};

const PASSPHRASE: &str = "a wet cactus";

#[tokio::test(flavor = "multi_thread")]
async fn the_systems_screen_lock_locks_the_app_and_a_start_asks_for_its_passphrase() -> Result<()> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    shop.open("Marta", None, "Is the terrace free on Thursday?").await?;
    let link = server.join_link();
    let desk = blocking(move || {
        let desk = Desk::sit_down()?;
        desk.sign_in(&link, &ana)?;
        desk.click("sidebar-view-all")?;
        desk.until_shown("[data-testid=conversation-row]", "terrace")?;
        desk.click("sidebar-settings")?;
        desk.click("settings-security")?;
        desk.click("security-lock")?;
        desk.fill("app-lock-passphrase", PASSPHRASE)?;
        desk.fill("app-lock-repeat", PASSPHRASE)?;
        desk.click("app-lock-submit")?;
        desk.until_shown("[data-testid=security]", "Locks after 15 minutes")?;
        Ok(desk)
    })
    .await?;

    let bus = zbus::connection::Builder::address(desk.bus()?.as_str()).build().await?;
    let saver = "org.freedesktop.ScreenSaver";
    let to_everybody = None::<&str>;
    bus.emit_signal(to_everybody, "/org/freedesktop/ScreenSaver", saver, "ActiveChanged", &true)
        .await?;
    blocking(move || {
        let mut desk = desk;
        desk.wait("lock-passphrase")?;
        assert!(desk.find("conversation-row")?.is_none(), "nothing is on the screen");
        desk.picture("locked")?;
        desk.close_app();
        desk.open_app()?;
        desk.fill("lock-passphrase", "not the one")?;
        desk.click("lock-submit")?;
        desk.wait("sign-in-problem")?;
        desk.fill("lock-passphrase", PASSPHRASE)?;
        desk.click("lock-submit")?;
        desk.wait("conversation-list")?;
        desk.click("sidebar-view-all")?;
        desk.until_shown("[data-testid=conversation-row]", "terrace")
    })
    .await
}
