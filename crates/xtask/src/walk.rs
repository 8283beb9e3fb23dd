//! The main job in the real window, step by step, with a picture of each.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::demo::{Account, Announcement};
use crate::interrupt::Interrupt;
use crate::poll;
use crate::session::Session;
use crate::totp::code_now;
use crate::webdriver::{App, Element, Window, keys};

/// How long the app may take for what a person waits for, with an unoptimised build on a busy machine.
const LIMIT: Duration = Duration::from_secs(90);
/// A code is only typed while it holds at least this long.
const CODE_MARGIN: Duration = Duration::from_secs(5);

const REPLY: &str = "Thanks for writing. I have looked into it and it is sorted out for you now.";
const NOTE: &str = "Checked with the customer's last order, nothing else is open.";

/// Goes through the main job and saves the pictures in a folder, which it empties of earlier ones.
pub(crate) fn walk(
    app: &Path,
    demo: &Announcement,
    pictures: &Path,
    interrupt: &Interrupt,
) -> Result<()> {
    let account =
        demo.accounts.iter().find(|account| account.role == "agent").or(demo.accounts.first());
    let account = account.context("the demo server announced no accounts")?;
    let session = Session::start()?;
    let app = App { binary: app.to_owned(), arguments: Vec::new(), environment: Vec::new() };
    let window = Window::open(&session, &app)?;
    Walk { window, album: Album::open(pictures)?, interrupt }.go(&demo.join_link, account)?;
    println!("\nThe pictures lie in {}", pictures.display());
    Ok(())
}

struct Walk<'a> {
    window: Window,
    album: Album,
    interrupt: &'a Interrupt,
}

impl Walk<'_> {
    fn go(&mut self, link: &str, account: &Account) -> Result<()> {
        self.join(link)?;
        self.sign_in(account)?;
        self.enter_code(account)?;
        let conversation = self.open_conversation()?;
        self.reply()?;
        self.note()?;
        self.close(&conversation)
    }

    fn join(&mut self, link: &str) -> Result<()> {
        self.step("join", "joined the demo server by its link", |walk| {
            walk.fill("join-link", link)?;
            walk.click("join-submit")?;
            walk.wait("sign-in-email").map(drop)
        })
    }

    fn sign_in(&mut self, account: &Account) -> Result<()> {
        let said = format!("{} ({}) gave e-mail and password", account.name, account.role);
        self.step("sign-in", &said, |walk| {
            walk.fill("sign-in-email", &account.email)?;
            walk.fill("sign-in-password", &account.password)?;
            walk.click("sign-in-submit")?;
            walk.wait("code-input").map(drop)
        })
    }

    fn enter_code(&mut self, account: &Account) -> Result<()> {
        self.step("code", "the code was taken, and the inbox is there", |walk| {
            // One that runs out while it is typed would be refused, and rightly so.
            let code = poll::until("a code that holds long enough", LIMIT, || {
                let code = code_now(&account.totp_secret)?;
                Ok((code.remaining >= CODE_MARGIN).then_some(code))
            })?;
            walk.fill("code-input", &code.digits)?;
            // The form may send itself with the last digit.
            if let Some(button) = walk.find("code-submit")? {
                let _ = walk.window.click(&button);
            }
            walk.wait("conversation-list")?;
            walk.wait("conversation-row").map(drop)
        })
    }

    /// Opens the first conversation of the list and gives its id.
    fn open_conversation(&mut self) -> Result<String> {
        let mut opened = String::new();
        self.step("open", "a conversation is open", |walk| {
            let row = walk.wait("conversation-row")?;
            opened = walk
                .window
                .attribute(&row, "data-conversation-id")?
                .context("a row names no conversation")?;
            walk.window.click(&row)?;
            walk.wait("composer-editor").map(drop)
        })?;
        Ok(opened)
    }

    fn reply(&mut self) -> Result<()> {
        self.step("reply", "the server has the reply, and it stands in the conversation", |walk| {
            walk.click("composer-tab-reply")?;
            walk.write("ours", REPLY)
        })
    }

    fn note(&mut self) -> Result<()> {
        self.step("note", "the server has the note, for teammates only", |walk| {
            walk.click("composer-tab-note")?;
            walk.write("note", NOTE)
        })
    }

    fn close(&mut self, conversation: &str) -> Result<()> {
        self.step("close", "the conversation is closed, and no longer counts as open", |walk| {
            // A row that was closed under the eyes of the agent may stay for a moment, marked so.
            let open_row = format!(
                "{}[data-conversation-id=\"{conversation}\"]:not([data-settled])",
                selector("conversation-row")
            );
            walk.click("action-close")?;
            poll::until("the row is marked closed, or gone", LIMIT, || {
                walk.interrupt.check()?;
                Ok(walk.window.find(&open_row)?.is_none().then_some(()))
            })
        })
    }

    /// Does one step, says so and takes a picture; a failed one is shown too.
    fn step(
        &mut self,
        name: &str,
        said: &str,
        act: impl FnOnce(&Self) -> Result<()>,
    ) -> Result<()> {
        self.interrupt.check()?;
        let started = Instant::now();
        let result = act(self);
        let elapsed_s = started.elapsed().as_secs_f64();
        let picture = self.album.take(&self.window, name);
        match result {
            Ok(()) => println!("  {name:<8} {:>5.1} s  {said}  {}", elapsed_s, picture?.display()),
            Err(error) => {
                let shown = picture
                    .map_or_else(|_| "no picture".to_owned(), |path| path.display().to_string());
                return Err(error.context(format!(
                    "the walk stopped at `{name}`; what the window showed: {shown}"
                )));
            }
        }
        Ok(())
    }

    /// Types into the composer, sends, and waits until the server has the message.
    fn write(&self, kind: &str, text: &str) -> Result<()> {
        self.fill("composer-editor", text)?;
        self.click("composer-send")?;
        let sent = format!("{}[data-kind=\"{kind}\"][data-delivery=\"sent\"]", selector("message"));
        poll::until("the message is sent", LIMIT, || {
            self.interrupt.check()?;
            let there = self.window.execute(
                "return [...document.querySelectorAll(arguments[0])]\
                 .some(message => message.innerText.includes(arguments[1]));",
                &[json!(sent), json!(text)],
            )?;
            Ok((there == json!(true)).then_some(()))
        })
    }

    fn fill(&self, test_id: &str, text: &str) -> Result<()> {
        let field = self.wait(test_id)?;
        self.window.click(&field)?;
        // Whatever the field was filled with before is typed over.
        self.window.press(&[keys::CONTROL, "a"])?;
        self.window.type_text(&field, text)
    }

    fn click(&self, test_id: &str) -> Result<()> {
        poll::until(&format!("a click on `{test_id}`"), LIMIT, || {
            self.interrupt.check()?;
            // A button may be covered or replaced while the page settles.
            let found = self.find(test_id)?;
            Ok(found.filter(|element| self.window.click(element).is_ok()).map(drop))
        })
    }

    fn find(&self, test_id: &str) -> Result<Option<Element>> {
        self.window.find(&selector(test_id))
    }

    fn wait(&self, test_id: &str) -> Result<Element> {
        poll::until(&format!("`{test_id}` in the window"), LIMIT, || {
            self.interrupt.check()?;
            self.find(test_id)
        })
    }
}

fn selector(test_id: &str) -> String {
    format!("[data-testid=\"{test_id}\"]")
}

/// A folder of numbered pictures.
struct Album {
    folder: PathBuf,
    taken: u32,
}

impl Album {
    fn open(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        for entry in fs::read_dir(folder)?.flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "png") {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { folder: folder.to_owned(), taken: 0 })
    }

    fn take(&mut self, window: &Window, name: &str) -> Result<PathBuf> {
        self.taken += 1;
        let path = self.folder.join(format!("{:02}-{name}.png", self.taken));
        window.save_screenshot(&path)?;
        Ok(path)
    }
}
