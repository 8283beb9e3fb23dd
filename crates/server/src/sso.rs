//! Single sign-on by OpenID Connect. This server is the relying party: it sends the browser to a company's identity
//! provider, trades the provider's code for an ID token, and hands the app, over the machine's own loopback, a code that is
//! good once and for that app only.
//!
//! An account's key is issuer and subject. An address links to an account that exists only if the provider has verified it
//! and an admin has said so.

mod accounts;
mod begin;
mod callback;
mod claims;
mod complete;
mod error;
mod inspect;
mod logout;
mod provider_http;
mod relying_party;
mod step_up;
mod watch;

use std::sync::Arc;

use recado_protocol::ProviderId;

use crate::identity::sealer::Sealer;
use crate::session::Sessions;
use crate::storage::sso::{self as rows, Provider};

pub use begin::FLOW_S;
pub use callback::{CODE_S, CallbackAnswer, CallbackQuery};
pub use error::SsoError;
pub(crate) use inspect::require_authorities;
pub use watch::ASKED_EVERY_S;

use relying_party::RelyingParty;

/// What single sign-on works by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SsoSettings {
    /// Whether a provider may live on this machine's loopback without TLS. For tests: no command line sets it.
    pub loopback_without_tls: bool,
}

/// Lets people in whom an identity provider vouches for. Clones share it.
#[derive(Clone)]
pub struct Sso {
    sessions: Sessions,
    sealer: Arc<Sealer>,
    relying: RelyingParty,
}

impl Sso {
    /// The single sign-on of a workspace.
    #[must_use]
    pub fn new(sessions: Sessions, sealer: Sealer, settings: SsoSettings) -> Self {
        let relying = RelyingParty::new(settings.loopback_without_tls);
        Self { sessions, sealer: Arc::new(sealer), relying }
    }

    async fn provider(&self, id: ProviderId) -> Result<Provider, SsoError> {
        let workspace_id = self.sessions.workspace_id;
        self.sessions
            .core
            .db()
            .read(async move |tx| rows::find(tx, workspace_id, id).await)
            .await?
            .ok_or(SsoError::NoSuchProvider)
    }
}

/// Where a provider sends browsers back to. Each has an address of its own.
#[must_use]
pub fn callback_url(origin: &str, id: ProviderId) -> String {
    format!("{origin}/v1/sso/{id}/callback")
}

/// Where a provider tells of logouts.
#[must_use]
pub fn logout_url(origin: &str, id: ProviderId) -> String {
    format!("{origin}/v1/sso/{id}/back-channel-logout")
}
