//! What the agent does: commands, the outbox and drafts. Everything is stored before it is
//! answered, and sent when there is a way.

use std::collections::HashMap;

use recado_protocol::command::{MAX_BODY_BYTES, MAX_TAG_CHARS};
use recado_protocol::host::{
    Draft, Drafts, Empty, HostError, HostEvent, ListedRequest, Outbox, OutboxRequest,
    OutboxRetryRequest, SubmitRequest, Submitted,
};
use recado_protocol::policy::{Decision, Denial, decide};
use recado_protocol::text::without_nul;
use recado_protocol::{
    Action, Command, CommandId, ConversationHead, ConversationId, ErrorCode, Timestamp,
};
use recado_store::Store;

use super::account::OpenAccount;
use super::shared::Shared;
use crate::engine::Input;
use crate::error::failure;
use crate::random::command_id;

impl Shared {
    pub(super) async fn command_submit(
        &self,
        request: SubmitRequest,
    ) -> Result<Submitted, HostError> {
        let account = self.ready_account()?;
        let SubmitRequest { conversation_id, action } = request;
        let action = checked(action)?;
        let head = account.read(move |store| store.head(conversation_id)).await?;
        let head = head.ok_or_else(|| {
            failure(ErrorCode::NotFound, "this conversation is no longer in your view")
        })?;
        self.check_permission(&action, &head)?;
        let now = self.options.clock.now();
        let id = command_id(self.options.random.as_ref(), now)?;
        let submitted = self.submitted(&action, now);
        let undo = account
            .read(move |store| {
                let undo = store.undo_for(conversation_id, &action)?;
                let after = predecessor(store, conversation_id, &action)?;
                let command = Command { id, conversation_id, after, action, created_at: now };
                store.enqueue(&command)?;
                Ok(undo)
            })
            .await?;
        account.tell(submitted);
        self.outbox_changed(&account, id, conversation_id).await;
        Ok(Submitted { command_id: id, undo })
    }

    /// What the engine is told of a new command: a note may be taken back for a moment.
    fn submitted(&self, action: &Action, now: Timestamp) -> Input {
        match action {
            Action::ConversationNote { .. } => {
                Input::Held { until: now.plus_seconds(self.options.note_held_s) }
            }
            // Looking at something says nothing about what was written before.
            Action::ConversationMark { .. } => Input::Held { until: now },
            _ => Input::Submitted,
        }
    }

    fn check_permission(&self, action: &Action, head: &ConversationHead) -> Result<(), HostError> {
        let subject = self.facts().meta.as_ref().and_then(recado_store::Meta::subject);
        let decision = match subject {
            Some(subject) => decide(&subject, action.permission(), Some(&head.scope())),
            None => Decision::Denied(Denial::NotActive),
        };
        match decision {
            Decision::Allowed => Ok(()),
            Decision::Denied(Denial::OutOfScope) => {
                Err(failure(ErrorCode::NotFound, "this conversation is no longer in your view"))
            }
            Decision::Denied(Denial::NotActive) => {
                Err(failure(ErrorCode::PermissionDenied, "your account is not active"))
            }
            Decision::Denied(Denial::MissingPermission { permission }) => Err(failure(
                ErrorCode::PermissionDenied,
                format!("your role lacks the permission {}", permission.name()),
            )),
        }
    }

    async fn outbox_changed(
        &self,
        account: &OpenAccount,
        command_id: CommandId,
        conversation_id: ConversationId,
    ) {
        self.emit(HostEvent::OutboxChanged { command_id });
        self.emit(HostEvent::ConversationsChanged { conversation_ids: vec![conversation_id] });
        self.count_outbox(account).await;
    }

    pub(super) async fn outbox(&self, request: ListedRequest) -> Result<Outbox, HostError> {
        self.ready_account()?.read(move |store| store.outbox_page(request)).await
    }

    pub(super) async fn connection_retry(&self, _: Empty) -> Result<Empty, HostError> {
        self.ready_account()?.tell(Input::NetworkHint);
        Ok(Empty {})
    }

    pub(super) async fn outbox_retry(
        &self,
        request: OutboxRetryRequest,
    ) -> Result<Empty, HostError> {
        let account = self.ready_account()?;
        let now = self.options.clock.now();
        let command_ids = match request.command_ids {
            Some(command_ids) => command_ids,
            None => account.read(Store::refused_ids).await?,
        };
        let mut ids = HashMap::with_capacity(command_ids.len());
        for id in command_ids {
            // The server keeps the refusal of the old id for good.
            ids.insert(id, command_id(self.options.random.as_ref(), now)?);
        }
        let (first, new_ids) = (ids.keys().next().copied(), ids.clone());
        let retry = move |store: &Store| {
            let retried = store.retry_all(&new_ids)?;
            match first.filter(|_| retried.is_empty()) {
                Some(id) => Err(recado_store::Error::NoSuchEntry(id)),
                None => Ok(retried),
            }
        };
        let conversation_ids = account.read(retry).await?;
        account.tell(Input::Submitted);
        for (old_id, new_id) in ids {
            self.emit(HostEvent::OutboxChanged { command_id: old_id });
            self.emit(HostEvent::OutboxChanged { command_id: new_id });
        }
        self.emit(HostEvent::ConversationsChanged { conversation_ids });
        self.count_outbox(&account).await;
        Ok(Empty {})
    }

    pub(super) async fn outbox_discard(&self, request: OutboxRequest) -> Result<Empty, HostError> {
        let account = self.ready_account()?;
        let id = request.command_id;
        let conversation_id = account.read(move |store| store.discard(id)).await?;
        account.tell(Input::Submitted);
        self.outbox_changed(&account, id, conversation_id).await;
        Ok(Empty {})
    }

    pub(super) async fn draft_save(&self, draft: Draft) -> Result<Empty, HostError> {
        let account = self.ready_account()?;
        if draft.body_text.len() > MAX_BODY_BYTES {
            return Err(failure(ErrorCode::TooLarge, "this is longer than a message may be"));
        }
        let draft = Draft { body_text: without_nul(draft.body_text), ..draft };
        let conversation_id = draft.conversation_id;
        let now = self.options.clock.now();
        let came_or_went = account.read(move |store| store.save_draft(&draft, now)).await?;
        // Lists show that there is one. Its words are known to whoever writes them.
        if came_or_went {
            self.emit(HostEvent::ConversationsChanged { conversation_ids: vec![conversation_id] });
        }
        Ok(Empty {})
    }

    pub(super) async fn drafts(&self, request: ListedRequest) -> Result<Drafts, HostError> {
        self.ready_account()?.read(move |store| store.drafts(request)).await
    }
}

/// The action as it is sent, or why it would be refused anyway.
fn checked(action: Action) -> Result<Action, HostError> {
    let body = |body_text: String| {
        if body_text.len() > MAX_BODY_BYTES {
            return Err(failure(ErrorCode::TooLarge, "this is longer than a message may be"));
        }
        if body_text.trim().is_empty() {
            return Err(failure(ErrorCode::InvalidValue, "write something first"));
        }
        Ok(without_nul(body_text))
    };
    let tag = |tag: String| {
        let tag = without_nul(tag).trim().to_owned();
        if tag.is_empty() || tag.chars().count() > MAX_TAG_CHARS {
            let message = format!("a tag has between 1 and {MAX_TAG_CHARS} characters");
            return Err(failure(ErrorCode::InvalidValue, message));
        }
        Ok(tag)
    };
    Ok(match action {
        Action::ConversationReply { body_text, last_seen_seq } => {
            Action::ConversationReply { body_text: body(body_text)?, last_seen_seq }
        }
        Action::ConversationNote { body_text } => {
            Action::ConversationNote { body_text: body(body_text)? }
        }
        Action::ConversationTagAdd { tag: name } => Action::ConversationTagAdd { tag: tag(name)? },
        Action::ConversationTagRemove { tag: name } => {
            Action::ConversationTagRemove { tag: tag(name)? }
        }
        other => other,
    })
}

/// The command that has to be applied before `action` may be: putting a conversation away says that
/// it was answered, so it waits for an answer that is not sent yet.
///
/// # Errors
///
/// Those of any read.
pub fn predecessor(
    store: &Store,
    conversation_id: ConversationId,
    action: &Action,
) -> Result<Option<CommandId>, recado_store::Error> {
    if !matches!(action, Action::ConversationClose | Action::ConversationSnooze { .. }) {
        return Ok(None);
    }
    store.waiting_reply(conversation_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_would_refuse_is_refused_at_once() {
        let reply = |body_text: &str| Action::ConversationReply {
            body_text: body_text.to_owned(),
            last_seen_seq: 1,
        };
        let tag = |tag: &str| Action::ConversationTagAdd { tag: tag.to_owned() };
        for (action, code) in [
            (reply(""), ErrorCode::InvalidValue),
            (reply(" \n\t"), ErrorCode::InvalidValue),
            (reply(&"a".repeat(MAX_BODY_BYTES + 1)), ErrorCode::TooLarge),
            (tag(" "), ErrorCode::InvalidValue),
            (tag(&"a".repeat(MAX_TAG_CHARS + 1)), ErrorCode::InvalidValue),
        ] {
            assert_eq!(checked(action).map_err(|error| error.code), Err(code));
        }
        assert!(checked(reply(&"a".repeat(MAX_BODY_BYTES))).is_ok());
        assert_eq!(checked(reply("a\0b")).ok(), Some(reply("a\u{FFFD}b")));
        assert_eq!(checked(tag(" vip ")).ok(), Some(tag("vip")));
    }
}
