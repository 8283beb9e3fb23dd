//! What the client tells goes to the window; counts go to the tray as well.

use recado_client::Client;
use recado_protocol::host::{AppState, HostEvent, Language, Phase, Sidebar, View};
use tauri::{AppHandle, Emitter as _, Manager as _};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::tray::Tray;
use crate::{ipc, window, words};

/// Forwards events until the client ends.
pub(crate) async fn forward(app: AppHandle, client: Client, mut events: Receiver<HostEvent>) {
    let state = client.state();
    let mut tray = TrayState::default();
    tray.follow(&state);
    // Where the client did not start at once, the window heard nothing of it until here.
    tell(&app, &HostEvent::StateChanged { state: Box::new(state) });
    tray.refresh(&app, &client).await;
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            // Whoever was too slow reads everything again.
            Err(RecvError::Lagged(_)) => {
                HostEvent::ConversationsChanged { conversation_ids: vec![] }
            }
            Err(RecvError::Closed) => return,
        };
        tell(&app, &event);
        match &event {
            HostEvent::OpenConversation { .. } | HostEvent::JoinLinkReceived { .. } => {
                window::show(&app);
            }
            HostEvent::StateChanged { state } => tray.follow(state),
            HostEvent::ConversationsChanged { .. } | HostEvent::ConversationLeft { .. } => {}
            _ => continue,
        }
        // A burst of changes is one look at the counts.
        if events.is_empty() {
            tray.refresh(&app, &client).await;
        }
    }
}

fn tell(app: &AppHandle, event: &HostEvent) {
    if let Err(error) = app.emit_to(window::MAIN, ipc::EVENT, event) {
        tracing::warn!(%error, "an event did not reach the window");
    }
}

/// What the tray shows.
#[derive(Default)]
struct TrayState {
    language: Option<Language>,
    ready: bool,
}

impl TrayState {
    fn follow(&mut self, state: &AppState) {
        self.language = Some(state.settings.language);
        self.ready = state.phase == Phase::Ready;
    }

    async fn refresh(&self, app: &AppHandle, client: &Client) {
        let Some(tray) = app.try_state::<Tray>() else { return };
        let sidebar = if self.ready { ask::<Sidebar>(client, "sidebar").await } else { None };
        let count = sidebar.as_ref().map_or(0, unread);
        let language = self.language.unwrap_or(Language::System);
        let spanish = words::is_spanish(language, words::system_locale().as_deref());
        if let Err(error) = tray.update(spanish, count) {
            tracing::warn!(%error, "the tray did not take the count");
        }
    }
}

/// How many of the agent's own conversations hold something unread.
fn unread(sidebar: &Sidebar) -> u32 {
    let mine = sidebar.views.iter().filter(|count| count.view == View::Mine);
    mine.map(|count| count.unread).sum()
}

async fn ask<T: serde::de::DeserializeOwned>(client: &Client, command: &str) -> Option<T> {
    let answer = client.invoke(command, serde_json::json!({})).await.ok()?;
    serde_json::from_value(answer).ok()
}

#[cfg(test)]
mod tests {
    use recado_protocol::host::ViewCount;

    use super::*;

    #[test]
    fn the_tray_counts_what_is_unread_among_ones_own() {
        let count = |view, unread| ViewCount { view, team_name: None, count: Some(9), unread };
        let views = vec![count(View::All, 7), count(View::Unassigned, 5)];
        let mut sidebar = Sidebar { views, queued: 1, refused: 1, drafts: 1 };
        assert_eq!(unread(&sidebar), 0);
        sidebar.views.insert(1, count(View::Mine, 3));
        assert_eq!(unread(&sidebar), 3);
    }
}
