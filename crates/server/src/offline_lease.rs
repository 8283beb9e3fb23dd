//! For how long machines may show their copies without the server.

use recado_protocol::{ErrorCode, Workspace, WorkspaceId};
use serde_json::json;

use crate::core::{Core, CoreError};
use crate::storage::audit::{self, Actor, AuditEvent, AuditResult};
use crate::storage::change_log::{EntryKind, LogWriter, NewEntry};
use crate::storage::workspace;

/// The shortest lease, in hours. A shorter one would lock people out whenever a train enters a tunnel.
pub const SHORTEST_HOURS: u32 = 1;
/// The longest lease, in hours: whoever was let go without hearing of it reads their copy no longer than that.
pub const LONGEST_HOURS: u32 = 7 * 24;

/// Sets the lease of a workspace, in hours, and tells every machine. `actor` is whoever was found to be allowed to.
/// Setting what is set already changes nothing.
///
/// # Errors
/// [`CoreError::Invalid`] outside of [`SHORTEST_HOURS`] to [`LONGEST_HOURS`]; [`CoreError::Db`].
pub async fn set(
    core: &Core,
    workspace_id: WorkspaceId,
    hours: u32,
    actor: Actor,
) -> Result<Workspace, CoreError> {
    if !(SHORTEST_HOURS..=LONGEST_HOURS).contains(&hours) {
        let message = format!(
            "A copy may be read without the server for {SHORTEST_HOURS} to {LONGEST_HOURS} hours."
        );
        return Err(CoreError::invalid(ErrorCode::InvalidRequest, message));
    }
    let now = core.now();
    let (ids, lease_s) = (core.ids(now), hours * 3_600);
    core.db()
        .write(async move |tx| {
            let mut log = LogWriter::lock(tx, workspace_id).await?;
            let before = workspace::get(tx, workspace_id).await?;
            if before.offline_lease_s == lease_s {
                return Ok(before);
            }
            workspace::set_offline_lease(tx, workspace_id, lease_s, log.next()).await?;
            let entry = NewEntry::unscoped(EntryKind::Workspace, workspace_id.uuid());
            log.append(tx, &entry, now).await?;
            let event = AuditEvent {
                actor,
                action: "offline_lease_set",
                object_type: "workspace",
                object_id: Some(workspace_id.uuid()),
                result: AuditResult::Done,
                detail: json!({ "before_s": before.offline_lease_s, "after_s": lease_s }),
            };
            audit::record(tx, workspace_id, &mut ids.clone(), now, event).await?;
            Ok(workspace::get(tx, workspace_id).await?)
        })
        .await
}
