//! What the engine tells, turned into events, state and notifications.

use std::sync::{Arc, PoisonError};

use recado_protocol::host::{HostEvent, OpenRequest};
use recado_protocol::{ConversationId, Visibility};
use recado_store::NewMessage;
use tokio::sync::mpsc;
use tracing::warn;

use super::account::{ClosedListing, OpenAccount};
use super::shared::Shared;
use crate::engine::Notice;
use crate::notification::{Recipient, Shown};

impl Shared {
    pub(super) async fn follow_notices(
        self: Arc<Self>,
        account: Arc<OpenAccount>,
        mut queue: mpsc::UnboundedReceiver<Notice>,
    ) {
        while let Some(notice) = queue.recv().await {
            self.noticed(&account, notice).await;
        }
    }

    async fn noticed(self: &Arc<Self>, account: &Arc<OpenAccount>, notice: Notice) {
        // What a former account's engine told last says nothing about the present one.
        if !self.is_open(account) {
            return;
        }
        match notice {
            Notice::Link(link) => self.update(|facts| facts.link = link),
            Notice::ConversationsChanged(conversation_ids) => {
                self.emit(HostEvent::ConversationsChanged {
                    conversation_ids: conversation_ids.clone(),
                });
                self.close_read_notifications(account, conversation_ids).await;
            }
            Notice::ConversationLeft { conversation_id, contact_name } => {
                self.close_notification(conversation_id);
                self.emit(HostEvent::ConversationLeft { conversation_id, contact_name });
            }
            Notice::DirectoryChanged(meta) => {
                let epoch_changed =
                    self.facts().meta.as_ref().is_some_and(|known| {
                        (known.epoch, known.log_id) != (meta.epoch, meta.log_id)
                    });
                if epoch_changed {
                    *account.closed() = ClosedListing::default();
                }
                let bootstrapped = meta.log_id.is_some();
                self.update(|facts| {
                    facts.meta = Some(*meta);
                    // An empty cache hides nothing that would have to be checked first.
                    facts.gate.checked |= !bootstrapped;
                    facts.settle();
                });
                self.count_outbox(account).await;
                self.emit(HostEvent::DirectoryChanged);
            }
            Notice::OutboxChanged(ids) => {
                self.count_outbox(account).await;
                for command_id in ids {
                    self.emit(HostEvent::OutboxChanged { command_id });
                }
            }
            Notice::NewMessages(messages) => self.notify(&messages),
            Notice::AccessChecked => self.update(|facts| {
                facts.gate.checked = true;
                facts.settle();
            }),
            Notice::SessionsChanged => self.emit(HostEvent::SessionsChanged),
            Notice::Lease { holds } => self.update(|facts| {
                facts.gate.lease_holds = Some(holds);
                // After a lease ended, the server has to be asked before anything is shown.
                facts.gate.checked &= holds;
                facts.settle();
            }),
            Notice::Demanded { demand_id, result } => account.demanded(demand_id, result),
            // Both close this account, which waits for the queue that is being followed here.
            Notice::SessionEnded { wiped: false, reason } => {
                tokio::spawn(Arc::clone(self).session_ended(Arc::clone(account), reason));
            }
            Notice::SessionEnded { wiped: true, .. } => {
                tokio::spawn(Arc::clone(self).session_wiped(Arc::clone(account)));
            }
            Notice::StoreFailed(failure) => {
                tokio::spawn(Arc::clone(self).store_failed(Arc::clone(account), failure));
            }
        }
    }

    /// Counts what waits, for the line that says so.
    pub(super) async fn count_outbox(&self, account: &OpenAccount) {
        // One after the other, or an older count could be told after a newer one and stay.
        let _counting = self.counting.lock().await;
        match account.read(recado_store::Store::outbox_counts).await {
            Ok(counts) => self.update(|facts| {
                facts.queued = counts.queued;
                facts.refused = counts.refused;
            }),
            Err(error) => warn!(code = ?error.code, "the outbox cannot be counted"),
        }
    }

    fn notify(&self, messages: &[NewMessage]) {
        let (recipient, focus, settings) = {
            let facts = self.facts();
            let Some(subject) = facts.meta.as_ref().and_then(recado_store::Meta::subject) else {
                return;
            };
            let Visibility { teammate_id, team_ids, .. } = subject.visibility;
            let recipient = Recipient { teammate_id, team_ids };
            (recipient, facts.focus.clone(), facts.settings.clone())
        };
        let now = self.options.clock.now();
        let shown = self
            .notifications
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .arrived(now, messages, &recipient, &focus, &settings);
        for Shown { conversation_id, title, body } in shown {
            self.options.notifier.show(conversation_id, &title, &body);
        }
    }

    /// What was read, here or on another machine, is no longer announced.
    async fn close_read_notifications(&self, account: &OpenAccount, changed: Vec<ConversationId>) {
        let shown =
            self.notifications.lock().unwrap_or_else(PoisonError::into_inner).shown_among(&changed);
        for conversation_id in shown {
            let request = OpenRequest { conversation_id, limit: 1 };
            let view = account.read(move |store| store.conversation_view(&request)).await;
            if matches!(view, Ok(None)) || matches!(view, Ok(Some(view)) if view.unread == 0) {
                self.close_notification(conversation_id);
            }
        }
    }

    /// Takes every notification away: what they say may not be read any more.
    pub(super) fn withdraw_notifications(&self) {
        let (shown, summary) = {
            let mut all = self.notifications.lock().unwrap_or_else(PoisonError::into_inner);
            (all.shown_among(&[]), all.summary_closed())
        };
        for conversation_id in shown {
            self.close_notification(conversation_id);
        }
        if summary {
            self.options.notifier.close(None);
        }
    }

    pub(super) fn close_notification(&self, conversation_id: ConversationId) {
        let closed = self
            .notifications
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .closed(conversation_id);
        if closed {
            self.options.notifier.close(Some(conversation_id));
        }
    }
}
