//! What agents do: each command is run at most once, and its outcome is kept.

mod actions;
mod refusal;

use recado_protocol::command::{CommandsRequest, CommandsResponse, MAX_TAG_CHARS};
use recado_protocol::policy::Denial;
use recado_protocol::{
    Command, CommandOutcome, CommandResult, Decision, ErrorCode, Permission, Planted, Timestamp,
    decide, is_planted,
};

use crate::core::{Core, CoreError, Principal};
use crate::ids::Ids;
use crate::sanitize::Body;
use crate::storage::audit::{self, Actor, AuditEvent, AuditResult};
use crate::storage::change_log::LogWriter;
use crate::storage::visibility::Viewer;
use crate::storage::{DbError, Tx, change_log, command, conversation, teammate};
use refusal::Refusal;

/// How old a command may be, in seconds.
pub const COMMAND_AGE_S: i64 = 90 * 24 * 3600;
/// By how much a client's clock may be ahead, in seconds.
pub const CLOCK_AHEAD_S: i64 = 24 * 3600;
/// For how long outcomes are kept, in seconds: longer than a command that came from a clock ahead is heard, so that none
/// runs a second time after its outcome is forgotten.
pub const OUTCOME_KEPT_S: i64 = COMMAND_AGE_S + 2 * CLOCK_AHEAD_S;
/// How many tags a conversation may have.
const MAX_TAGS: usize = 100;

/// Runs commands in their order, each in a transaction of its own.
///
/// # Errors
/// [`CoreError::CursorGone`] if the request names another change log than the workspace's: nothing was run then. For
/// [`CoreError::Denied`] and [`CoreError::Db`] see [`run`]: what was run before stays so, and a repeat brings its outcome.
pub async fn run_all(
    core: &Core,
    author: Principal,
    request: &CommandsRequest,
) -> Result<CommandsResponse, CoreError> {
    let workspace_id = author.workspace_id;
    let head = core.db().read(async move |tx| change_log::head(tx, workspace_id).await);
    let log_id = head.await.map_err(CoreError::Db)?.log_id;
    if request.log_id.is_some_and(|named| named != log_id) {
        return Err(CoreError::CursorGone);
    }
    let mut results = Vec::with_capacity(request.commands.len());
    for command in &request.commands {
        results.push(run(core, author, command).await?);
    }
    Ok(CommandsResponse { log_id, results })
}

/// Runs one command in a transaction of its own and returns what became of it, now or at its first attempt.
///
/// # Errors
/// [`CoreError::Denied`] if the author's account is not active, and [`CoreError::Db`]: then nothing was decided, and the
/// command may be sent again.
pub async fn run(
    core: &Core,
    author: Principal,
    command: &Command,
) -> Result<CommandResult, CoreError> {
    let now = core.now();
    let attempt = Attempt::prepare(author, command.clone(), now, core.ids(now));
    let outcome = core.db().write(async move |tx| attempt.run(tx).await).await?;
    Ok(CommandResult { id: command.id, outcome })
}

/// What a command did.
struct Applied {
    version: u64,
    part_id: Option<recado_protocol::PartId>,
}

/// A command with everything about it that needs no transaction.
struct Attempt {
    author: Principal,
    command: Command,
    content_hash: [u8; 32],
    body: Option<Result<Body, Refusal>>,
    now: Timestamp,
    ids: Ids,
}

impl Attempt {
    fn prepare(author: Principal, command: Command, now: Timestamp, ids: Ids) -> Self {
        let content_hash = command.content_hash();
        let body =
            command.action.body_text().map(|text| Body::from_text(text).map_err(Refusal::from));
        Self { author, command, content_hash, body, now, ids }
    }

    async fn run(&self, tx: &mut Tx) -> Result<CommandOutcome, CoreError> {
        let mut log = LogWriter::lock(tx, self.author.workspace_id).await?;
        if is_planted(Planted::LateNumber) {
            log.draw_early(tx).await?;
        }
        let viewer = teammate::viewer(tx, self.author).await?;
        let viewer = viewer.ok_or(CoreError::Denied(Denial::NotActive))?;
        if let Decision::Denied(Denial::NotActive) =
            decide(&viewer.subject, Permission::ConversationRead, None)
        {
            return Err(CoreError::Denied(Denial::NotActive));
        }
        if let Some(mut stored) = command::find(tx, self.author, self.command.id).await? {
            if is_planted(Planted::AuditTwice) {
                let ids = &mut self.ids.clone();
                self.audit(tx, ids, AuditResult::Done, serde_json::Value::Null).await?;
            }
            if is_planted(Planted::RepeatAnsweredAnew)
                && let CommandOutcome::Applied { version, .. } = &mut stored.outcome
            {
                *version = log.head();
            }
            let same =
                stored.content_hash == self.content_hash || is_planted(Planted::ContentNotCompared);
            return Ok(if same { stored.outcome } else { Refusal::conflict().into_outcome() });
        }
        let mut ids = self.ids.clone();
        let outcome = match self.attempt(tx, &mut log, &viewer, &mut ids).await? {
            Ok(Applied { version, part_id }) => CommandOutcome::Applied { version, part_id },
            Err(refusal) => {
                if refusal.denied {
                    self.audit(tx, &mut ids, AuditResult::Denied, serde_json::Value::Null).await?;
                }
                refusal.into_outcome()
            }
        };
        let (id, hash) = (self.command.id, &self.content_hash);
        command::insert(tx, self.author, id, hash, &outcome, self.now).await?;
        Ok(outcome)
    }

    async fn attempt(
        &self,
        tx: &mut Tx,
        log: &mut LogWriter,
        viewer: &Viewer,
        ids: &mut Ids,
    ) -> Result<Result<Applied, Refusal>, DbError> {
        if let Err(refusal) = self.check_age() {
            return Ok(Err(refusal));
        }
        if let Some(after) = self.command.after
            && !is_planted(Planted::PredecessorNotAsked)
        {
            let predecessor = command::find(tx, self.author, after).await?;
            let applied = predecessor.is_some_and(|predecessor| {
                matches!(predecessor.outcome, CommandOutcome::Applied { .. })
            });
            if !applied {
                return Ok(Err(Refusal::predecessor()));
            }
        }
        let id = self.command.conversation_id;
        let Some(stored) = conversation::find(tx, self.author.workspace_id, id).await? else {
            return Ok(Err(Refusal::not_found()));
        };
        let permission = self.command.action.permission();
        if let Decision::Denied(denial) =
            decide(&viewer.subject, permission, Some(&stored.head.scope()))
            && !is_planted(Planted::PolicyNotAsked)
        {
            return Ok(Err(Refusal::denied(denial)));
        }
        actions::apply(self, tx, log, viewer, ids, stored).await
    }

    /// Refuses what could be run again once its outcome is forgotten. A command's id tells when it was made.
    fn check_age(&self) -> Result<(), Refusal> {
        let id = self.command.id.uuid();
        let is_v7 = id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122;
        let made_s = id.get_timestamp().filter(|_| is_v7).map(|time| time.to_unix().0);
        let Some(made_s) = made_s.and_then(|made_s| i64::try_from(made_s).ok()) else {
            return Err(Refusal::no_time_in_id());
        };
        if made_s < self.now.plus_seconds(-COMMAND_AGE_S).as_seconds() {
            return Err(Refusal::expired());
        }
        if made_s > self.now.plus_seconds(CLOCK_AHEAD_S).as_seconds() {
            return Err(Refusal::clock_ahead());
        }
        Ok(())
    }

    async fn audit(
        &self,
        tx: &mut Tx,
        ids: &mut Ids,
        result: AuditResult,
        detail: serde_json::Value,
    ) -> Result<(), DbError> {
        let event = AuditEvent {
            actor: Actor::Teammate(self.author.teammate_id),
            action: self.command.action.name(),
            object_type: "conversation",
            object_id: Some(self.command.conversation_id.uuid()),
            result,
            detail,
        };
        audit::record(tx, self.author.workspace_id, ids, self.now, event).await
    }
}

/// A tag as it is stored.
fn tag_name(tag: &str) -> Result<&str, Refusal> {
    let tag = tag.trim();
    if tag.is_empty() || tag.chars().count() > MAX_TAG_CHARS || tag.chars().any(char::is_control) {
        let message = format!("A tag has 1 to {MAX_TAG_CHARS} characters on one line.");
        return Err(Refusal::new(ErrorCode::InvalidValue, message));
    }
    Ok(tag)
}

#[cfg(test)]
mod tests;
