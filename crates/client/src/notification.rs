//! Notifications of the system.

use recado_protocol::ConversationId;

/// Shows notifications of the system. The host implements it.
pub trait Notifier: Send + Sync {
    /// Shows a notification, or replaces the one that is shown under the same id. Without a
    /// conversation it sums up several.
    fn show(&self, conversation_id: Option<ConversationId>, title: &str, body: &str);

    /// Takes a notification away, if it is still shown.
    fn close(&self, conversation_id: Option<ConversationId>);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNotifier;

impl Notifier for NoNotifier {
    fn show(&self, _: Option<ConversationId>, _: &str, _: &str) {}

    fn close(&self, _: Option<ConversationId>) {}
}
