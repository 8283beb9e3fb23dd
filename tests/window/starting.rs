//! Starting the app: a second time, without a session bus, on a folder that cannot be used.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use recado_protocol::{ConversationAccess, Role};
use recado_testkit::{Engine, TestServer};
use serde_json::json;
use xtask::poll;
use xtask::webdriver::App;

use crate::desk::{Desk, PATIENCE, binary};

/// An address at which no bus listens.
const NO_BUS: &str = "unix:path=/nonexistent/bus";

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_brings_the_first_window_forward_or_says_who_has_the_data() -> Result<()> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let link = server.join_link();
    tokio::task::spawn_blocking(move || -> Result<()> {
        let mut desk = Desk::empty()?;
        speak(&desk.profile(), "es")?;
        // A link that starts the program waits until there is a page to show it.
        let mut app = desk.app()?;
        app.arguments.push(join_link(0));
        desk.open(&app)?;
        shows_join_link(&desk, 0)?;

        // The folder by three other names; each start hands over its link and ends.
        let profile = desk.profile();
        let alias = profile.with_file_name("alias");
        symlink(&profile, &alias)?;
        let dotted = profile.join("../profile/.");
        for (number, spelling) in (1..).zip([&profile, &alias, &dotted]) {
            desk.give_the_focus()?;
            desk.take_the_focus_away()?;
            start_again(&desk, spelling, &join_link(number))?;
            shows_join_link(&desk, number)?;
            poll::until("the first window has the focus", PATIENCE, || {
                let name = desk.shell("xdotool getwindowfocus getwindowname")?;
                Ok(name.starts_with("Recado").then_some(()))
            })?;
        }

        // Without a bus nobody can be told of the start, so it says itself who has the data.
        let mut other = desk.beside();
        let environment = vec![("DBUS_SESSION_BUS_ADDRESS".to_owned(), NO_BUS.to_owned())];
        other.open(&App { environment, ..desk.app()? })?;
        other.until_shown("main", "Recado ya está abierto")?;
        other.until_shown("main", "Ve a esa, o ciérrala y reinténtalo")?;
        picture(&other, "already-running-es")?;
        desk.close_app();
        retry_until(&other, "join-link")?;

        // The whole program runs without a bus, but for the keychain, which is asked for.
        other.fill("join-link", &link)?;
        other.click("join-submit")?;
        other.fill("sign-in-email", &ana.email)?;
        other.fill("sign-in-password", &ana.password)?;
        other.click("sign-in-submit")?;
        other.wait("vault-choice")?;
        other.until_shown("main", "Este equipo no tiene llavero")
    })
    .await?
}

#[test]
fn a_folder_that_cannot_be_written_is_said_in_both_languages_and_tried_again() -> Result<()> {
    let mut desk = Desk::empty()?;
    let profile = desk.profile();
    speak(&profile, "en")?;
    fs::set_permissions(&profile, fs::Permissions::from_mode(0o500))?;
    let program = desk.everything().join("recado");
    fs::write(&program, bound_by_permissions(&binary()?))?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700))?;
    desk.open(&App { binary: program, ..desk.app()? })?;

    desk.until_shown("main", "The disk cannot be used")?;
    desk.until_shown("main", "that you may write to it, then try again")?;
    picture(&desk, "disk-failed-en")?;
    // The folder's content can be read, so the language that was chosen in it is spoken.
    fs::set_permissions(&profile, fs::Permissions::from_mode(0o700))?;
    speak(&profile, "es")?;
    fs::set_permissions(&profile, fs::Permissions::from_mode(0o500))?;
    desk.click("problem-retry")?;
    desk.until_shown("main", "El disco no se puede usar")?;
    desk.until_shown("main", "que puedes escribir en él, y reinténtalo")?;
    picture(&desk, "disk-failed-es")?;

    fs::set_permissions(&profile, fs::Permissions::from_mode(0o700))?;
    desk.click("problem-retry")?;
    desk.wait("join-link")?;
    ensure!(profile.join("lock").exists(), "the folder is held");
    Ok(())
}

#[test]
fn without_a_display_the_terminal_is_told_and_nothing_panics() -> Result<()> {
    let desk = Desk::empty()?;
    for (locale, told) in [("C", "there is no display"), ("es_ES.UTF-8", "no hay pantalla")] {
        let mut start = Command::new("timeout");
        start.args(["60", "env", "-u", "DISPLAY", &format!("LC_ALL={locale}")]);
        let ended = desk.output(start.arg(binary()?))?;
        let said = String::from_utf8_lossy(&ended.stderr);
        ensure!(
            ended.status.code() == Some(1) && said.contains(told),
            "{:?}: {said}",
            ended.status
        );
        ensure!(!said.contains("panicked"), "{said}");
    }
    Ok(())
}

/// A folder whose settings choose a language.
fn speak(profile: &Path, language: &str) -> Result<()> {
    fs::create_dir_all(profile)?;
    Ok(fs::write(profile.join("settings.json"), json!({ "language": language }).to_string())?)
}

/// A join link of a server of this number.
fn join_link(number: u32) -> String {
    format!(
        "recado://join?url=https%3A%2F%2Fdesk{number}.example\
         &workspace=wrk_0198f3a27c517d3e8a4b5c6d7e8f9a0b"
    )
}

fn shows_join_link(desk: &Desk, number: u32) -> Result<()> {
    let shown = "const field = document.querySelector('[data-testid=join-link]');\
                 return Boolean(field?.value.includes(arguments[0]));";
    let server = format!("desk{number}.example");
    desk.until(&format!("the link to {server} is in the window"), shown, &[json!(server)])
}

/// Starts the app and waits for its end.
fn start_again(desk: &Desk, folder: &Path, link: &str) -> Result<()> {
    let mut again = Command::new("timeout");
    again.arg(PATIENCE.as_secs().to_string()).arg(binary()?);
    let ended = desk.output(again.arg("--data-dir").arg(folder).arg(link))?;
    let said = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "the second start on {}: {said}", folder.display());
    Ok(())
}

/// The lock of a client that has just been killed may be held a moment longer.
fn retry_until(desk: &Desk, test_id: &str) -> Result<()> {
    poll::until(&format!("`{test_id}` after trying again"), PATIENCE, || {
        if let Some(retry) = desk.find("problem-retry")? {
            // Gone, where the one before has helped.
            let _ = desk.window()?.click(&retry);
        }
        Ok(desk.find(test_id)?.map(drop))
    })
}

/// A program that starts the app under the folder's permissions, from which an administrator is
/// otherwise exempt.
fn bound_by_permissions(app: &Path) -> String {
    format!(
        "#!/bin/sh\n\
         if [ \"$(id -u)\" = 0 ]; then\n\
         exec setpriv --bounding-set -dac_override,-dac_read_search '{app}' \"$@\"\n\
         fi\n\
         exec '{app}' \"$@\"\n",
        app = app.display()
    )
}

/// Keeps a picture where `RECADO_PICTURES` names a folder.
fn picture(desk: &Desk, name: &str) -> Result<()> {
    match std::env::var_os("RECADO_PICTURES") {
        Some(folder) => {
            desk.window()?.save_screenshot(&Path::new(&folder).join(format!("{name}.png")))
        }
        None => Ok(()),
    }
}
