//! What a database that was restored from a backup needs before it serves again.

use recado_protocol::{LogId, Planted, is_planted};

use crate::core::{Core, CoreError};
use crate::storage::audit::{self, Actor, AuditEvent, AuditResult};
use crate::storage::change_log::{self, LogWriter};
use crate::storage::workspace;

/// Begins a new change log in every workspace. What clients have seen since the backup is not in this database, and its
/// numbers will be given again to other changes: under another log id no client takes one for the other. Clients
/// reconcile by it and send again what the lost part had confirmed.
///
/// # Errors
/// [`CoreError::Db`].
pub async fn begin_new_logs(core: &Core) -> Result<(), CoreError> {
    let now = core.now();
    let workspaces = core.db().read(async |tx| workspace::ids(tx).await).await?;
    for workspace_id in workspaces {
        let ids = core.ids(now);
        core.db()
            .write(async move |tx| {
                let mut ids = ids.clone();
                LogWriter::lock(tx, workspace_id).await?;
                let log_id = LogId::from_uuid(ids.next_id());
                if !is_planted(Planted::LogIdKept) {
                    change_log::begin_anew(tx, workspace_id, log_id).await?;
                }
                let event = AuditEvent {
                    actor: Actor::Console,
                    action: "change_log_begin",
                    object_type: "workspace",
                    object_id: Some(workspace_id.uuid()),
                    result: AuditResult::Done,
                    detail: serde_json::json!({ "log_id": log_id }),
                };
                audit::record(tx, workspace_id, &mut ids, now, event).await
            })
            .await
            .map_err(CoreError::Db)?;
    }
    Ok(())
}
