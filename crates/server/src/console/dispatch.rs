//! What console commands do, whether a server runs or not.

use std::sync::Arc;

use recado_protocol::JoinLink;
use serde::Serialize;
use serde_json::Value;

use super::{AddedChannel, Done, JoinLinkReply, MappedGroup, Request};
use crate::backend::{Backend, BackendError};
use crate::import::Importer;

/// Carries out console commands.
#[derive(Clone)]
pub struct Desk {
    backend: Backend,
    join_link: Option<Arc<JoinLink>>,
}

impl Desk {
    /// A desk on a backend. The join link is known while a server runs.
    #[must_use]
    pub fn new(backend: Backend, join_link: Option<JoinLink>) -> Self {
        Self { backend, join_link: join_link.map(Arc::new) }
    }

    /// The backend.
    #[must_use]
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Carries out one command.
    ///
    /// # Errors
    /// [`BackendError`], whose text is the sentence for whoever asked.
    pub async fn carry_out(&self, request: Request) -> Result<Value, BackendError> {
        match request {
            Request::JoinLink => {
                encode(&JoinLinkReply { join_link: self.join_link()?.to_string() })
            }
            Request::LinkMake { email, new, settings } => {
                let join_link = self.join_link()?;
                encode(&self.backend.make_link(&email, new, settings, join_link).await?)
            }
            Request::OwnFactorSet { roles, grace_days } => {
                encode(&self.backend.require_own_factor(roles, grace_days).await?)
            }
            Request::OwnFactorShow => encode(&self.backend.own_factor().await?),
            Request::OfflineLeaseSet { hours } => {
                encode(&self.backend.set_offline_lease(hours).await?)
            }
            Request::OfflineLeaseShow => encode(&self.backend.workspace().await?),
            Request::LinkList => encode(&self.backend.links().await?),
            Request::LinkRevoke { email } => encode(&self.backend.revoke_link(&email).await?),
            Request::TeammateAdd { new } => encode(&self.backend.add_teammate(new).await?),
            Request::TeammateSet { email, change } => {
                encode(&self.backend.change_teammate(&email, change).await?)
            }
            Request::SessionList { email } => encode(&self.backend.sessions_of(&email).await?),
            Request::SessionEnd { email, session_id, wipe } => {
                encode(&self.backend.end_sessions_of(&email, session_id, wipe).await?)
            }
            Request::Import { options, batch } => {
                let (core, workspace_id) = (self.backend.core(), self.backend.workspace_id());
                let importer = Importer::open(core, workspace_id, &options).await?;
                encode(&importer.store(batch).await?)
            }
            Request::ChannelAdd { name } => {
                let key = self.backend.add_channel(&name).await?;
                encode(&AddedChannel { channel_key: key.expose().to_owned() })
            }
            request => self.carry_out_sso(request).await,
        }
    }

    async fn carry_out_sso(&self, request: Request) -> Result<Value, BackendError> {
        let origin = self.origin();
        match request {
            Request::SsoAdd { new } => encode(&self.backend.add_provider(*new, &origin).await?),
            Request::SsoList => encode(&self.backend.providers(&origin).await?),
            Request::SsoTest { name } => encode(&self.backend.test_provider(&name).await?),
            Request::SsoRemove { name } => {
                self.backend.remove_provider(&name).await?;
                encode(&Done {})
            }
            Request::SsoMapGroup { name, mapping } => {
                let new_teams = self.backend.map_group(&name, mapping).await?;
                encode(&MappedGroup { new_teams })
            }
            Request::SsoOnly { owner } => {
                self.backend.set_sso_only(owner.as_deref()).await?;
                encode(&Done {})
            }
            _ => Err(BackendError::Internal("a command that nobody carries out".to_owned())),
        }
    }

    /// The server's address. While no server runs nobody knows it, so a stand-in takes its place.
    fn origin(&self) -> String {
        self.join_link.as_ref().map_or_else(
            || "https://YOUR-SERVER".to_owned(),
            |link| link.url.origin().ascii_serialization(),
        )
    }

    fn join_link(&self) -> Result<&JoinLink, BackendError> {
        self.join_link.as_deref().ok_or_else(|| {
            BackendError::Refused(
                "the link names the server's address, so start the server first: recado-server serve"
                    .to_owned(),
            )
        })
    }
}

fn encode(value: &impl Serialize) -> Result<Value, BackendError> {
    serde_json::to_value(value).map_err(|error| BackendError::Internal(error.to_string()))
}
