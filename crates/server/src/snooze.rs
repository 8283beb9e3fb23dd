//! Waking what was put aside until a time that has come.

use recado_protocol::{
    ConversationId, ConversationState, PartType, Planted, Timestamp, WorkspaceId, is_planted,
};

use crate::conversation::{ConversationChange, server_author};
use crate::core::{Core, CoreError};
use crate::ids::Ids;
use crate::storage::audit::{self, Actor, AuditEvent, AuditResult};
use crate::storage::change_log::LogWriter;
use crate::storage::{DbError, Tx, conversation, workspace};

/// How many conversations are looked up at once.
const BATCH: u32 = 100;

/// Wakes every conversation whose snooze has run out, each in a transaction of its own, and says how many. Any number of
/// nodes may do this at the same time.
///
/// # Errors
/// [`CoreError::Db`]; what was woken stays so.
pub async fn wake_due(core: &Core) -> Result<usize, CoreError> {
    let now = core.now();
    let workspaces = core.db().read(async |tx| workspace::ids(tx).await).await?;
    let mut woken = 0;
    for workspace_id in workspaces {
        loop {
            let due = core
                .db()
                .read(async move |tx| conversation::due(tx, workspace_id, now, BATCH).await)
                .await?;
            for id in &due {
                if wake(core, workspace_id, *id, now).await? {
                    woken += 1;
                }
            }
            if due.len() < BATCH as usize {
                break;
            }
        }
    }
    Ok(woken)
}

async fn wake(
    core: &Core,
    workspace_id: WorkspaceId,
    id: ConversationId,
    now: Timestamp,
) -> Result<bool, CoreError> {
    let ids = core.ids(now);
    let woken = core
        .db()
        .write(async move |tx| wake_in(tx, workspace_id, id, &mut ids.clone(), now).await)
        .await?;
    Ok(woken)
}

async fn wake_in(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    id: ConversationId,
    ids: &mut Ids,
    now: Timestamp,
) -> Result<bool, DbError> {
    let mut log = LogWriter::lock(tx, workspace_id).await?;
    let Some(stored) = conversation::find(tx, workspace_id, id).await? else { return Ok(false) };
    // Somebody may have opened it, or put it aside for longer, since it was found.
    let due = stored.head.state == ConversationState::Snoozed
        && stored.head.snoozed_until.is_some_and(|until| until <= now);
    if !due {
        return Ok(false);
    }
    let mut change = ConversationChange::of(stored);
    change.head.state = ConversationState::Open;
    if !is_planted(Planted::SnoozeTimeKept) {
        change.head.snoozed_until = None;
    }
    change.event(ids, PartType::TimerUnsnooze, server_author(), None, now);
    change.store(tx, &mut log, now).await?;
    if is_planted(Planted::AuditMissing) {
        return Ok(true);
    }
    let event = AuditEvent {
        actor: Actor::Server,
        action: "conversation_wake",
        object_type: "conversation",
        object_id: (!is_planted(Planted::AuditMisplaced)).then(|| id.uuid()),
        result: AuditResult::Done,
        detail: serde_json::Value::Null,
    };
    audit::record(tx, workspace_id, ids, now, event).await?;
    Ok(true)
}
