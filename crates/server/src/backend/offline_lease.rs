//! For how long machines may show their copies without the server, as a console command sets it.

use recado_protocol::Workspace;

use super::{Backend, BackendError};
use crate::offline_lease;
use crate::storage::audit::Actor;
use crate::storage::workspace;

impl Backend {
    /// The workspace with its lease.
    ///
    /// # Errors
    /// [`BackendError::Db`].
    pub async fn workspace(&self) -> Result<Workspace, BackendError> {
        let id = self.workspace_id;
        Ok(self.core.db().read(async move |tx| workspace::get(tx, id).await).await?)
    }

    /// Sets the lease, in hours.
    ///
    /// # Errors
    /// [`BackendError::Refused`] for hours that no lease may have.
    pub async fn set_offline_lease(&self, hours: u32) -> Result<Workspace, BackendError> {
        Ok(offline_lease::set(&self.core, self.workspace_id, hours, Actor::Console).await?)
    }
}
