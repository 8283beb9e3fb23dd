//! What handlers work with.

use std::sync::Arc;

use axum::extract::FromRef;
use recado_protocol::{JoinLink, WorkspaceId};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::limits::Admission;
use crate::channel_key::ChannelKeys;
use crate::core::Core;
use crate::enrolment::Enrolments;
use crate::live::audience::Audience;
use crate::own_account::OwnAccount;
use crate::session::Sessions;
use crate::sign_in::SignIn;
use crate::sso::Sso;

/// Everything behind the router. Clones share it.
#[derive(Clone)]
pub struct Edge {
    /// The server below its router.
    pub core: Core,
    /// The workspace that this server serves.
    pub workspace_id: WorkspaceId,
    /// The way in.
    pub sign_in: SignIn,
    /// The way in by single sign-on.
    pub sso: Sso,
    /// Sessions.
    pub sessions: Sessions,
    /// Accounts, as their owners deal with them.
    pub own_account: OwnAccount,
    /// Personal links: invitations and resets.
    pub enrolments: Enrolments,
    /// The link by which clients join.
    pub join_link: Arc<JoinLink>,
    /// The keys of customers' systems.
    pub channel_keys: ChannelKeys,
    /// The address that browsers and clients know, as an origin: `https://host[:port]`.
    pub origin: Arc<str>,
    /// How many requests there may be at once.
    pub(crate) admission: Admission,
    /// The live streams, and whom a change concerns.
    pub audience: Audience,
    /// How many live streams there may be at once.
    pub live_places: Arc<Semaphore>,
    /// Cancelled when the server stops, so that streams end.
    pub stopping: CancellationToken,
}

impl FromRef<Edge> for Core {
    fn from_ref(edge: &Edge) -> Self {
        edge.core.clone()
    }
}
