//! The agent's hands: the keyboard of the real window, and the host interface that the page itself uses.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use recado_protocol::host::{AppState, ConversationView, Outbox, OutboxEntry};
use recado_protocol::{Action, ConversationId, Priority, TeammateId, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use xtask::poll;
use xtask::webdriver::keys;

use super::plan::{Step, is};
use crate::desk::{Desk, PATIENCE};

/// Asks the host interface from inside the page, one request after the other, up to the first that fails.
const ASK: &str = "
    const [command, requests, done] = arguments;
    const { invoke } = window.__TAURI_INTERNALS__;
    (async () => {
        const answers = [];
        for (const request of requests) answers.push(await invoke(command, { request }));
        return answers;
    })().then(ok => done({ ok }), error => done({ error: error?.message ?? String(error) }));
";

pub(super) struct Hands<'a> {
    pub(super) desk: &'a Desk,
    pub(super) me: TeammateId,
}

impl Hands<'_> {
    /// Asks the host interface as the page does.
    pub(super) fn ask_all(&self, command: &str, requests: &[Value]) -> Result<Vec<Value>> {
        let window = self.desk.window()?;
        let mut answer = window.execute_async(ASK, &[json!(command), json!(requests)])?;
        if let Some(error) = answer["error"].as_str() {
            bail!("{command}: {error}");
        }
        serde_json::from_value(answer["ok"].take()).context("the page gave no answers")
    }

    pub(super) fn ask<T: DeserializeOwned>(&self, command: &str, request: Value) -> Result<T> {
        let answers = self.ask_all(command, &[request])?;
        let answer = answers.into_iter().next().context("there is no answer")?;
        serde_json::from_value(answer).with_context(|| format!("the answer to {command}"))
    }

    pub(super) fn outbox(&self) -> Result<Outbox> {
        self.ask("outbox", json!({}))
    }

    pub(super) fn state(&self) -> Result<AppState> {
        self.ask("app_state", json!({}))
    }

    fn press(&self, pressed: &[&str]) -> Result<()> {
        self.desk.window()?.press(pressed)
    }

    /// Finds a customer by the search field and reads the conversation.
    pub(super) fn read(&self, customer: &str, words: &str) -> Result<()> {
        // Wherever the focus is, it leaves text fields first.
        self.press(&[keys::ESCAPE])?;
        self.press(&["/"])?;
        let field = self.desk.wait("search-input")?;
        self.desk.until(
            "the search field has the focus",
            "return document.activeElement?.dataset.testid === 'search-input';",
            &[],
        )?;
        self.desk.window()?.type_text(&field, customer)?;
        self.desk.until_shown("[data-testid=search-result]", customer)?;
        self.press(&[keys::ENTER])?;
        self.desk.until_shown("[data-testid=message]", words)
    }

    /// Does one thing in the open conversation by keys, and waits until it is stored.
    pub(super) fn act(&self, id: ConversationId, step: &Step) -> Result<()> {
        let before = self.stored(id, step)?;
        match step {
            Step::Reply(words) => self.write("r", words)?,
            Step::Note(words) => self.write("n", words)?,
            Step::Priority => self.press(&["p"])?,
            Step::Tag(tag) | Step::Untag(tag) => self.choose("t", tag)?,
            Step::Assign(name) => self.choose("a", name)?,
            Step::AssignMe => self.press(&["i"])?,
            Step::AssignNobody => self.choose("a", "Nobody")?,
            Step::Close => {
                self.desk.wait("action-close")?;
                self.press(&["e"])?;
            }
            Step::Reopen => {
                self.desk.wait("action-open")?;
                self.press(&[keys::SHIFT, "e"])?;
            }
            Step::Snooze => self.choose("b", "Tomorrow")?,
            // Read marks stand in no list; the conversation tells.
            Step::Unread => {
                self.press(&[keys::SHIFT, "u"])?;
                return poll::until("it counts as unread", PATIENCE, || {
                    let request = json!({ "conversation_id": id, "limit": 1 });
                    let view: ConversationView = self.ask("conversation_open", request)?;
                    Ok((view.unread > 0).then_some(()))
                });
            }
        }
        poll::until(&format!("{step:?} is stored"), PATIENCE, || {
            Ok((self.stored(id, step)? > before).then_some(()))
        })?;
        if *step == Step::Priority {
            // The same key means the other thing next time, as soon as the page knows.
            let first = self.is_first(id)?;
            let words = if first { "Goes first" } else { "Normal" };
            self.desk.until_shown("[data-pane=details]", words)?;
        }
        Ok(())
    }

    /// Whether the conversation goes first by what is stored.
    fn is_first(&self, id: ConversationId) -> Result<bool> {
        let request = json!({ "conversation_id": id, "limit": 1 });
        let view: ConversationView = self.ask("conversation_open", request)?;
        Ok(view.head.priority == Priority::Priority)
    }

    /// Reopens the open conversation by its key.
    pub(super) fn reopen(&self) -> Result<()> {
        self.press(&[keys::SHIFT, "e"])
    }

    fn stored(&self, id: ConversationId, step: &Step) -> Result<usize> {
        let entries = self.outbox()?.entries;
        let of_step =
            |entry: &&OutboxEntry| entry.conversation_id == id && is(entry, step, self.me);
        Ok(entries.iter().filter(of_step).count())
    }

    /// Opens the composer by its key, writes and sends.
    fn write(&self, key: &str, words: &str) -> Result<()> {
        self.begin_to_write(key, words)?;
        self.press(&[keys::CONTROL, keys::ENTER])?;
        self.desk.until("the words are sent off", COMPOSER_IS, &[json!("")])?;
        self.press(&[keys::ESCAPE])
    }

    /// Opens the composer by its key and writes, without sending.
    pub(super) fn begin_to_write(&self, key: &str, words: &str) -> Result<()> {
        self.press(&[key])?;
        self.desk.until("the composer has the focus", HAS_FOCUS, &[json!("composer-editor")])?;
        let field = self.desk.wait("composer-editor")?;
        self.desk.window()?.type_text(&field, words)?;
        self.desk.until("the words are written", COMPOSER_IS, &[json!(words)])
    }

    /// Opens a picker by its key, narrows it and takes the first.
    fn choose(&self, key: &str, words: &str) -> Result<()> {
        self.press(&[key])?;
        let field = self.desk.wait("picker-input")?;
        self.desk.window()?.type_text(&field, words)?;
        self.desk.until_shown("[data-option]", words)?;
        self.press(&[keys::ENTER])?;
        self.desk.until(
            "the picker is closed",
            "return document.querySelector('[data-testid=picker-input]') === null;",
            &[],
        )
    }
}

const COMPOSER_IS: &str =
    "return document.querySelector('[data-testid=composer-editor]')?.value === arguments[0];";
const HAS_FOCUS: &str = "return document.activeElement?.dataset.testid === arguments[0];";

/// What an action is on the host interface. `snoozed_until`: for what is put aside.
pub(super) fn action_of(
    step: &Step,
    prioritised: bool,
    me: TeammateId,
    people: &BTreeMap<&'static str, TeammateId>,
    snoozed_until: Timestamp,
) -> Action {
    match step.clone() {
        Step::Reply(body_text) => Action::ConversationReply { body_text, last_seen_seq: 1 },
        Step::Note(body_text) => Action::ConversationNote { body_text },
        Step::Priority => Action::ConversationPrioritize {
            priority: if prioritised { Priority::NotPriority } else { Priority::Priority },
        },
        Step::Tag(tag) => Action::ConversationTagAdd { tag },
        Step::Untag(tag) => Action::ConversationTagRemove { tag },
        Step::Assign(name) => {
            Action::ConversationAssign { admin_assignee_id: people.get(name).copied() }
        }
        Step::AssignMe => Action::ConversationAssign { admin_assignee_id: Some(me) },
        Step::AssignNobody => Action::ConversationAssign { admin_assignee_id: None },
        Step::Close => Action::ConversationClose,
        Step::Reopen => Action::ConversationOpen,
        Step::Snooze => Action::ConversationSnooze { snoozed_until },
        Step::Unread => Action::ConversationMark { contact_parts_read: 0 },
    }
}
