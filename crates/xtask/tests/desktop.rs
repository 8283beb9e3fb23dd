//! The ground that the tests in the real window stand on: a private session, and a driver that clicks and types.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::json;
use xtask::poll;
use xtask::session::Session;
use xtask::webdriver::{App, DriverError, Window, keys};

const LIMIT: Duration = Duration::from_secs(30);

fn inside(session: &Session, script: &str) -> Output {
    let mut shell = Command::new("sh");
    session.enter(shell.args(["-c", script])).output().expect("sh runs")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// WebKit's own small browser, which stands in for the app.
fn mini_browser() -> App {
    let libraries = std::fs::read_dir("/usr/lib").expect("/usr/lib is there").flatten();
    let candidates = libraries.map(|entry| entry.path().join("webkit2gtk-4.1/MiniBrowser"));
    let binary = candidates
        .into_iter()
        .find(|path| path.is_file())
        .expect("webkit2gtk-driver's MiniBrowser");
    App { binary, arguments: vec!["--automation".to_owned()], environment: Vec::new() }
}

#[test]
fn a_session_keeps_to_itself_and_leaves_nothing_behind() {
    let session = Session::start().expect("a session");
    let home = session.home().to_owned();
    let shown =
        inside(&session, "echo $HOME; test $XDG_RUNTIME_DIR != /run/user/$(id -u) && echo private");
    assert!(
        text(&shown).starts_with(&home.display().to_string())
            && text(&shown).ends_with("private\n")
    );
    // Outlives its parent and is in a process group of its own.
    inside(&session, "setsid sleep 600 >/dev/null 2>&1 &");
    drop(session);

    assert!(!home.exists());
    let entry = format!("HOME={}", home.join("home").display());
    let left = std::fs::read_dir("/proc").expect("/proc").flatten().filter(|process| {
        let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == entry.as_bytes())
    });
    assert_eq!(left.count(), 0);
}

#[test]
fn two_sessions_have_displays_and_buses_of_their_own() {
    let (first, second) =
        (Session::start().expect("a session"), Session::start().expect("a session"));
    for name in ["DISPLAY", "DBUS_SESSION_BUS_ADDRESS"] {
        assert_ne!(first.variable(name), second.variable(name));
    }
}

#[test]
fn the_keychain_is_unlocked_and_the_notification_daemon_answers() {
    let session = Session::start().expect("a session");
    let secrets = "/org/freedesktop/secrets/aliases/default";
    let locked = inside(
        &session,
        &format!(
            "dbus-send --session --print-reply --dest=org.freedesktop.secrets {secrets} \
             org.freedesktop.DBus.Properties.Get string:org.freedesktop.Secret.Collection string:Locked"
        ),
    );
    assert!(text(&locked).contains("boolean false"), "{}", String::from_utf8_lossy(&locked.stderr));

    inside(&session, "dunstify Hello Body");
    poll::until("the notification is shown", LIMIT, || {
        Ok((text(&inside(&session, "dunstctl count displayed")).trim() == "1").then_some(()))
    })
    .expect("a notification");
}

#[test]
fn the_driver_clicks_types_reads_and_takes_pictures() {
    let session = Session::start().expect("a session");
    let window = Window::open(&session, &mini_browser()).expect("a window");
    let page = session.home().join("page.html");
    std::fs::write(
        &page,
        "<!doctype html><meta charset=utf-8><title>ground</title>\
         <label for=name>Name</label><input id=name>\
         <div id=editor contenteditable=true style='min-height:2em'></div>\
         <button onclick=\"this.textContent='pressed'\">press</button>\
         <script>addEventListener('keydown', e => { if (e.ctrlKey && e.key === 'k') document.title = 'palette'; });</script>",
    )
    .expect("a page");
    window.go_to(&format!("file://{}", page.display())).expect("the page loads");

    let field = window.wait_for("#name", LIMIT).expect("a field");
    window.type_text(&field, "Ñandú 漢字").expect("typing");
    let value =
        window.execute("return document.getElementById('name').value", &[]).expect("a script");
    assert_eq!(value, json!("Ñandú 漢字"));
    assert_eq!(window.role(&field).expect("a role"), "textbox");
    assert_eq!(window.label(&field).expect("a label"), "Name");

    let editor = window.wait_for("#editor", LIMIT).expect("an editor");
    window.click(&editor).expect("a click");
    window.type_text(&editor, "written").expect("typing");
    assert_eq!(window.text(&editor).expect("text"), "written");

    let button = window.wait_for("button", LIMIT).expect("a button");
    window.click(&button).expect("a click");
    assert_eq!(window.text(&button).expect("text"), "pressed");

    window.press(&[keys::CONTROL, "k"]).expect("keys");
    poll::until("the key is seen", LIMIT, || {
        Ok((window.execute("return document.title", &[])? == json!("palette")).then_some(()))
    })
    .expect("a shortcut");

    assert_eq!(window.find("#nothing").expect("an answer"), None);
    let thrown = window.execute("throw new Error('no')", &[]).expect_err("a refusal");
    assert_eq!(
        thrown.downcast_ref::<DriverError>().map(|error| error.code.as_str()),
        Some("javascript error")
    );

    let picture: PathBuf = session.home().join("page.png");
    window.save_screenshot(&picture).expect("a picture");
    assert!(std::fs::read(&picture).expect("a file").starts_with(b"\x89PNG"));
}
