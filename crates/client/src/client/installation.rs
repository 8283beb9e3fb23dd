//! Settings, links and what this program is.

use std::sync::PoisonError;

use recado_protocol::ErrorCode;
use recado_protocol::host::{
    About, AppState, Empty, FocusRequest, HostError, HostEvent, LinkRequest, LinkText, Settings,
};
use recado_store::{CacheStats, Store};

use super::shared::Shared;
use crate::error::failure;
use crate::links::{self, DeepLink};

impl Shared {
    pub(super) async fn settings_save(&self, settings: Settings) -> Result<AppState, HostError> {
        self.profile.save_settings(&settings)?;
        self.update(|facts| facts.settings = settings);
        Ok(self.state())
    }

    pub(super) async fn about(&self, _: Empty) -> Result<About, HostError> {
        let stats = match self.account() {
            Some(account) => account.read(Store::cache_stats).await?,
            None => CacheStats::default(),
        };
        Ok(About {
            version: self.options.app_version.clone(),
            keychain: self.keychain.description().name,
            cipher_version: recado_store::cipher_version(),
            data_dir: self.profile.dir().display().to_string(),
            cache_size_bytes: stats.file_bytes,
            conversations: stats.heads,
        })
    }

    pub(super) async fn link_open(&self, request: LinkRequest) -> Result<Empty, HostError> {
        let url = links::outside(&request.url)?;
        match self.options.opener.open(&url) {
            Ok(()) => Ok(Empty {}),
            Err(detail) => Err(failure(ErrorCode::ClientFailed, detail)),
        }
    }

    pub(super) async fn focus_changed(&self, focus: FocusRequest) -> Result<Empty, HostError> {
        if focus.window_focused {
            if let Some(conversation_id) = focus.conversation_id {
                self.close_notification(conversation_id);
            }
            let summed_up =
                self.notifications.lock().unwrap_or_else(PoisonError::into_inner).summary_closed();
            if summed_up {
                self.options.notifier.close(None);
            }
        }
        self.facts().focus = focus;
        Ok(Empty {})
    }

    /// Follows a link that came from outside: it is shown, never obeyed by itself.
    pub(super) fn open_link_from_outside(&self, link: &str) -> Result<(), HostError> {
        self.emit(match links::deep_link(link)? {
            DeepLink::Join(join) => {
                HostEvent::JoinLinkReceived { link: LinkText(join.to_string()) }
            }
            DeepLink::OpenConversation(conversation_id) => {
                HostEvent::OpenConversation { conversation_id }
            }
        });
        Ok(())
    }
}
