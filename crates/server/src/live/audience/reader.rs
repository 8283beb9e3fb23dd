//! The one reader of the change log on behalf of everybody.

use std::time::Duration;

use recado_protocol::{LogId, WorkspaceId};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{Audience, SHARES};
use crate::core::Core;
use crate::storage::change_log::{self, Entry};
use crate::storage::{DbError, Tx};

/// How many entries are read at once.
pub(super) const ENTRIES: u32 = 500;
/// How long a stream that nothing concerns waits at most until it hears how far the log is.
const PASSED_OVER: Duration = Duration::from_secs(5);

/// Reads the change log of one workspace and wakes its audience.
pub(crate) struct Reader {
    core: Core,
    workspace_id: WorkspaceId,
    audience: Audience,
    /// What was read up to; `None` before anything was.
    place: Option<(LogId, u64)>,
    /// Whether the log could not be read, and has to be once it can.
    behind: bool,
}

/// What lies after a place.
enum Found {
    /// Entries up to the last of them, and whether there are more.
    Entries { entries: Vec<Entry>, more: bool },
    /// The log does not go on from there. This is where it stands.
    Elsewhere(LogId, u64),
}

impl Reader {
    pub(crate) fn new(core: Core, workspace_id: WorkspaceId, audience: Audience) -> Self {
        Self { core, workspace_id, audience, place: None, behind: false }
    }

    /// Wakes whoever has something to read, until the server stops.
    pub(crate) async fn run(mut self, stopping: CancellationToken) {
        // Cancelled between or within statements; nothing here has to be finished.
        let _ = stopping.run_until_cancelled(self.follow()).await;
    }

    async fn follow(&mut self) {
        let mut changes = self.core.db().changes();
        let mut tick = interval(PASSED_OVER / SHARES);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut share = 0_u32;
        self.look().await;
        loop {
            tokio::select! {
                changed = changes.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.look().await;
                }
                _ = tick.tick() => {
                    share = share.wrapping_add(1);
                    self.audience.wake_passed_over(share);
                    if self.behind {
                        self.look().await;
                    }
                }
            }
        }
    }

    /// Reads on to the end of the log.
    pub(crate) async fn look(&mut self) {
        loop {
            let (workspace_id, place) = (self.workspace_id, self.place);
            let found =
                self.core.db().read(async move |tx| after(tx, workspace_id, place).await).await;
            let was_behind = std::mem::replace(&mut self.behind, found.is_err());
            match found {
                Ok(Found::Entries { entries, more }) => {
                    if let (Some((_, seq)), Some(last)) = (&mut self.place, entries.last()) {
                        *seq = last.seq;
                        self.audience.announce(&entries);
                    }
                    if !more {
                        return;
                    }
                }
                Ok(Found::Elsewhere(log_id, seq)) => {
                    self.place = Some((log_id, seq));
                    self.audience.wake_everybody();
                    return;
                }
                // The entries stay where they are. Waking everybody would only have them all ask a database that is
                // busy or away.
                Err(error) => {
                    if !was_behind {
                        tracing::warn!(%error, "it could not be looked whom a change concerns; looking again");
                    }
                    return;
                }
            }
        }
    }
}

async fn after(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    place: Option<(LogId, u64)>,
) -> Result<Found, DbError> {
    let head = change_log::head(tx, workspace_id).await?;
    match place {
        Some((log_id, seq))
            if log_id == head.log_id && (head.pruned_seq..=head.seq).contains(&seq) =>
        {
            let mut entries = change_log::entries(tx, workspace_id, seq, ENTRIES + 1).await?;
            let more = entries.len() > ENTRIES as usize;
            entries.truncate(ENTRIES as usize);
            Ok(Found::Entries { entries, more })
        }
        _ => Ok(Found::Elsewhere(head.log_id, head.seq)),
    }
}
