//! Notifications of the desktop.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify_rust::Notification;
use recado_client::Notifier;
use recado_protocol::ConversationId;

/// What a click on a notification does; without a conversation it only brings the window back.
pub(crate) type OnClick = Arc<dyn Fn(Option<ConversationId>) + Send + Sync>;

/// The service's numbers of the notifications that are shown, by what they are about.
type Shown = BTreeMap<Option<ConversationId>, u32>;

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
            notification.id(*before);
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
            lock(&shown).insert(conversation_id, number);
            // Some services tell a click only to the connection that the notification came over,
            // so it is this handle that waits.
            handle.wait_for_action(|action| {
                if action == "default" {
                    on_click(conversation_id);
                }
            });
            let mut shown = lock(&shown);
            if shown.get(&conversation_id) == Some(&number) {
                shown.remove(&conversation_id);
            }
        });
    }

    fn close(&self, conversation_id: Option<ConversationId>) {
        if let Some(number) = lock(&self.shown).remove(&conversation_id) {
            tauri::async_runtime::spawn(async move {
                if let Err(error) = take_away(number).await {
                    tracing::warn!(%error, "a notification was not taken away");
                }
            });
        }
    }
}

/// Asks the service to take a notification away, by its number. The handle that was given for it is
/// busy waiting for a click.
async fn take_away(number: u32) -> zbus::Result<()> {
    let bus = zbus::Connection::session().await?;
    let service = "org.freedesktop.Notifications";
    let path = "/org/freedesktop/Notifications";
    bus.call_method(Some(service), path, Some(service), "CloseNotification", &number).await?;
    Ok(())
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
