//! An agent's desk: a private desktop session with the app in it, and hands to use it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
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
    session: Arc<Session>,
}

impl Desk {
    /// Starts the session and the app.
    pub(crate) fn sit_down() -> Result<Self> {
        let mut desk = Self::empty()?;
        desk.open_app()?;
        Ok(desk)
    }

    /// Starts a session without the app.
    pub(crate) fn empty() -> Result<Self> {
        Ok(Self { window: None, session: Arc::new(Session::start()?) })
    }

    /// A place in the same session for another window.
    pub(crate) fn beside(&self) -> Self {
        Self { window: None, session: self.session.clone() }
    }

    /// Starts the app, on what an earlier one left.
    pub(crate) fn open_app(&mut self) -> Result<()> {
        self.open(&self.app()?)
    }

    /// Starts a program as the app.
    pub(crate) fn open(&mut self, app: &App) -> Result<()> {
        self.window = Some(Window::open(&self.session, app)?);
        Ok(())
    }

    /// The app on its own folder, for [`Self::open`].
    pub(crate) fn app(&self) -> Result<App> {
        let arguments = vec!["--data-dir".to_owned(), self.profile().display().to_string()];
        Ok(App { binary: binary()?, arguments, environment: Vec::new() })
    }

    /// Ends the app.
    pub(crate) fn close_app(&mut self) {
        self.window = None;
    }

    /// Kills the app at once, as a machine does that loses its power.
    pub(crate) fn kill_app(&mut self) -> Result<()> {
        self.session.kill(&binary()?)?;
        self.window = None;
        Ok(())
    }

    /// Waits until the window says that there is no network.
    pub(crate) fn wait_offline(&self) -> Result<()> {
        let css = "[data-testid=status-bar][data-state=offline]";
        poll::until("the window says that it is offline", PATIENCE, || self.window()?.find(css))
            .map(drop)
    }

    /// Saves a picture in both themes, where `RECADO_PICTURES` names a folder for them.
    pub(crate) fn picture(&self, name: &str) -> Result<()> {
        let Some(folder) = std::env::var_os("RECADO_PICTURES").map(PathBuf::from) else {
            return Ok(());
        };
        const THEME: &str = "return document.documentElement.dataset.theme;";
        for _ in 0..2 {
            let theme = self.run(THEME, &[])?;
            let path = folder.join(format!("{name}-{}.png", theme.as_str().unwrap_or("theme")));
            self.window()?.save_screenshot(&path)?;
            self.window()?.press(&[keys::CONTROL, "k"])?;
            let palette = self.wait("palette-input")?;
            self.window()?.type_text(&palette, "light and dark")?;
            self.until_shown("[data-option]", "Switch light and dark")?;
            self.window()?.press(&[keys::ENTER])?;
            let other = "return document.documentElement.dataset.theme !== arguments[0];";
            self.until("the other theme", other, &[theme])?;
        }
        Ok(())
    }

    /// The app's own folder.
    pub(crate) fn profile(&self) -> PathBuf {
        self.session.home().join("profile")
    }

    /// The folder of everything in the session: the app's, the webview's, caches.
    pub(crate) fn everything(&self) -> &Path {
        self.session.home()
    }

    /// Where the session's bus listens.
    pub(crate) fn bus(&self) -> Result<String> {
        let address = self.session.variable("DBUS_SESSION_BUS_ADDRESS");
        let address = address.and_then(|address| address.to_str());
        address.map(str::to_owned).context("the session has a bus")
    }

    /// Runs a program in the session to its end.
    pub(crate) fn output(&self, command: &mut Command) -> Result<Output> {
        self.session.enter(command).output().context("a program could not be started")
    }

    /// Runs a shell command in the session and gives what it printed.
    pub(crate) fn shell(&self, script: &str) -> Result<String> {
        let output = self.output(Command::new("sh").args(["-c", script]))?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Gives the focus to the window, which no window manager does here.
    pub(crate) fn give_the_focus(&self) -> Result<()> {
        self.shell("xdotool search --onlyvisible --name '^Recado' windowfocus --sync")?;
        let name = self.shell("xdotool getwindowfocus getwindowname")?;
        ensure!(name.starts_with("Recado"), "{name:?} has the focus");
        Ok(())
    }

    /// Gives the focus to the screen itself, and waits until the page knows.
    pub(crate) fn take_the_focus_away(&self) -> Result<()> {
        // Else the keys go to the window under the pointer, which counts as having the focus.
        self.shell("xdotool mousemove 1390 890")?;
        self.shell("xdotool windowfocus $(xdotool search --maxdepth 0 '')")?;
        self.until("the page has lost the focus", "return !document.hasFocus();", &[])
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

    /// Clicks where there is something to click.
    pub(crate) fn click_if_there(&self, test_id: &str) -> Result<()> {
        if let Some(element) = self.find(test_id)? {
            // It may go away under the hand, which is as good.
            let _ = self.window()?.click(&element);
        }
        Ok(())
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

    /// Joins and signs in with both factors, up to the inbox. Gives the code that was typed.
    pub(crate) fn sign_in(&self, join_link: &str, person: &Person) -> Result<String> {
        self.fill("join-link", join_link)?;
        self.click("join-submit")?;
        self.fill("sign-in-email", &person.email)?;
        self.fill("sign-in-password", &person.password)?;
        self.click("sign-in-submit")?;
        let code = person.code()?;
        self.fill("code-input", &code)?;
        self.click("code-submit")?;
        self.wait("conversation-list")?;
        Ok(code)
    }
}

/// The driver blocks, and the server of the test goes on beside it.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}

/// The app's program.
pub(crate) fn binary() -> Result<PathBuf> {
    std::env::var_os("RECADO_APP").map(PathBuf::from).context(
        "RECADO_APP is not set: run `cargo xtask test --only window`, which builds the app",
    )
}

pub(crate) fn selector(test_id: &str) -> String {
    format!("[data-testid=\"{test_id}\"]")
}
