//! An agent's desk: a private desktop session with the app in it, and hands to use it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use recado_testkit::Person;
use serde_json::{Value, json};
use xtask::poll;
use xtask::session::Session;
use xtask::webdriver::{App, Element, Window, keys};

/// How long the app may take for what a person waits for, on a busy machine without optimisation.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A private desktop session with the app's window in it.
pub(crate) struct Desk {
    window: Option<Window>,
    session: Session,
}

impl Desk {
    /// Starts the session and the app.
    pub(crate) fn sit_down() -> Result<Self> {
        let session = Session::start()?;
        let mut desk = Self { window: None, session };
        desk.open_app()?;
        Ok(desk)
    }

    /// Starts the app, on what an earlier one left.
    pub(crate) fn open_app(&mut self) -> Result<()> {
        let binary = std::env::var_os("RECADO_APP").context(
            "RECADO_APP is not set: run `cargo xtask test --only window`, which builds the app",
        )?;
        let arguments = vec!["--data-dir".to_owned(), self.profile().display().to_string()];
        let app = App { binary: PathBuf::from(binary), arguments, environment: Vec::new() };
        self.window = Some(Window::open(&self.session, &app)?);
        Ok(())
    }

    /// Ends the app.
    pub(crate) fn close_app(&mut self) {
        self.window = None;
    }

    /// The app's own folder.
    pub(crate) fn profile(&self) -> PathBuf {
        self.session.home().join("profile")
    }

    /// The folder of everything in the session: the app's, the webview's, caches.
    pub(crate) fn everything(&self) -> &Path {
        self.session.home()
    }

    /// Points a command into the session.
    pub(crate) fn enter<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        self.session.enter(command)
    }

    pub(crate) fn window(&self) -> Result<&Window> {
        self.window.as_ref().context("the app is not open")
    }

    pub(crate) fn find(&self, test_id: &str) -> Result<Option<Element>> {
        self.window()?.find(&selector(test_id))
    }

    /// Waits until an element is there.
    pub(crate) fn wait(&self, test_id: &str) -> Result<Element> {
        poll::until(&format!("`{test_id}` in the window"), PATIENCE, || self.find(test_id))
    }

    /// Clicks, as soon as it can be clicked.
    pub(crate) fn click(&self, test_id: &str) -> Result<()> {
        poll::until(&format!("a click on `{test_id}`"), PATIENCE, || {
            let found = self.find(test_id)?;
            let window = self.window()?;
            Ok(found.filter(|element| window.click(element).is_ok()).map(drop))
        })
    }

    /// Types over what a field holds.
    pub(crate) fn fill(&self, test_id: &str, text: &str) -> Result<()> {
        let field = self.wait(test_id)?;
        let window = self.window()?;
        window.click(&field)?;
        window.press(&[keys::CONTROL, "a"])?;
        window.type_text(&field, text)
    }

    /// Runs a script in the page.
    pub(crate) fn run(&self, script: &str, arguments: &[Value]) -> Result<Value> {
        self.window()?.execute(script, arguments)
    }

    /// Waits until a script gives something true.
    pub(crate) fn until(&self, what: &str, script: &str, arguments: &[Value]) -> Result<()> {
        poll::until(what, PATIENCE, || {
            Ok((self.run(script, arguments)? == json!(true)).then_some(()))
        })
    }

    /// Waits until an element that fits the selector holds the text.
    pub(crate) fn until_shown(&self, css: &str, text: &str) -> Result<()> {
        let script = "return [...document.querySelectorAll(arguments[0])]\
                      .some(element => element.innerText.includes(arguments[1]));";
        self.until(&format!("{text:?} in {css}"), script, &[json!(css), json!(text)])
    }

    /// Joins and signs in with both factors, up to the inbox.
    pub(crate) fn sign_in(&self, join_link: &str, person: &Person) -> Result<()> {
        self.fill("join-link", join_link)?;
        self.click("join-submit")?;
        self.fill("sign-in-email", &person.email)?;
        self.fill("sign-in-password", &person.password)?;
        self.click("sign-in-submit")?;
        self.fill("code-input", &person.code()?)?;
        self.click("code-submit")?;
        self.wait("conversation-list").map(drop)
    }
}

pub(crate) fn selector(test_id: &str) -> String {
    format!("[data-testid=\"{test_id}\"]")
}
