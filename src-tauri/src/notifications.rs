//! Notifications of the desktop.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify_rust::{ActionResponse, Notification, NotificationHandle};
use recado_client::Notifier;
use recado_protocol::ConversationId;

/// What a click on a notification does; without a conversation it only brings the window back.
pub(crate) type OnClick = Arc<dyn Fn(Option<ConversationId>) + Send + Sync>;

/// The notifications that are shown, by what they are about.
type Shown = BTreeMap<Option<ConversationId>, NotificationHandle>;

/// Shows notifications through the desktop's own service.
pub(crate) struct DesktopNotifier {
    on_click: OnClick,
    shown: Arc<Mutex<Shown>>,
}

impl DesktopNotifier {
    /// A notifier that reports clicks to `on_click`.
    pub(crate) fn new(on_click: OnClick) -> Self {
        Self { on_click, shown: Arc::default() }
    }
}

fn lock(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Notifier for DesktopNotifier {
    fn show(&self, conversation_id: Option<ConversationId>, title: &str, body: &str) {
        let mut notification = Notification::new();
        notification
            .appname("Recado")
            .icon("recado")
            .summary(title)
            .body(&without_markup(body))
            .action("default", "Recado");
        // A newer message of the same conversation takes the older one's place.
        if let Some(before) = lock(&self.shown).get(&conversation_id) {
            notification.id(before.id());
        }
        let (on_click, shown) = (self.on_click.clone(), self.shown.clone());
        // The service answers over the bus and may be slow, and waiting for a click blocks.
        std::thread::spawn(move || {
            let handle = match notification.show() {
                Ok(handle) => handle,
                Err(error) => {
                    tracing::warn!(%error, "the notification service did not take a notification");
                    return;
                }
            };
            let number = handle.id();
            lock(&shown).insert(conversation_id, handle);
            let heard = notify_rust::handle_action(number, |response| {
                if matches!(response, ActionResponse::Custom("default")) {
                    on_click(conversation_id);
                }
            });
            if let Err(error) = heard {
                tracing::warn!(%error, "clicks on notifications are not heard");
            }
            let mut shown = lock(&shown);
            if shown.get(&conversation_id).is_some_and(|handle| handle.id() == number) {
                shown.remove(&conversation_id);
            }
        });
    }

    fn close(&self, conversation_id: Option<ConversationId>) {
        let handle = lock(&self.shown).remove(&conversation_id);
        if let Some(handle) = handle {
            std::thread::spawn(move || handle.close());
        }
    }
}

/// The specification lets a body hold markup; a customer's words are text and nothing else.
fn without_markup(body: &str) -> String {
    body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customers_words_carry_no_markup() {
        assert_eq!(without_markup("<a href='x'>&"), "&lt;a href='x'&gt;&amp;");
    }
}
