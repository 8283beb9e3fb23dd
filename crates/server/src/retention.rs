//! Forgetting what is kept for a time only: change log entries, and what became of commands and channels' requests.

use recado_protocol::{Planted, Timestamp, WorkspaceId, is_planted};

use crate::commands::OUTCOME_KEPT_S;
use crate::core::{Core, CoreError};
use crate::storage::change_log::{self, LogWriter};
use crate::storage::{Tx, channel, command, workspace};

/// For how long change log entries are kept, in seconds. A cursor from before them has to reconcile.
pub const LOG_KEPT_S: i64 = 30 * 24 * 3600;
/// How many entries one transaction deletes, so that agents do not wait for it.
const BATCH: u32 = 1000;

/// Forgets what is older than its time in every workspace.
///
/// # Errors
/// [`CoreError::Db`]; what was forgotten stays so.
pub async fn run(core: &Core) -> Result<(), CoreError> {
    let now = core.now();
    let workspaces = core.db().read(async |tx| workspace::ids(tx).await).await?;
    for workspace_id in workspaces {
        while prune_log(core, workspace_id, now).await? == u64::from(BATCH) {}
        let forgotten = is_planted(Planted::OutcomesForgotten);
        let kept_s = if forgotten { LOG_KEPT_S } else { OUTCOME_KEPT_S };
        let outcomes_since = now.plus_seconds(-kept_s);
        core.db()
            .write(async move |tx: &mut Tx| {
                // A command must not run again between the check for its outcome and the loss of it.
                LogWriter::lock(tx, workspace_id).await?;
                command::prune(tx, workspace_id, outcomes_since).await?;
                channel::prune_requests(tx, workspace_id, outcomes_since).await
            })
            .await?;
    }
    Ok(())
}

async fn prune_log(
    core: &Core,
    workspace_id: WorkspaceId,
    now: Timestamp,
) -> Result<u64, CoreError> {
    let kept_since = now.plus_seconds(-LOG_KEPT_S);
    let pruned = core.db().write(async move |tx: &mut Tx| {
        let log = LogWriter::lock(tx, workspace_id).await?;
        change_log::prune(tx, &log, kept_since, BATCH).await
    });
    Ok(pruned.await?)
}
