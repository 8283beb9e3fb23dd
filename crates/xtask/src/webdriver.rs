//! A small client of the W3C WebDriver protocol for the one driver that the app's window has, WebKitWebDriver.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::poll;
use crate::process::Owned;
use crate::session::Session;

/// Starting the app under the driver includes its first page.
const REQUEST_LIMIT: Duration = Duration::from_secs(60);
const START_LIMIT: Duration = Duration::from_secs(20);

/// The key under which the protocol hands out elements.
const ELEMENT_KEY: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keeps the page painting for a moment: the driver takes the next frame, and a page at rest has none until something
/// on it changes.
const NUDGE: &str = "
    const speck = document.createElement('i');
    speck.style.cssText = 'position: fixed; top: 0; left: 0; width: 1px; height: 1px; opacity: 0.01';
    speck.setAttribute('aria-hidden', 'true');
    document.documentElement.append(speck);
    const end = performance.now() + 5000;
    const step = (now) => {
        speck.style.left = speck.style.left === '0px' ? '1px' : '0px';
        if (now < end) requestAnimationFrame(step); else speck.remove();
    };
    requestAnimationFrame(step);
";

/// The characters by which the protocol names keys without a letter.
pub mod keys {
    /// Enter.
    pub const ENTER: &str = "\u{E007}";
    /// Shift, left.
    pub const SHIFT: &str = "\u{E008}";
    /// Control, left.
    pub const CONTROL: &str = "\u{E009}";
    /// Alt, left.
    pub const ALT: &str = "\u{E00A}";
    /// Escape.
    pub const ESCAPE: &str = "\u{E00C}";
    /// Tab.
    pub const TAB: &str = "\u{E004}";
    /// Arrow up.
    pub const UP: &str = "\u{E013}";
    /// Arrow down.
    pub const DOWN: &str = "\u{E015}";
}

/// A running WebKitWebDriver. Dropping it ends the driver and the app that it started.
pub struct Driver {
    process: Owned,
    base: String,
    agent: ureq::Agent,
}

/// What the driver starts.
pub struct App {
    /// The program.
    pub binary: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Variables set for it, beside those of the session.
    pub environment: Vec<(String, String)>,
}

/// An app's window under the driver. Dropping it closes the app.
pub struct Window {
    driver: Driver,
    session: String,
}

/// An element of the page, until the page replaces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element(String);

/// What the driver refuses, by the protocol's own name for it.
#[derive(Debug)]
pub struct DriverError {
    /// The protocol's error code, as in `no such element`.
    pub code: String,
    /// The driver's own words.
    pub message: String,
}

impl std::fmt::Display for DriverError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "the driver says: {} ({})", self.message, self.code)
    }
}

impl std::error::Error for DriverError {}

impl Window {
    /// Starts the driver inside the desktop session, and the app through it.
    ///
    /// # Errors
    /// When the driver or the app does not come up.
    pub fn open(session: &Session, app: &App) -> Result<Self> {
        let driver = Driver::start(session, &app.environment)?;
        // A browserName here would match nothing: the driver's only browser is the program named.
        let options = json!({ "binary": app.binary, "args": app.arguments });
        let request =
            json!({ "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": options } } });
        let answer = driver.post("/session", &request).context("the app's window did not open")?;
        let id = answer["sessionId"].as_str().context("the driver named no session")?.to_owned();
        Ok(Self { driver, session: id })
    }

    /// The first element for a CSS selector, if there is one.
    ///
    /// # Errors
    /// When the driver or the app is gone.
    pub fn find(&self, css: &str) -> Result<Option<Element>> {
        Ok(self.find_all(css)?.into_iter().next())
    }

    /// Every element for a CSS selector, in the page's order.
    ///
    /// # Errors
    /// When the driver or the app is gone.
    pub fn find_all(&self, css: &str) -> Result<Vec<Element>> {
        let found = self.post("/elements", &json!({ "using": "css selector", "value": css }))?;
        let list = found.as_array().context("the driver gave no list of elements")?;
        list.iter().map(element).collect()
    }

    /// Waits until an element for a CSS selector is there.
    ///
    /// # Errors
    /// When it does not appear within `limit`.
    pub fn wait_for(&self, css: &str, limit: Duration) -> Result<Element> {
        poll::until(&format!("`{css}` in the window"), limit, || self.find(css))
    }

    /// Clicks an element as a person would: scrolled into view, in its middle.
    ///
    /// # Errors
    /// When something covers it or it is gone.
    pub fn click(&self, element: &Element) -> Result<()> {
        self.post(&format!("/element/{}/click", element.0), &json!({})).map(drop)
    }

    /// Types into an element, keys of the protocol's private-use characters included.
    ///
    /// # Errors
    /// When it takes no text or is gone.
    pub fn type_text(&self, element: &Element, text: &str) -> Result<()> {
        self.post(&format!("/element/{}/value", element.0), &json!({ "text": text })).map(drop)
    }

    /// The text that a person sees in an element.
    ///
    /// # Errors
    /// When it is gone.
    pub fn text(&self, element: &Element) -> Result<String> {
        let text = self.get(&format!("/element/{}/text", element.0))?;
        Ok(text.as_str().context("the driver gave no text")?.to_owned())
    }

    /// An attribute's value, if the element has it.
    ///
    /// # Errors
    /// When the element is gone.
    pub fn attribute(&self, element: &Element, name: &str) -> Result<Option<String>> {
        let value = self.get(&format!("/element/{}/attribute/{name}", element.0))?;
        Ok(value.as_str().map(str::to_owned))
    }

    /// The role that assistive technology is told.
    ///
    /// # Errors
    /// When the element is gone.
    pub fn role(&self, element: &Element) -> Result<String> {
        let role = self.get(&format!("/element/{}/computedrole", element.0))?;
        Ok(role.as_str().unwrap_or_default().to_owned())
    }

    /// The name that assistive technology is told.
    ///
    /// # Errors
    /// When the element is gone.
    pub fn label(&self, element: &Element) -> Result<String> {
        let label = self.get(&format!("/element/{}/computedlabel", element.0))?;
        Ok(label.as_str().unwrap_or_default().to_owned())
    }

    /// Runs a function body in the page and gives what it returns. `arguments` are its `arguments`.
    ///
    /// # Errors
    /// When it throws.
    pub fn execute(&self, script: &str, arguments: &[Value]) -> Result<Value> {
        self.post("/execute/sync", &json!({ "script": script, "args": arguments }))
    }

    /// Runs a function body in the page and gives what it calls its last argument with. The other `arguments` are its
    /// `arguments`.
    ///
    /// # Errors
    /// When it throws, or calls nothing within the driver's half minute.
    pub fn execute_async(&self, script: &str, arguments: &[Value]) -> Result<Value> {
        self.post("/execute/async", &json!({ "script": script, "args": arguments }))
    }

    /// Goes to an address.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub fn go_to(&self, address: &str) -> Result<()> {
        self.post("/url", &json!({ "url": address })).map(drop)
    }

    /// Presses keys together on whatever has the focus, as `[keys::CONTROL, "k"]`.
    ///
    /// # Errors
    /// When the driver or the app is gone.
    pub fn press(&self, keys: &[&str]) -> Result<()> {
        let down = keys.iter().map(|key| json!({ "type": "keyDown", "value": key }));
        let up = keys.iter().rev().map(|key| json!({ "type": "keyUp", "value": key }));
        let actions: Vec<Value> = down.chain(up).collect();
        let source = json!({ "type": "key", "id": "keyboard", "actions": actions });
        self.post("/actions", &json!({ "actions": [source] })).map(drop)
    }

    /// Changes the window's size, in CSS pixels.
    ///
    /// # Errors
    /// When the window cannot be resized.
    pub fn resize(&self, width: u32, height: u32) -> Result<()> {
        self.post("/window/rect", &json!({ "width": width, "height": height })).map(drop)
    }

    /// A PNG of what the window shows.
    ///
    /// # Errors
    /// When the driver gives none.
    pub fn screenshot(&self) -> Result<Vec<u8>> {
        self.execute(NUDGE, &[])?;
        let picture = self.get("/screenshot")?;
        let text = picture.as_str().context("the driver gave no picture")?;
        STANDARD.decode(text).context("the driver's picture is not base64")
    }

    /// Writes a PNG of what the window shows.
    ///
    /// # Errors
    /// When there is no picture or no file can be written.
    pub fn save_screenshot(&self, path: &Path) -> Result<()> {
        std::fs::write(path, self.screenshot()?)
            .with_context(|| format!("{} cannot be written", path.display()))
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.driver.post(&format!("/session/{}{path}", self.session), body)
    }

    fn get(&self, path: &str) -> Result<Value> {
        self.driver.get(&format!("/session/{}{path}", self.session))
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // The driver closes the app by this; if it does not, the app goes with the driver's process group.
        let _ = self.driver.delete(&format!("/session/{}", self.session));
    }
}

impl Driver {
    /// Starts WebKitWebDriver on a free port. What it starts inherits its environment.
    fn start(session: &Session, environment: &[(String, String)]) -> Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut command = Command::new("WebKitWebDriver");
        command.args(["--host=127.0.0.1", &format!("--port={port}")]);
        session.enter(&mut command).envs(environment.iter().map(|(name, value)| (name, value)));
        command.env("TAURI_WEBVIEW_AUTOMATION", "true").stdin(Stdio::null());
        let process = Owned::spawn(&mut command)?;

        let configuration = ureq::Agent::config_builder()
            .timeout_global(Some(REQUEST_LIMIT))
            // The driver explains a refusal in the body of an error status.
            .http_status_as_error(false)
            .proxy(None)
            .build();
        let mut driver =
            Self { process, base: format!("http://127.0.0.1:{port}"), agent: configuration.into() };
        poll::until("WebKitWebDriver answers", START_LIMIT, || {
            if let Some(status) = driver.process.exited()? {
                bail!("WebKitWebDriver ended at its start ({status})");
            }
            Ok(driver.get("/status").ok())
        })?;
        Ok(driver)
    }

    fn get(&self, path: &str) -> Result<Value> {
        answer(self.agent.get(format!("{}{path}", self.base)).call())
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request =
            self.agent.post(format!("{}{path}", self.base)).content_type("application/json");
        answer(request.send(body.to_string()))
    }

    fn delete(&self, path: &str) -> Result<Value> {
        answer(self.agent.delete(format!("{}{path}", self.base)).call())
    }
}

/// The `value` of the driver's answer, or its refusal as a [`DriverError`].
fn answer(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value> {
    let mut response = response.context("the driver does not answer")?;
    let failed = !response.status().is_success();
    // A screenshot of a large window is some megabytes.
    let text = response.body_mut().with_config().limit(64 * 1024 * 1024).read_to_string();
    let text = text.context("the driver's answer ended early")?;
    let mut body: Value = serde_json::from_str(&text).context("the driver's answer is not JSON")?;
    let value = body["value"].take();
    if failed {
        let word = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        return Err(DriverError { code: word("error"), message: word("message") }.into());
    }
    Ok(value)
}

fn element(value: &Value) -> Result<Element> {
    let id = value[ELEMENT_KEY].as_str().context("the driver gave no element")?;
    Ok(Element(id.to_owned()))
}
